"""`python -m gateway records`: make or upgrade the tables of the records, or say at which step they are."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.database import add_database, find_database
from gateway.errors import RecordsNotReady
from gateway.records.address import masked_address


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Upgrade, or tell."""
    parser = argparse.ArgumentParser(prog="python -m gateway records", description=__doc__)
    orders = parser.add_subparsers(required=True, metavar="ORDER", dest="order")
    says = "go every step that this release needs; gateways of the release before go on meanwhile"
    add_database(orders.add_parser("upgrade", help=says, description=says))
    says = "say whether the tables are those of this release"
    add_database(orders.add_parser("status", help=says, description=says))
    options = parser.parse_args(arguments)
    url = find_database(parser, options, environment)
    return _upgrade(url, out, err) if options.order == "upgrade" else _tell(url, out, err)


def _upgrade(url: str, out: TextIO, err: TextIO) -> int:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only where records are asked for

    from gateway.records.database import open_database  # noqa: PLC0415 - the same
    from gateway.records.schema import current_revision, is_known, upgrade  # noqa: PLC0415 - the same

    place = masked_address(url)
    engine = open_database(url)
    try:
        if not is_known(current_revision(engine)):
            err.write(f"{place} has the tables of a later release; nothing was changed\n")
            return 1
        before, after = upgrade(engine)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        err.write(f"{place} cannot be upgraded: {cause}\n")
        return 1
    finally:
        engine.dispose()
    out.write(f"{place} was at {before}, is at {after}\n" if before != after else f"{place} is at {after} already\n")
    return 0


def _tell(url: str, out: TextIO, err: TextIO) -> int:
    from gateway.records.readiness import DatabaseAway, require_tables  # noqa: PLC0415 - imports SQLAlchemy

    try:
        step = require_tables(url)
    except (RecordsNotReady, DatabaseAway) as error:
        err.write(f"{error}\n")
        return 1
    out.write(f"{masked_address(url)} has the tables of this release ({step})\n")
    return 0
