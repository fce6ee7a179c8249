"""Which database a command is about: the gateway's own setting, or what the command line says in its place."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from gateway.records.address import records_address
from gateway.records.database_tls import CaFileInvalid, DatabaseTls, tls_demand
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


def find_tls(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> DatabaseTls:
    """What the settings say of TLS to the database, also to one of the command line; ends the program where it cannot be."""
    name = name_of("records_tls")
    said, ca_file = environment.get(name), environment.get(name_of("records_ca_file"))
    try:
        tls = DatabaseTls(tls_demand(said) if said is not None else None, Path(ca_file) if ca_file else None)
    except ValueError as error:
        parser.error(f"{name} is {said!r}: {error}")
    try:
        tls.require_ca_file()
    except CaFileInvalid as error:
        parser.error(str(error))
    return tls
