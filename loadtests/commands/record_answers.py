"""`python -m loadtests record-answers`: ask a gateway that is believed to be right what it answers to each photo of a pack.

Every photo is asked once, one after the other, and the answer noted in `pack.json` for the version that gave it. From then on
load tests of this version hold every answer against it. A bad photo that is not refused as the pack says, or a good one that
is refused, is told and nothing is noted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import http.client
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from loadtests.errors import LoadTestError, PackUnusable, TargetUnreadable
from loadtests.photos import ABSTAINED, Index, PackPhoto, RightAnswer, read_index, write_index
from loadtests.run.target import headers, parse_target, read_key, require_owned
from loadtests.users.http_exchange import HttpExchange

PATH: Final = "/v1/screenings"
DEFAULT_TOLERANCE_PPM: Final = 1_000
"""Other machines and other company in a batch change the probability by up to 1e-3 (the contract's tolerance)."""
OK: Final = 200


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Note the answers: 0 where all are noted, 1 with a sentence where none is."""
    parser = argparse.ArgumentParser(prog="python -m loadtests record-answers", description=__doc__)
    parser.add_argument("--target", required=True, help="http://HOST:PORT of the gateway")
    parser.add_argument("--i-own-this-target", help="the target again, where it is not this machine")
    parser.add_argument("--key-file", type=Path, help="file of an API key of the class loadtest")
    parser.add_argument("--ca-file", type=Path, help="of who signed the target's certificate")
    parser.add_argument("--pack", type=Path, required=True, help="folder of the photos")
    parser.add_argument(
        "--tolerance-ppm",
        type=int,
        default=DEFAULT_TOLERANCE_PPM,
        help=f"by which a severity may differ later, in parts per million ({DEFAULT_TOLERANCE_PPM}; bfloat16: 5000)",
    )
    options = parser.parse_args(arguments)
    try:
        target = parse_target(options.target)
        require_owned(target, options.i_own_this_target)
        exchange = HttpExchange(target, headers(read_key(target, options.key_file)), options.ca_file)
        index = read_index(options.pack)
        with contextlib.closing(exchange):
            noted = tuple(_note(exchange, options.pack, photo, options.tolerance_ppm) for photo in index.photos)
        write_index(options.pack, Index(index.name, index.note, noted))
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return 1
    versions = sorted({version for photo in noted for version in photo.answers})
    out.write(f"{len(noted)} photos asked; the pack knows the answers of version {', '.join(versions) or 'none'}\n")
    return 0


def _note(exchange: HttpExchange, folder: Path, photo: PackPhoto, tolerance_ppm: int) -> PackPhoto:
    sent = (folder / photo.file).read_bytes()
    try:
        response = exchange.request(
            "POST",
            PATH,
            sent,
            {"Content-Type": photo.content_type, "Accept": "application/json"},
        )
        content: dict[str, Any] = json.loads(response.body)
    except (OSError, ValueError, http.client.HTTPException) as error:
        message = f"{photo.file}: the target gave no answer: {error}"
        raise TargetUnreadable(message) from error
    if response.status != OK or photo.problem is not None:
        return _require_refused(photo, response.status, content)
    try:
        severity_ppm = int(content["severity_ppm"])
        answer = RightAnswer(
            (max(severity_ppm - tolerance_ppm, 0), min(severity_ppm + tolerance_ppm, 1_000_000)),
            _right_bands(content, severity_ppm, tolerance_ppm),
        )
        version = str(content["model"]["version"])
    except (KeyError, TypeError, ValueError) as error:
        message = f"{photo.file}: the target answered 200, and not as a gateway of Symmetra answers"
        raise TargetUnreadable(message) from error
    return dataclasses.replace(photo, answers={**photo.answers, version: answer})


def _require_refused(photo: PackPhoto, status: int, content: Mapping[str, Any]) -> PackPhoto:
    code = content.get("code", "answered") if status != OK else "answered"
    if photo.problem is None or code != photo.problem:
        message = f"{photo.file}: the target says {code} ({status}), the pack {photo.problem or 'an answer'}; nothing is noted"
        raise PackUnusable(message)
    return photo


def _right_bands(content: Mapping[str, Any], severity_ppm: int, tolerance_ppm: int) -> tuple[str, ...]:
    """The answered band; beside it those that the tolerance reaches, by the thresholds that the answer names."""
    if content["abstained"]:
        return (ABSTAINED,)
    edges = content["policy"]["thresholds"]

    def band_of(ppm: int) -> str:
        return "none" if ppm <= edges["none_max_ppm"] else "mild" if ppm <= edges["mild_max_ppm"] else "high"

    near = {band_of(severity_ppm - tolerance_ppm), band_of(severity_ppm + tolerance_ppm)} - {content["band"]}
    return (str(content["band"]), *sorted(near))
