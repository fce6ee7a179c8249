"""`audit checkpoint` signs the end of the trail now; `audit keys` prints what others need to check checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from gateway.settings import name_of

if TYPE_CHECKING:
    from gateway.records.audit.checkpoint import Checkpoint


def add_orders(orders: Orders) -> None:
    """Add both orders."""
    says = (
        "sign how long the trail is now, and print that: keep it where nobody who can write to the database can write"
    )
    add_record_keys(add_order(orders, "checkpoint", says, _make))
    says = "print the public keys of checkpoints (Ed25519), with which others can check them and cannot make any"
    add_record_keys(add_order(orders, "keys", says, _tell_keys))


def _make(call: Call) -> int:
    from gateway.records.audit.checkpoint import CheckpointKeys  # noqa: PLC0415 - only where records are asked for
    from gateway.records.audit.checkpoints import Checkpoints, append_to_file  # noqa: PLC0415 - the same
    from gateway.records.audit.event import TERMINAL  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    name = name_of("audit_checkpoint_file")
    file = call.environment.get(name)

    def publish(checkpoint: Checkpoint) -> None:
        call.out.write(f"{checkpoint.word}\n")
        if file:
            append_to_file(checkpoint, Path(file))

    try:
        with records_of(call) as engine:
            made = Checkpoints(engine, chain_of(keys), CheckpointKeys(keys), publish).make(TERMINAL)
    except OrderFailed as failure:
        return call.fail(f"NO checkpoint was made: {failure}")
    except OSError as error:
        return call.fail(f"The checkpoint above is not in {file}: {error.strerror}. Keep it elsewhere.")
    if made is None:
        call.err.write("nothing has happened since the last checkpoint\n")
    return 0


def _tell_keys(call: Call) -> int:
    from gateway.records.audit.checkpoint import CheckpointKeys  # noqa: PLC0415 - only where records are asked for

    for name, public_key in CheckpointKeys(find_record_keys(call)).public_keys.items():
        call.out.write(f"{name} {public_key}\n")
    return 0
