"""`python -m tests.bench.mirrored_photos`: does a mirrored PHOTO get the same band, through the real gateway and model server?

Front cameras mirror selfies at will, so the side is unknowable and must not matter (issue 3, bar 2: at most 1 % of the photos
may change their band, none over two bands). A mirrored crop cannot change it (the twin is exact); a mirrored photo can, since
detection, alignment and resampling see other pixels. Sends every photo of a run's test split twice: as a PNG of its pixels
and as a PNG of the mirrored pixels, so that the JPEG's own noise does not count as mirroring.
"""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import io
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageOps
from tqdm import tqdm

from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, start_gateway, start_model_server
from training.commands.evaluate import open_data
from training.runs import Run

BANDS = ("none", "mild", "high")
CLIENTS = 4


def main() -> int:
    """Send everything, print and keep the figures; status 1 where the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mirrored_photos", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run whose test photos are sent")
    parser.add_argument("--repository", type=Path, required=True, help="model repository with the pinned version")
    parser.add_argument("--photos", type=int, default=None, help="at most so many (default: the whole test split)")
    parser.add_argument("--save", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    _, parts, data_dir = open_data(Run(arguments.run))
    paths = [data_dir / photo.path for photo in parts["test"]][: arguments.photos]
    ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
    python = Interpreters.this_one()
    with (
        tempfile.TemporaryDirectory(prefix="symmetra-mirror-") as folder,
        ProcessGroup(Path(folder) / "logs") as group,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        start_model_server(group, python.serving, arguments.repository, ports)
        start_gateway(group, python.gateway, arguments.repository, ports)
        answers = list(
            tqdm(clients.map(lambda path: ask_both(path, ports.port), paths), total=len(paths), unit="photo")
        )
    figures = summarise(answers) | {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    print(json.dumps(figures, indent=1))
    if arguments.save:
        arguments.save.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if figures["flip_share"] <= 0.01 and figures["flips_over_two_bands"] == 0 else 1


def ask_both(path, port):
    """The answers about a photo and its mirror image."""
    with Image.open(path) as image:
        pixels = image.convert("RGB")
    return screen(pixels, port), screen(ImageOps.mirror(pixels), port)


def screen(pixels, port):
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=1)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": "image/png", "Accept": "application/json"}
        connection.request("POST", "/v1/screenings", buffer.getvalue(), headers)
        return json.load(connection.getresponse())
    finally:
        connection.close()


def summarise(answers):
    """Counts over pairs of answers; a photo that is refused one way round only is counted by itself."""
    banded = [(one, other) for one, other in answers if one.get("band") and other.get("band")]
    moved = [abs(BANDS.index(one["band"]) - BANDS.index(other["band"])) for one, other in banded]
    differences = sorted(abs(one["p_no_depression"] - other["p_no_depression"]) for one, other in banded)
    return {
        "photos": len(answers),
        "answered_both_ways": len(banded),
        "answered_one_way_only": sum(bool(one.get("band")) != bool(other.get("band")) for one, other in answers),
        "flips": sum(step > 0 for step in moved),
        "flip_share": sum(step > 0 for step in moved) / len(banded),
        "flips_over_two_bands": sum(step > 1 for step in moved),
        "largest_p_difference": differences[-1],
        "median_p_difference": differences[len(differences) // 2],
        "p_difference_95th_percentile": differences[int(0.95 * len(differences))],
        "model": {name: banded[0][0]["model"][name] for name in ("version", "digest", "evidence")},
    }


if __name__ == "__main__":
    sys.exit(main())
