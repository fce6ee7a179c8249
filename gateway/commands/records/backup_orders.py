"""`records backup`, `restore`, `wipe` and `verify`: copies of everything, in a file that any database can be filled from."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.records.order import (
    Call,
    OrderFailed,
    Orders,
    add_order,
    add_record_keys,
    chain_of,
    find_record_keys,
    records_of,
)
from gateway.records.single_gateway import DatabaseTaken, SingleGateway


def add_orders(orders: Orders) -> None:
    """Add the four orders."""
    says = "copy everything into a new file, as it is at one moment; gateways go on meanwhile"
    backup = add_order(orders, "backup", says, _backup)
    _add_file(backup, "of the copy")
    add_record_keys(backup)
    says = "fill an empty database from a copy, of either kind of database; all of it or nothing"
    restore = add_order(orders, "restore", says, _restore)
    _add_file(restore, "of the copy")
    add_record_keys(restore)
    says = "delete everything, the audit trail too; stop the gateways first"
    wipe = add_order(orders, "wipe", says, _wipe)
    wipe.add_argument("--yes", action="store_true", help="delete; without, it is only said how much there is")
    says = "check that the records hold together, that the audit trail is whole, and that all of a copy is there"
    verify = add_order(orders, "verify", says, _verify)
    verify.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a copy to hold the database against")
    add_record_keys(verify)


def _add_file(parser: argparse.ArgumentParser, says: str) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=says)


def _backup(call: Call) -> int:
    from gateway.records.audit.event import TERMINAL, AuditEvent, AuditKind  # noqa: PLC0415 - only where asked for
    from gateway.records.backup.copying import back_up  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    path = call.options.file
    try:
        with records_of(call) as engine:
            counts = back_up(engine, path)
            event = AuditEvent(
                AuditKind.BACKUP, TERMINAL, None, {f"rows_{name}": count for name, count in counts.items()}
            )
            try:
                with engine.begin() as connection:
                    chain_of(keys).append(connection, [event])
            except BaseException:
                path.unlink(
                    missing_ok=True
                )  # what cannot be noted is not done: no copy that the trail knows nothing of
                raise
    except OrderFailed as failure:
        return call.fail(f"NO copy was made: {failure}")
    except OSError as error:
        return call.fail(f"NO copy was made: {error.filename or path}: {error.strerror}")
    call.out.write(f"{path} holds {_told(counts)}\n")
    return 0


def _restore(call: Call) -> int:
    from gateway.records.audit.event import TERMINAL  # noqa: PLC0415 - only where asked for
    from gateway.records.backup.backup_file import BackupDamaged  # noqa: PLC0415 - the same
    from gateway.records.backup.copying import CopyUnlike, DatabaseNotEmpty, restore  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    path = call.options.file
    try:
        with SingleGateway(call.url), records_of(call) as engine:
            counts = restore(engine, chain_of(keys), path, TERMINAL)
    except BackupDamaged as error:
        return call.fail(f"NOTHING was restored: {path}: {error}")
    except DatabaseNotEmpty as error:
        return call.fail(f"NOTHING was restored: {call.place} is not empty: {error}. `records wipe` empties it")
    except CopyUnlike as error:
        return call.fail(f"NOTHING was restored: the database does not give back what it was given: {error}")
    except (OrderFailed, DatabaseTaken) as failure:
        return call.fail(f"NOTHING was restored: {failure}")
    except OSError as error:
        return call.fail(f"NOTHING was restored: {error.filename or path}: {error.strerror}")
    call.out.write(
        f"{call.place} holds {_told(counts)}, as {path}. Erase again whom you erased since that copy was made\n"
    )
    return 0


def _wipe(call: Call) -> int:
    from gateway.records.backup.copying import count_rows, wipe  # noqa: PLC0415 - only where asked for

    try:
        with SingleGateway(call.url), records_of(call) as engine:
            if not call.options.yes:
                found = _told(count_rows(engine))
                return call.fail(f"{found} would be deleted from {call.place} for good; copy them, and say --yes")
            counts = wipe(engine)
    except (OrderFailed, DatabaseTaken) as failure:
        return call.fail(f"NOTHING was deleted: {failure}")
    call.out.write(f"deleted from {call.place}: {_told(counts)}\n")
    return 0


def _verify(call: Call) -> int:
    from gateway.records.backup.backup_file import BackupDamaged  # noqa: PLC0415 - only where asked for
    from gateway.records.backup.verification import verify_records  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    path = call.options.file
    try:
        with records_of(call) as engine:
            found = verify_records(engine, keys, path)
    except OrderFailed as failure:
        return call.fail(str(failure))
    except BackupDamaged as error:
        return call.fail(f"{path}: {error}")
    except OSError as error:
        return call.fail(f"{error.filename or path}: {error.strerror}")
    if found:
        call.err.writelines(f"{each}\n" for each in found)
        return 1
    beside = f", and all of {path} is there" if path else ""
    call.out.write(f"{call.place} holds together, its audit trail is whole{beside}\n")
    return 0


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {table}" for table, count in counts.items())
