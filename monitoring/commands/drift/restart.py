"""`python -m monitoring drift restart`: take up an alarm. The controller begins anew at its next look, and keeps who and why."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

from monitoring.controller.errors import ControllerError
from monitoring.controller.kept_state import read_kept
from monitoring.controller.restarts import FOLDER_NAME, Restart, ask_for
from monitoring.controller.settings import add_state


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Leave the request; 1 where nothing of the kind is watched or it cannot be left."""
    parser = argparse.ArgumentParser(prog="python -m monitoring drift restart", description=__doc__)
    add_state(parser, environment)
    add_place(parser)
    add_person(parser)
    options = parser.parse_args(arguments)
    try:
        chosen = read_kept(options.state).choose(options.site, options.model_version)
        asked = Restart(options.by, options.why, time.time(), options.site, options.model_version)
        ask_for(options.state.parent / FOLDER_NAME, asked)
    except ControllerError as error:
        err.write(f"{str(error)[:1].upper()}{str(error)[1:]}.\n")
        return 1
    except OSError as error:
        err.write(f"The request cannot be left for the controller: {error}\n")
        return 1
    out.writelines(f"{watch.place}: the detectors begin anew at the controller's next look.\n" for watch in chosen)
    return 0


def add_place(parser: argparse.ArgumentParser) -> None:
    """Which site and version."""
    parser.add_argument("--site", metavar="NAME", help="value of the site's label (default: all)")
    parser.add_argument("--model-version", metavar="VERSION", help="default: all")


def add_person(parser: argparse.ArgumentParser) -> None:
    """Who says so, and why."""
    parser.add_argument("--by", required=True, type=_words, metavar="NAME", help="who")
    parser.add_argument("--why", required=True, type=_words, metavar="REASON", help="in a sentence")


def _words(text: str) -> str:
    if not text.strip():
        message = "say something"
        raise argparse.ArgumentTypeError(message)
    return text.strip()
