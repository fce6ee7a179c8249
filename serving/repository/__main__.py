"""`python -m serving.repository`: what is there, what is live, and making it so.

Exit codes: 0 done; 1 it did not happen, or something is damaged or missing (the sentence on stderr says what); 2 the command
line is wrong; 75 another command is at work in this repository: try again later.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from serving.contract.model import MODEL_NAME
from serving.repository import commands, promotion_commands
from serving.repository.errors import PromotionRunning, RepositoryError
from serving.repository.repository import ModelRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

REPOSITORY_VARIABLE: Final = "SYMMETRA_MODEL_REPOSITORY"
SERVER_VARIABLE: Final = "SYMMETRA_MODEL_SERVER"
"""The gateway's own settings: on its machine nothing has to be said twice."""
DEFAULT_SERVER: Final = "127.0.0.1:8500"
TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h."""
INTERRUPTED: Final = 130


def main(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Run one command and return the exit code.

    Args:
        arguments: What followed the program's name.
        environment: Where SYMMETRA_MODEL_REPOSITORY and SYMMETRA_MODEL_SERVER may name the repository and the servers.
        out: Where answers go.
        err: Where the sentence about a failure goes.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    root = options.repository or environment.get(REPOSITORY_VARIABLE)
    if not root:
        parser.error(f"say where the repository is: --repository ROOT, or {REPOSITORY_VARIABLE}")
    if "server" in options and not options.server:
        options.server = [environment.get(SERVER_VARIABLE) or DEFAULT_SERVER]
    if "by" in options and not options.by.strip():
        options.by = getpass.getuser()
    command: Callable[[ModelRepository, argparse.Namespace, TextIO], int] = options.command
    try:
        return command(ModelRepository(root, options.model), options, out)
    except PromotionRunning as error:
        err.write(f"{error}\n")
        return TRY_AGAIN
    except RepositoryError as error:
        err.write(f"{error}\n")
    except OSError as error:
        err.write(f"The repository at {root} cannot be used: {error}\n")
    except KeyboardInterrupt:
        err.write("Interrupted. The same command again goes on from here.\n")
        return INTERRUPTED
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.repository",
        description="Model versions: publish, check, make live, roll back, look back, clean up.",
    )
    _add_place(parser, {"repository": None, "model": MODEL_NAME})
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: object, text: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        # Where something was given before the command, it must not be forgotten for want of it after.
        _add_place(sub, {"repository": argparse.SUPPRESS, "model": argparse.SUPPRESS})
        return sub

    add("list", commands.list_versions, "every version with its state, whether it is approved, and its digest")
    sub = add("verify", commands.verify, "compare every file with the manifest")
    sub.add_argument("versions", nargs="*", type=int, metavar="N", help="versions (default: all)")
    sub = add("publish", commands.publish, "copy a version directory into the repository, whole or not at all")
    sub.add_argument(
        "directory", type=commands.existing_folder, metavar="DIR", help="holds saved_model.pb and contract"
    )
    sub.add_argument(
        "--approval", type=Path, metavar="FILE", help="the approval that came with it, to take over like `adopt`"
    )
    sub = add(
        "adopt",
        commands.adopt_approval,
        "take over the approval that came with a published version, for that content only",
    )
    sub.add_argument("file", type=Path, metavar="FILE", help="approvals/N.json of the repository that it comes from")
    sub = add(
        "init", promotion_commands.init, "write models.config where there is none, so that model servers can start"
    )
    _add_served_from(sub)
    sub = add("promote", promotion_commands.promote, "load a version beside the live one, check it, make it live")
    sub.add_argument(
        "version", type=commands.version_or_latest, metavar="N", help=f"version number, or '{commands.LATEST}'"
    )
    _add_promotion(sub)
    sub = add("rollback", promotion_commands.rollback, "make the version live that was live before, the same way")
    sub.add_argument("--to", type=int, metavar="N", help="go back to this version instead")
    _add_promotion(sub)
    sub = add("pin", commands.pin_version, "show the pin; or pin a version where no models.config says what is served")
    sub.add_argument(
        "version",
        nargs="?",
        type=commands.version_or_latest,
        metavar="N",
        help=f"version to pin, or '{commands.LATEST}' (default: show the pin)",
    )
    sub = add("history", commands.history, "what was published, approved, made live and removed: when, by whom, why")
    sub.add_argument("--json", action="store_true", help="one JSON object per line, with what every server answered")
    sub = add("live-at", commands.live_at, "which version was live at a moment")
    sub.add_argument("time", type=commands.moment, metavar="TIME", help="ISO 8601 with time zone")
    sub = add("collect", commands.collect_versions, "remove old versions; says which, and does it with --yes")
    sub.add_argument("--keep", type=_whole_number, default=5, metavar="K", help="newest versions to keep (default 5)")
    sub.add_argument("--yes", action="store_true", help="remove them")
    _add_person(sub)
    add("clean", commands.clean, "remove what publishers that died left behind")
    return parser


def _add_place(parser: argparse.ArgumentParser, defaults: Mapping[str, object]) -> None:
    parser.add_argument(
        "--repository",
        "--root",
        "--model-root",
        type=Path,
        metavar="ROOT",
        default=defaults["repository"],
        help=f"folder of all models (default: ${REPOSITORY_VARIABLE})",
    )
    parser.add_argument(
        "--model", metavar="NAME", default=defaults["model"], help=f"name of the model (default: {MODEL_NAME})"
    )


def _add_promotion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server",
        action="append",
        metavar="HOST:PORT",
        help="a model server's gRPC address; every address behind a name is asked; may be given again "
        f"(default: ${SERVER_VARIABLE}, or {DEFAULT_SERVER})",
    )
    parser.add_argument(
        "--gateway",
        action="append",
        default=[],
        metavar="http://HOST:PORT",
        help="a gateway that must answer with the version before the old one is unloaded; may be given again",
    )
    _add_served_from(parser)
    parser.add_argument(
        "--deadline-seconds",
        type=_seconds,
        default=600.0,
        metavar="S",
        help="for loading and checking, and again for unloading (default 600)",
    )
    parser.add_argument(
        "--grace-seconds",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="for requests on their way to the old version, before it is unloaded (default 60: 30 to receive a photo, 10 to "
        "answer, and what a file server takes to show the new pin)",
    )
    parser.add_argument(
        "--wait-seconds",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="for another command that is at work (default 0: exit 75 at once)",
    )
    _add_person(parser)


def _add_served_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--served-from",
        type=_absolute,
        default="",
        metavar="PATH",
        help="the model's directory as the model servers see it (default: as models.config says, or as it is here)",
    )


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default="", metavar="WHO", help="who does it (default: the login name)")
    parser.add_argument("--why", default="", metavar="TEXT", help="why, for the history")


def _absolute(text: str) -> str:
    # Model servers take absolute paths and URIs, such as gs://models/depression_severity.
    if text and not text.startswith("/") and "://" not in text:
        message = f"{text!r} is not an absolute path"
        raise argparse.ArgumentTypeError(message)
    return text


def _whole_number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no whole number from 1 on"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds < float("inf"):
        message = f"{text!r} is no number of seconds"
        raise argparse.ArgumentTypeError(message)
    return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, sys.stdout, sys.stderr))
