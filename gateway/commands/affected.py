"""`python -m gateway affected`: every answer that was given in a time, oldest first, so that a site can recall them.

The time begins with --from, included, and ends with --to, excluded: two lists that meet share no answer and miss none. Moments
are those at which a gateway finished an answer, by its clock.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TextIO

from gateway.commands.database import add_database, find_database, find_tls
from gateway.commands.moment import HELP, moment
from gateway.commands.records.order import Call, OrderFailed, add_record_keys, chain_of, find_record_keys, records_of
from gateway.records.receipt import Receipt, microseconds_of

COLUMNS: Final = (
    "id", "answered_at", "model_name", "model_version", "model_digest", "policy_number", "severity_ppm", "p_no_depression",
    "band", "traffic", "caller", "subject_digest", "photo_digest",
)  # fmt: skip


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Print the list; a broken one ends with exit code 1 and a sentence."""
    parser = _parser()
    options = parser.parse_args(arguments)
    begin, end = microseconds_of(options.begin), microseconds_of(options.end)
    if begin >= end:
        parser.error("--to must be after --from")
    url, tls = find_database(parser, options, environment), find_tls(parser, environment)
    call = Call(parser, options, environment, url, tls, out, err)
    from gateway.records.audit.event import TERMINAL, AuditEvent, AuditKind  # noqa: PLC0415 - only where records are asked for
    from gateway.records.store import ReceiptStore  # noqa: PLC0415 - the same

    keys = find_record_keys(call)
    limits = {"from_us": begin, "to_us": end, "model_version": options.version}
    write = _write_json if options.format == "jsonl" else _write_csv
    try:
        with records_of(call) as engine:
            with engine.begin() as connection:  # first: no record is shown without an event
                chain_of(keys).append(connection, [AuditEvent(AuditKind.RECORDS_READ, TERMINAL, None, limits)])
            count = write(ReceiptStore(engine).between(begin, end, options.version), out)
    except OrderFailed as failure:
        return call.fail(f"The list is not complete: {failure}")
    err.write(f"{count} answers\n")
    return 0


def _write_csv(receipts: Iterator[Receipt], out: TextIO) -> int:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, receipt in enumerate(receipts, start=1):  # noqa: B007 - the last one is the answer
        writer.writerow([_safe(getattr(receipt, name)) for name in COLUMNS])
    return count


def _write_json(receipts: Iterator[Receipt], out: TextIO) -> int:
    count = 0
    for count, receipt in enumerate(receipts, start=1):  # noqa: B007 - the same
        out.write(json.dumps({name: getattr(receipt, name) for name in COLUMNS}) + "\n")
    return count


def _safe(value: object) -> object:
    """A text that a spreadsheet would run as a formula is kept from it: names of callers are a site's own."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway affected", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="begin", type=moment, required=True, metavar="TIME", help=HELP)
    parser.add_argument("--to", dest="end", type=moment, required=True, metavar="TIME", help="the same")
    parser.add_argument("--version", type=int, metavar="N", help="answers of this version only")
    parser.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="one line per answer, as this")
    add_database(parser)
    add_record_keys(parser)
    return parser
