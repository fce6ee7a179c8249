"""`python -m gateway records`: the database of the records. Orders for its tables, for what is kept and of whom, for copies."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.database import find_database, find_tls
from gateway.commands.records import backup_orders, keeping_orders, schema_orders, subject_orders
from gateway.commands.records.order import Call


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Do one order, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gateway records", description=__doc__)
    orders = parser.add_subparsers(required=True, metavar="ORDER", dest="order")
    for module in (schema_orders, keeping_orders, subject_orders, backup_orders):
        module.add_orders(orders)
    options = parser.parse_args(arguments)
    url = find_database(parser, options, environment)
    result: int = options.do(Call(parser, options, environment, url, find_tls(parser, environment), out, err))
    return result
