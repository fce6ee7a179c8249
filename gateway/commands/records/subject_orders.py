"""`records export` and `records erase`: everything of one subject, handed out or deleted.

The site's pseudonym comes from standard input, or from `--subject`, which the list of processes shows to others meanwhile. It is
never repeated, not even where it is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys

from gateway.access.secret_keys import SecretKeys
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
from gateway.errors import ParameterInvalid
from gateway.records.subjects.subject import Subject

STANDARD_INPUT = "-"


def add_orders(orders: Orders) -> None:
    """Add both orders."""
    says = "print everything that is kept of one subject, as JSON"
    _add_subject(add_order(orders, "export", says, _export))
    says = "delete the receipts, reviews and outcomes of one subject for good, and keep a receipt of the deletion"
    erase = add_order(orders, "erase", says, _erase)
    _add_subject(erase)
    erase.add_argument("--yes", action="store_true", help="delete; without, it is only said how much there is")


def _add_subject(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--subject",
        default=STANDARD_INPUT,
        metavar="PSEUDONYM",
        help="as the site sent it; - reads it from standard input, which is the default",
    )
    add_record_keys(parser)


def _export(call: Call) -> int:
    from gateway.records.audit.event import TERMINAL  # noqa: PLC0415 - only where records are asked for
    from gateway.records.subjects.export import export_subject  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    subject = _subject(call, keys)
    try:
        with records_of(call) as engine:
            exported = export_subject(engine, chain_of(keys), subject, TERMINAL)
    except OrderFailed as failure:
        return call.fail(f"NOT exported: {failure}")
    json.dump(exported, call.out, indent=1)
    call.out.write("\n")
    call.err.write(f"{len(exported['receipts'])} receipts\n")
    return 0


def _erase(call: Call) -> int:
    from gateway.records.audit.event import TERMINAL  # noqa: PLC0415 - only where records are asked for
    from gateway.records.subjects.erasure import count_receipts, earlier_erasures, erase_subject  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    subject = _subject(call, keys)
    try:
        with records_of(call) as engine:
            if not call.options.yes:
                found = count_receipts(engine, subject)
                earlier = earlier_erasures(engine, subject)
                before = f" It was erased before: {', '.join(earlier)}." if earlier else ""
                return call.fail(f"{found} receipts would be deleted for good; say --yes.{before}")
            erasure = erase_subject(engine, chain_of(keys), subject, TERMINAL)
    except OrderFailed as failure:
        return call.fail(f"NOTHING was deleted: {failure}")
    counts = ", ".join(f"{count} {table}" for table, count in erasure.counts.items())
    call.out.write(f"deleted: {counts}; deletion receipt {erasure.deletion_id}\n")
    return 0


def _subject(call: Call, keys: SecretKeys) -> Subject:
    given = call.options.subject
    pseudonym = sys.stdin.readline().strip() if given == STANDARD_INPUT else given
    try:
        return Subject.of(pseudonym, keys)
    except ParameterInvalid as error:
        call.parser.error(str(error))
