"""`records upgrade`, `downgrade` and `status`: make or upgrade the tables, go back a step, or say at which step they are."""

from __future__ import annotations

from gateway.commands.records.order import Call, Orders, add_order
from gateway.errors import RecordsNotReady


def add_orders(orders: Orders) -> None:
    """Add the three orders."""
    says = "go every step that this release needs; gateways of the release before go on meanwhile"
    add_order(orders, "upgrade", says, _upgrade)
    add_order(orders, "status", "say whether the tables are those of this release", _tell)
    says = "go back to a step of an earlier release, which LOSES what later steps added; from the first step back, every receipt"
    downgrade = add_order(orders, "downgrade", says, _downgrade)
    downgrade.add_argument("--to", required=True, metavar="STEP", help="such as 0001; none is before the first")
    downgrade.add_argument("--yes", action="store_true", help="go; without, it is only said what would be lost")


def _upgrade(call: Call) -> int:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only where records are asked for

    from gateway.records.database import PATIENT_SECONDS, open_database  # noqa: PLC0415 - the same
    from gateway.records.schema import current_revision, is_known, upgrade  # noqa: PLC0415 - the same

    place, engine = call.place, open_database(call.url, PATIENT_SECONDS, call.tls)
    try:
        if not is_known(current_revision(engine)):
            call.err.write(f"{place} has the tables of a later release; nothing was changed\n")
            return 1
        before, after = upgrade(engine)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        call.err.write(f"{place} cannot be upgraded: {cause}\n")
        return 1
    finally:
        engine.dispose()
    call.out.write(
        f"{place} was at {before}, is at {after}\n" if before != after else f"{place} is at {after} already\n"
    )
    return 0


def _downgrade(call: Call) -> int:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only where records are asked for

    from gateway.records.database import PATIENT_SECONDS, open_database  # noqa: PLC0415 - the same
    from gateway.records.schema import current_revision, downgrade, lies_before  # noqa: PLC0415 - the same

    place, engine, step = call.place, open_database(call.url, PATIENT_SECONDS, call.tls), call.options.to
    try:
        before = current_revision(engine)
        if not lies_before(step, before):
            call.err.write(f"{place} is at {before}: this release knows no way back from there to {step}\n")
            return 1
        if not call.options.yes:
            call.err.write(
                f"{place} is at {before}. Going back to {step} loses what the steps after it added, for good; to none, every "
                "receipt. Stop the gateways, copy the database, and say --yes.\n"
            )
            return 1
        downgrade(engine, step)
    except DBAPIError as error:
        call.err.write(f"{place} cannot be downgraded: {error.orig}\n")
        return 1
    finally:
        engine.dispose()
    call.out.write(f"{place} was at {before}, is at {step}\n")
    return 0


def _tell(call: Call) -> int:
    from gateway.records.readiness import DatabaseAway, require_tables  # noqa: PLC0415 - imports SQLAlchemy

    try:
        step = require_tables(call.url, call.tls)
    except (RecordsNotReady, DatabaseAway) as error:
        call.err.write(f"{error}\n")
        return 1
    call.out.write(f"{call.place} has the tables of this release ({step})\n")
    return 0
