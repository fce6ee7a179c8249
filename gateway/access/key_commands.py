"""`python -m gateway keys`: make, list, rotate and revoke API keys. A key is shown once, when it is made."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.access.key_file import NAME, KeyFileInvalid, KeyRecord, changing_keys, read_keys, time_text
from gateway.access.key_text import KeyText
from gateway.access.scopes import Scope
from gateway.caller import PATIENT_TRAFFIC
from gateway.settings import name_of
from monitoring.metrics import TRAFFIC_CLASSES

DEFAULT_OVERLAP_HOURS: Final = 24
VALID_AT_ONCE: Final = 2
"""Keys of one name: the one in use and the one that replaces it."""


class KeyCommandRefused(Exception):
    """What was asked for cannot be done; the message is for the person at the terminal."""


def run_key_command(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `keys` with the arguments after that word, and return the exit code."""
    options = _parser(environment).parse_args(arguments)
    if options.file is None:
        print(f"Name the file of keys with --file, or set {name_of('api_keys_file')}.", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return os.EX_USAGE
    try:
        if not options.file.parent.is_dir():
            message = f"{options.file.parent} is no folder; make it first, or name another file with --file"
            raise KeyCommandRefused(message)
        options.run(options, datetime.now(UTC))
    except (KeyCommandRefused, KeyFileInvalid, OSError) as error:
        print(_sentence(error, options.file), file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return os.EX_DATAERR
    return os.EX_OK


def add_key(options: argparse.Namespace, now: datetime) -> None:
    """Make the first key of a name."""
    with changing_keys(options.file) as records:
        if any(record.name == options.name and record.is_valid(now) for record in records):
            message = (
                f"{options.name} has a valid key; `keys rotate --name {options.name}` makes the one that replaces it"
            )
            raise KeyCommandRefused(message)
        days = options.expires_days
        expires = None if days is None else now + timedelta(days=days)
        scopes = frozenset(Scope(name) for name in options.scope)
        traffic = tuple(dict.fromkeys(options.traffic or [PATIENT_TRAFFIC]))
        key = KeyText.random()
        records.append(KeyRecord(key.id, options.name, key.sha256, scopes, traffic, now, expires))
    _show(key)


def rotate_key(options: argparse.Namespace, now: datetime) -> None:
    """Make a key that replaces the valid one of a name, which goes on for a while."""
    with changing_keys(options.file) as records:
        valid = [
            number for number, record in enumerate(records) if record.name == options.name and record.is_valid(now)
        ]
        if not valid:
            message = f"{options.name} has no valid key to replace; `keys add` makes one"
            raise KeyCommandRefused(message)
        if len(valid) >= VALID_AT_ONCE:
            ids = " or ".join(records[number].id for number in valid)
            message = f"{options.name} has {len(valid)} valid keys already; revoke {ids} first"
            raise KeyCommandRefused(message)
        old = records[valid[0]]
        end = now + timedelta(hours=options.overlap_hours)
        records[valid[0]] = dataclasses.replace(old, expires=end if old.expires is None else min(end, old.expires))
        key = KeyText.random()
        # A key that was made for a time is replaced by one for as long, and not by one for ever.
        expires = None if old.expires is None else now + (old.expires - old.created)
        records.append(KeyRecord(key.id, old.name, key.sha256, old.scopes, old.traffic, now, expires))
    _show(key)
    print(f"The old key, {old.id}, is taken until {time_text(records[valid[0]].expires)}.", file=sys.stderr)  # noqa: T201 - for the person at the terminal


def revoke_key(options: argparse.Namespace, now: datetime) -> None:
    """Refuse a key from now on."""
    with changing_keys(options.file) as records:
        found = [number for number, record in enumerate(records) if record.id == options.id]
        if not found:
            message = f"no key has the id {options.id}; `keys list` shows them"
            raise KeyCommandRefused(message)
        (number,) = found
        record = records[number]
        if record.revoked is None:
            records[number] = dataclasses.replace(record, revoked=now)
    said = "revoked from now on" if record.revoked is None else "was revoked already"
    print(f"{said}: {record.name} ({record.id})")  # noqa: T201 - for the person at the terminal


def list_keys(options: argparse.Namespace, now: datetime) -> None:
    """Show every key without its secret."""
    for record in read_keys(options.file):
        state = "revoked" if record.revoked else "expired" if record.is_expired(now) else "valid"
        fields = (
            record.id,
            record.name,
            state,
            ",".join(sorted(record.scopes)),
            ",".join(record.traffic),
            f"created {time_text(record.created)}",
            f"expires {time_text(record.expires) or 'never'}",
        )
        print("  ".join(fields))  # noqa: T201 - for the person at the terminal


def _sentence(error: Exception, file: Path) -> str:
    if isinstance(error, OSError):  # it may name the lock or the temporary file beside the one that was asked for
        return f"{file} cannot be read or written: {error.strerror or error}"
    return f"{file}: {error}" if isinstance(error, KeyFileInvalid) else str(error)


def _show(key: KeyText) -> None:
    print(key.text)  # noqa: T201 - the one time that it is shown
    print(f"Key {key.id}. It is shown this once: only its hash is kept.", file=sys.stderr)  # noqa: T201 - for the person at the terminal


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway keys", description=__doc__)
    default = environment.get(name_of("api_keys_file"))
    parser.add_argument(
        "--file", type=Path, default=Path(default) if default else None, help=f"default: {name_of('api_keys_file')}"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("add", help="make a key")
    add.add_argument("--name", type=_name, required=True, help="whose key it is: letters, digits, '.', '_', '-'")
    add.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        help="several times for several",
    )
    add.add_argument(
        "--traffic",
        action="append",
        choices=TRAFFIC_CLASSES,
        help="class of its traffic, patient if not said; several times for several, the first holds without a choice",
    )
    add.add_argument("--expires-days", type=_positive, help="days until it is refused; never if not said")
    add.set_defaults(run=add_key)

    rotate = commands.add_parser("rotate", help="make the key that replaces a valid one")
    rotate.add_argument("--name", type=_name, required=True)
    rotate.add_argument(
        "--overlap-hours", type=_positive, default=DEFAULT_OVERLAP_HOURS, help="the old key goes on so long"
    )
    rotate.set_defaults(run=rotate_key)

    revoke = commands.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("id", help="as `keys list` shows it; the 12 characters after sym_")
    revoke.set_defaults(run=revoke_key)

    commands.add_parser("list", help="show every key without its secret").set_defaults(run=list_keys)
    return parser


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        message = "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or a digit"
        raise argparse.ArgumentTypeError(message)
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3650:
        message = "must be a whole number from 1 to 3650"
        raise argparse.ArgumentTypeError(message)
    return int(text)
