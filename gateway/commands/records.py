"""`python -m gateway records`: make or upgrade the tables of the records, go back a step, or say at which step they are."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.database import add_database, find_database
from gateway.errors import RecordsNotReady
from gateway.records.address import masked_address


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Upgrade, downgrade, or tell."""
    parser = argparse.ArgumentParser(prog="python -m gateway records", description=__doc__)
    orders = parser.add_subparsers(required=True, metavar="ORDER", dest="order")
    says = "go every step that this release needs; gateways of the release before go on meanwhile"
    add_database(orders.add_parser("upgrade", help=says, description=says))
    says = "say whether the tables are those of this release"
    add_database(orders.add_parser("status", help=says, description=says))
    says = "go back to a step of an earlier release, which LOSES what later steps added; from the first step back, every receipt"
    downgrade = orders.add_parser("downgrade", help=says, description=says)
    downgrade.add_argument("--to", required=True, metavar="STEP", help="such as 0001; none is before the first")
    downgrade.add_argument("--yes", action="store_true", help="go; without, it is only said what would be lost")
    add_database(downgrade)
    options = parser.parse_args(arguments)
    url = find_database(parser, options, environment)
    if options.order == "downgrade":
        return _downgrade(url, options.to, out, err, is_meant=options.yes)
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


def _downgrade(url: str, step: str, out: TextIO, err: TextIO, *, is_meant: bool) -> int:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only where records are asked for

    from gateway.records.database import open_database  # noqa: PLC0415 - the same
    from gateway.records.schema import current_revision, downgrade, lies_before  # noqa: PLC0415 - the same

    place = masked_address(url)
    engine = open_database(url)
    try:
        before = current_revision(engine)
        if not lies_before(step, before):
            err.write(f"{place} is at {before}: this release knows no way back from there to {step}\n")
            return 1
        if not is_meant:
            err.write(
                f"{place} is at {before}. Going back to {step} loses what the steps after it added, for good; to none, every "
                "receipt. Stop the gateways, copy the database, and say --yes.\n"
            )
            return 1
        downgrade(engine, step)
    except DBAPIError as error:
        err.write(f"{place} cannot be downgraded: {error.orig}\n")
        return 1
    finally:
        engine.dispose()
    out.write(f"{place} was at {before}, is at {step}\n")
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
