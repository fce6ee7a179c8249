"""`python -m gateway audit`: who did and saw what, and whether that is still what was written."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.audit import checkpoint_orders, list_order, verify_order
from gateway.commands.database import find_database, find_tls
from gateway.commands.records.order import Call


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Do one order, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gateway audit", description=__doc__)
    orders = parser.add_subparsers(required=True, metavar="ORDER", dest="order")
    for module in (verify_order, list_order, checkpoint_orders):
        module.add_orders(orders)
    options = parser.parse_args(arguments)
    url = find_database(parser, options, environment)
    result: int = options.do(Call(parser, options, environment, url, find_tls(parser, environment), out, err))
    return result
