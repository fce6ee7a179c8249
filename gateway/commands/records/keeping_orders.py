"""`records expire`: delete what has had its time, as the gateways do by themselves every hour."""

from __future__ import annotations

import argparse
import time

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

DAYS = ("keep_receipts_days", "keep_audit_days")


def add_orders(orders: Orders) -> None:
    """Add the order."""
    says = "delete what has had its time, and keep a receipt of the deletion; gateways do it by themselves every hour"
    expire = add_order(orders, "expire", says, _expire)
    for field in DAYS:
        option = "--" + field.replace("_", "-")
        expire.add_argument(
            option, type=_days, metavar="DAYS", help=f"0 is without end (default: {name_of(field)}, or 0)"
        )
    add_record_keys(expire)


def _expire(call: Call) -> int:
    from gateway.records.audit.event import TERMINAL  # noqa: PLC0415 - only where records are asked for
    from gateway.records.retention.expiry import Expiry  # noqa: PLC0415 - the same
    from gateway.records.retention.policy import RetentionPolicy  # noqa: PLC0415 - the same

    receipt_days, audit_days = (_days_of(call, field) for field in DAYS)
    if audit_days and not 0 < receipt_days <= audit_days:
        call.parser.error("the audit trail must be kept no shorter than receipts")
    keys = find_record_keys(call)
    try:
        with records_of(call) as engine:
            policy = RetentionPolicy(receipt_days, audit_days)
            deleted = Expiry(engine, chain_of(keys), policy, TERMINAL).run(time.time_ns() // 1000)
    except OrderFailed as failure:
        return call.fail(f"NOT all was deleted: {failure}")
    if deleted is None:
        return call.fail("Another gateway or command deletes at this moment; nothing was done here")
    counts = ", ".join(f"{count} {table}" for table, count in sorted(deleted.items()) if count)
    call.out.write(f"deleted: {counts or 'nothing, all of it has its time still'}\n")
    return 0


def _days_of(call: Call, field: str) -> int:
    given = getattr(call.options, field)
    if given is not None:
        return int(given)
    text = call.environment.get(name_of(field), "0")
    if not text.isdecimal():
        call.parser.error(f"{name_of(field)} is {text!r}: must be a whole number of days")
    return int(text)


def _days(text: str) -> int:
    if not text.isdecimal():
        message = f"{text!r} is no whole number of days"
        raise argparse.ArgumentTypeError(message)
    return int(text)
