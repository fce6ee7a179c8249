"""Adding a revision once: what every write of a review or an outcome has in common.

A write is one transaction: read what is there, add a row with the next number and an audit event. Nothing locks what was read:
where another gateway adds the same revision first, the database's unique constraints refuse this one, and it begins anew with
what is there now. A gateway that is killed leaves all of it or nothing, and whoever repeats the request meets their own row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.errors import RecordsUnavailable, ScreeningUnknown
from gateway.records.store import sql_state
from gateway.records.tables import RECEIPTS

T = TypeVar("T")

Names: TypeAlias = tuple[str, ...]
"""Every name under which one caller may stand in rows (`gateway.records.kept_names`): the first is written, all are found."""

ATTEMPTS: Final = 16
"""Each is lost to a row that somebody else wrote, so a handful is enough even where many write at once."""


AGAIN: Final = ("23503", "40P01")
"""PostgreSQL's codes of a broken foreign key and of a deadlock."""


@dataclass(frozen=True, slots=True)
class Once:
    """Which requests of one caller are meant to be one.

    Attributes:
        digests: Keyed digests of the caller's Idempotency-Key: the first is kept, the others may be found in older rows. Empty
            where no key came.
    """

    digests: tuple[str, ...] = ()

    @property
    def kept(self) -> str | None:
        """What a new row keeps."""
        return self.digests[0] if self.digests else None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a write must know of the answer.

    Attributes:
        band: None where the policy declined to give one.
        traffic: Class of the traffic that asked for it.
        caller: Who asked, as receipts name callers.
        content: The receipt's further members, as JSON.
        answered_at_us: When it was given.
    """

    band: str | None
    traffic: str
    caller: str
    content: str
    answered_at_us: int


def reviewed(connection: Connection, receipt_id: str) -> Reviewed:
    """The answer with this id.

    Raises:
        ScreeningUnknown: there is none.
    """
    columns = RECEIPTS.c
    query = select(columns.band, columns.traffic, columns.caller, columns.content, columns.answered_at_us)
    row = connection.execute(query.where(columns.id == receipt_id)).one_or_none()
    if row is None:
        raise ScreeningUnknown
    return Reviewed(*row)


def in_one_transaction(engine: Engine, attempt: Callable[[Connection], T]) -> T:
    """What `attempt` returns, when its transaction is on the disk.

    Raises:
        RecordsUnavailable: others were faster every time.
    """
    for _ in range(ATTEMPTS):
        try:
            with engine.begin() as connection:
                return attempt(connection)
        except IntegrityError:
            continue
        except DBAPIError as error:
            # pg8000 names only a broken unique constraint so; the answer went meanwhile, or two waited for each other.
            if sql_state(error) not in AGAIN:
                raise
    raise RecordsUnavailable


def newest(rows: Sequence[T]) -> T | None:
    """The last revision of an ordered list; None where there is none."""
    return rows[-1] if rows else None
