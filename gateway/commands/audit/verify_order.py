"""`audit verify`: is the trail what was written? 0 it is, 1 it is not, 2 the command line is wrong, 3 nobody can say now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.commands.records.order import (
    Call,
    OrderFailed,
    Orders,
    add_order,
    add_record_keys,
    find_record_keys,
    records_of,
)

if TYPE_CHECKING:  # imported only where records are asked for
    from gateway.records.audit.checkpoint import Checkpoint
    from gateway.records.audit.verification import Verification

NOT_VERIFIED: Final = 3


def add_orders(orders: Orders) -> None:
    """Add the order."""
    says = "hold every event against its code, the end, the checkpoints, and checkpoints that were kept elsewhere"
    verify = add_order(orders, "verify", says, _verify)
    verify.epilog = (
        "Exit code: 0 the trail is what was written, 1 it is not, 2 the command line is wrong, 3 nobody can say now."
    )
    add_record_keys(verify)
    verify.add_argument(
        "--checkpoints",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="checkpoints kept outside the database: their file, or a gateway's log; may be given again",
    )
    verify.add_argument("--receipts", action="store_true", help="hold every receipt against its event, too")


def _verify(call: Call) -> int:
    from gateway.records.audit.checkpoint import CheckpointKeys  # noqa: PLC0415 - only where records are asked for
    from gateway.records.audit.macs import AuditKeys  # noqa: PLC0415 - the same
    from gateway.records.audit.verification import verify_trail  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    outside = _read_checkpoints(call)
    try:
        with records_of(call) as engine:
            result = verify_trail(
                engine, AuditKeys(keys), CheckpointKeys(keys), outside, with_receipts=call.options.receipts
            )
    except OrderFailed as failure:
        call.fail(f"NOT verified: {failure}")
        return NOT_VERIFIED
    return _tell(call, result)


def _read_checkpoints(call: Call) -> list[Checkpoint | int]:
    """Of every file; ends the program where one cannot be read or holds none, which a verification must not pass over."""
    from gateway.records.audit.checkpoint import checkpoints_in  # noqa: PLC0415 - only where records are asked for

    found: list[Checkpoint | int] = []
    for path in call.options.checkpoints:
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                before = len(found)
                found += checkpoints_in(lines)
        except OSError as error:
            call.parser.error(f"{os.fspath(path)} cannot be read: {error.strerror}")
        if len(found) == before:
            call.parser.error(f"{os.fspath(path)} holds no checkpoint")
    return found


def _tell(call: Call, result: Verification) -> int:
    out = call.out
    out.write(f"{result.events} events, {result.checkpoints} checkpoints\n")
    if result.deleted_through:
        out.write(f"events up to {result.deleted_through} had their time and were deleted, as the trail says itself\n")
    for name, use in result.keys.items():
        out.write(f"key {name}: {use.count} events, from {use.first} to {use.last}\n")
    if result.receipts is not None:
        out.write(
            f"{result.receipts} receipts are as they were written; {result.receipts_gone} are not there any more\n"
        )
        if result.receipts_before:
            out.write(f"{result.receipts_before} receipts are older than the trail: no event speaks of them\n")
    out.write(_limit(call, result))
    if result.is_whole:
        out.write("The trail is what was written, as far as that can be seen.\n")
        return 0
    for finding in result.findings.kept:
        call.err.write(f"{finding.kind}: {finding.says}\n")
    more = result.findings.total - len(result.findings.kept)
    if more:
        call.err.write(f"and {more} findings more\n")
    call.err.write("The trail is NOT what was written.\n")
    return 1


def _limit(call: Call, result: Verification) -> str:
    """What this verification could not see."""
    if not call.options.checkpoints:
        return (
            "Nothing kept outside the database was given (--checkpoints FILE): if somebody cut off the end of the trail with its "
            "checkpoints, or put an older copy in its place, this does not show it.\n"
        )
    after = result.last - result.outside_reaches
    if after <= 0:
        return f"Checkpoints kept elsewhere ({result.outside}) reach to the last event, {result.last}.\n"
    return (
        f"Checkpoints kept elsewhere ({result.outside}) reach to event {result.outside_reaches} of {result.last}: if events after "
        "that were cut off, this does not show it.\n"
    )
