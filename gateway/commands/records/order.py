"""What the orders of `records` share: what was asked for, and the database opened for the time of an order."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from gateway.access.secret_keys import SecretKeys, SecretKeysInvalid
from gateway.commands.database import add_database
from gateway.errors import RecordsNotReady
from gateway.records.address import masked_address
from gateway.records.database_tls import DatabaseTls
from gateway.records.record_keys import MAX_KEYS
from gateway.settings import name_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gateway.records.audit.chain import AuditChain


class Orders(Protocol):
    """What `add_subparsers` returns: argparse has no public name for it."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse's own
        """Add an order."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One order as it was given.

    Attributes:
        parser: Ends the program where the command line is wrong.
        options: The command line.
        environment: Where the settings are.
        url: Of the database.
        tls: What it is asked for.
        out: Where answers go.
        err: Where the sentence about a failure goes.
    """

    parser: argparse.ArgumentParser
    options: argparse.Namespace
    environment: Mapping[str, str]
    url: str
    tls: DatabaseTls
    out: TextIO
    err: TextIO

    @property
    def place(self) -> str:
        """The database, without its password."""
        return masked_address(self.url)

    def fail(self, sentence: str) -> int:
        """Say why it was not done."""
        self.err.write(f"{sentence}\n")
        return 1


def add_order(orders: Orders, name: str, says: str, do: Callable[[Call], int]) -> argparse.ArgumentParser:
    """Add an order about the database, with what does it."""
    parser = orders.add_parser(name, help=says, description=says)
    add_database(parser)
    parser.set_defaults(do=do)
    return parser


def add_record_keys(parser: argparse.ArgumentParser) -> None:
    """Add `--record-key-file`, for orders that find or note something."""
    parser.add_argument(
        "--record-key-file",
        type=Path,
        metavar="FILE",
        help=f"file with the secret of the records (default: {name_of('record_key_file')})",
    )


def find_record_keys(call: Call) -> SecretKeys:
    """The secret of the records; ends the program where there is none."""
    name = name_of("record_key_file")
    path = call.options.record_key_file or call.environment.get(name)
    if not path:
        call.parser.error(f"say where the secret of the records is: --record-key-file FILE, or {name}")
    try:
        return SecretKeys.read(Path(path), most=MAX_KEYS)
    except OSError as error:
        call.parser.error(f"{path} cannot be read: {error.strerror}")
    except SecretKeysInvalid as error:
        call.parser.error(f"{path} {error}")


def chain_of(keys: SecretKeys) -> AuditChain:
    """What notes in the audit trail."""
    from gateway.records.audit.chain import AuditChain  # noqa: PLC0415 - SQLAlchemy, only where records are asked for

    return AuditChain(keys)


class OrderFailed(Exception):
    """The database could not be used; the message says why, without a password and without a row."""


@contextmanager
def records_of(call: Call) -> Iterator[Engine]:
    """The database, which has the tables of this release.

    Raises:
        OrderFailed: it has not, or it cannot be used.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - only where records are asked for

    from gateway.records.database import PATIENT_SECONDS, open_database  # noqa: PLC0415 - the same
    from gateway.records.readiness import DatabaseAway, require_tables  # noqa: PLC0415 - the same

    try:
        require_tables(call.url, call.tls)
    except (RecordsNotReady, DatabaseAway) as error:
        raise OrderFailed(str(error)) from None
    engine = open_database(call.url, PATIENT_SECONDS, call.tls)
    try:
        yield engine
    except SQLAlchemyError as error:
        # The class alone: a driver's words repeat the row.
        message = f"{call.place} failed: {type(getattr(error, 'orig', None) or error).__name__}"
        raise OrderFailed(message) from None
    finally:
        engine.dispose()
