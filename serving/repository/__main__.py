"""`python -m serving.repository`: look at a repository, check it, pin a version.

Exit codes: 0 done; 1 something is damaged or missing (the sentence on stderr names it); 2 the command line is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from serving.contract.model import MODEL_NAME
from serving.repository.errors import NothingPinned, RepositoryError, VersionDamaged, VersionMissing
from serving.repository.repository import ModelRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

REPOSITORY_VARIABLE = "SYMMETRA_MODEL_REPOSITORY"
LATEST = "latest"
"""The highest published number. For people and for `make demo`: production names a number."""


def main(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run one command and return the exit code.

    Args:
        arguments: What followed the program's name.
        environment: Where SYMMETRA_MODEL_REPOSITORY may name the repository.
        out: Where answers go.
        err: Where the sentence about a failure goes.
    """
    options = _parser(environment).parse_args(arguments)
    command: Callable[[ModelRepository, argparse.Namespace, TextIO], int] = options.command
    try:
        return command(ModelRepository(options.repository, options.model), options, out)
    except RepositoryError as error:
        err.write(f"{error}\n")
    except OSError as error:
        err.write(f"The repository at {options.repository} cannot be used: {error}\n")
    return 1


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.repository", description="Model versions: list, verify, pin, history, clean."
    )
    named = environment.get(REPOSITORY_VARIABLE)
    parser.add_argument(
        "--repository",
        "--root",
        type=Path,
        default=named,
        required=named is None,
        help=f"folder of all models (default: ${REPOSITORY_VARIABLE})",
    )
    parser.add_argument("--model", default=MODEL_NAME, help=f"name of the model (default: {MODEL_NAME})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, help_text in (
        ("list", _list, "every version with its state, whether it is approved, and its digest"),
        ("verify", _verify, "compare every file with the manifest"),
        ("pin", _pin, "show the pinned version, or pin an approved one after verifying it"),
        ("history", _history, "what was published, approved, refused and pinned: when, by whom, why"),
        ("clean", _clean, "remove what publishers that died left behind"),
    ):
        sub = commands.add_parser(name, help=help_text, description=help_text)
        sub.set_defaults(command=command)
        if name == "verify":
            sub.add_argument("versions", nargs="*", type=int, metavar="N", help="versions (default: all)")
        if name == "pin":
            sub.add_argument(
                "version",
                nargs="?",
                type=_version_or_latest,
                metavar="N",
                help="version to pin, or 'latest' (default: show the pin)",
            )
    return parser


def _version_or_latest(text: str) -> int | str:
    if text == LATEST:
        return text
    if not text.isdecimal():
        message = f"{text!r} is neither a version number nor '{LATEST}'"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _list(repository: ModelRepository, _options: argparse.Namespace, out: TextIO) -> int:
    entries = repository.list()
    if not entries:
        out.write(f"{repository.model_name} has no versions yet.\n")
    out.writelines(
        f"{entry.version:>6}  {entry.state:<14} {entry.approval:<14} {entry.digest or '-'}\n" for entry in entries
    )
    # A pin that cannot be read must not hide the versions; it is reported after them.
    with suppress(NothingPinned):
        repository.pin()
    return 0


def _verify(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    versions = options.versions or repository.versions()
    if not versions:
        out.write(f"{repository.model_name} has no versions yet.\n")
    damaged = False
    for version in versions:
        try:
            out.write(f"{version:>6}  good  {repository.verify(version)}\n")
        except VersionDamaged as error:
            damaged = True
            out.write(f"{version:>6}  DAMAGED  {error}\n")
    return int(damaged)


def _pin(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    if options.version is None:
        pin = repository.pin()
    else:
        pin = repository.set_pin(_latest(repository) if options.version == LATEST else options.version)
    out.write(f"{pin.model} version {pin.version} is pinned, evidence: {pin.contract.evidence}, digest {pin.digest}\n")
    return 0


def _latest(repository: ModelRepository) -> int:
    versions = repository.versions()
    if not versions:
        message = f"{repository.model_name} has no versions yet."
        raise VersionMissing(message)
    return max(versions)


def _history(repository: ModelRepository, _options: argparse.Namespace, out: TextIO) -> int:
    records = repository.history()
    if not records:
        out.write(f"{repository.model_name} has no history yet.\n")
    for record in records:
        late = "  (recorded late)" if record.recovered else ""
        decided = f"  by {_one_line(record.by)}: {_one_line(record.why)}" if record.by else ""
        out.write(f"{record.at}  {record.action:<8} {record.number:>6}  {record.digest or '-'}{decided}{late}\n")
    return 0


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _clean(repository: ModelRepository, _options: argparse.Namespace, out: TextIO) -> int:
    removed = repository.remove_abandoned()
    out.write(f"removed: {', '.join(f'tmp-{number}' for number in removed) or 'nothing'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, sys.stdout, sys.stderr))
