"""`audit list`: the events about one answer, or of a time, oldest first."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gateway.commands.moment import HELP, moment
from gateway.commands.records.order import Call, OrderFailed, Orders, add_order, records_of
from gateway.records.receipt import iso_of, microseconds_of

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row


def add_orders(orders: Orders) -> None:
    """Add the order."""
    says = "list the events about one answer, or of a time; --from is included, --to is not"
    order = add_order(orders, "list", says, _list)
    order.add_argument("--receipt", metavar="ID", help="of the answer with this id")
    order.add_argument("--from", dest="begin", type=moment, metavar="TIME", help=HELP)
    order.add_argument("--to", dest="end", type=moment, metavar="TIME", help="the same")
    order.add_argument("--format", choices=("text", "jsonl"), default="text", help="one line per event, as this")


def _list(call: Call) -> int:
    options = call.options
    is_of_time = options.begin is not None and options.end is not None
    if (options.receipt is None) != is_of_time or (options.receipt and (options.begin or options.end)):
        call.parser.error("say --receipt ID, or --from TIME and --to TIME")
    if is_of_time and options.begin >= options.end:
        call.parser.error("--to must be after --from")
    count = 0
    try:
        with records_of(call) as engine:
            write = _json if options.format == "jsonl" else _text
            for row in _events(call, engine):
                call.out.write(write(row) + "\n")
                count += 1
    except OrderFailed as failure:
        return call.fail(f"The list is not complete: {failure}")
    call.err.write(f"{count} events\n")
    return 0


def _events(call: Call, engine: Engine) -> Iterator[Row[Any]]:
    from gateway.records.audit.listing import events_between, events_of_receipt  # noqa: PLC0415 - only where records are asked for

    options = call.options
    if options.receipt is None:
        return events_between(engine, microseconds_of(options.begin), microseconds_of(options.end))
    try:
        return events_of_receipt(engine, str(uuid.UUID(options.receipt)))
    except ValueError:
        call.parser.error("the id of an answer looks like 123e4567-e89b-42d3-a456-426614174000")


def _json(row: Row[Any]) -> str:
    members = {name: getattr(row, name) for name in ("sequence", "kind", "actor", "receipt_id")}
    return json.dumps(members | {"at": _moment(row), "details": _details(row)})


def _text(row: Row[Any]) -> str:
    details = " ".join(f"{name}={value}" for name, value in _details(row).items())
    line = f"{row.sequence}  {_moment(row)}  {row.kind:<12}  {row.actor}  {row.receipt_id or '-'}  {details}".rstrip()
    # Whoever can write to the database must not be able to write to the terminal.
    return line if line.isprintable() else ascii(line)


def _moment(row: Row[Any]) -> str:
    try:
        return iso_of(row.at_us)
    except (OverflowError, ValueError):
        return str(row.at_us)  # somebody changed it: `verify` says so


def _details(row: Row[Any]) -> dict[str, Any]:
    try:
        details = json.loads(row.details)
    except ValueError:
        details = None
    return details if isinstance(details, dict) else {"unreadable": row.details}  # the same
