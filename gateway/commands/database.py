"""Which database a command is about: the gateway's own setting, or what the command line says in its place."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from gateway.records.address import records_address
from gateway.settings import name_of


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add `--url`."""
    parser.add_argument(
        "--url",
        metavar="URL",
        help=f"database of the receipts (default: {name_of('records_url')}, where a password does not show in the list of processes)",
    )


def find_database(parser: argparse.ArgumentParser, options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """The database that the command line or the setting names; ends the program where neither names one."""
    name = name_of("records_url")
    url = options.url or environment.get(name)
    if not url:
        parser.error(f"say where the records are: --url URL, or {name}")
    try:
        return records_address(url)
    except ValueError as error:
        parser.error(f"the database {error}")
