"""Draw the committed dashboards from a running Prometheus, and all of them on one sheet (`tests.support.dashboard_drawing`).

python -m tests.support.dashboard_pictures --out build/dashboards --prometheus-port 9090 --minutes 20
python -m tests.support.dashboard_pictures --out build/dashboards --trial     # starts a watched system of its own, with photos and faults

Nothing of Grafana is in them.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gateway.access.scopes import Scope
from monitoring.dashboards.writing import DASHBOARDS_FOLDER
from serving.local.ports import WatchedPorts, find_free_port
from serving.local.processes import ProcessGroup
from serving.local.stack import Interpreters, model_server_address, start_model_server
from serving.local.watching import Pace
from tests.support.access import add_key
from tests.support.dashboard_drawing import Span, draw_dashboard
from tests.support.drawn_people import nobody, photo_of
from tests.support.measured_profile import measure_reference
from tests.support.prometheus_api import PrometheusApi
from tests.support.tiny_version import copy_tiny_repository
from tests.support.watched_stack import WatchedStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FASTER = 60.0
PER_DAY = 2_000.0
REFERENCE_PEOPLE = range(250)
USUAL_SECONDS = 70.0
DARK_SECONDS = 240.0
"""At most, until the alarm."""
SHOWN_AFTER_SECONDS = 15.0
DARKER = 0.6
SHEET_PIXELS = 900


def main(arguments: Sequence[str]) -> int:
    """Draw, and say where."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.dashboard_pictures", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prometheus-port", type=int, default=9090)
    parser.add_argument("--minutes", type=float, default=20.0, help="shown, until now")
    parser.add_argument(
        "--trial",
        action="store_true",
        help="start a watched system with photos, a dark camera and a gateway that is gone",
    )
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.trial:
        with tempfile.TemporaryDirectory() as folder, running_trial(Path(folder)) as (prometheus, began):
            draw_all(prometheus, Span(began, time.time()), given.out)
    else:
        now = time.time()
        draw_all(PrometheusApi(given.prometheus_port), Span(now - 60 * given.minutes, now), given.out)
    return 0


def draw_all(prometheus: PrometheusApi, span: Span, out: Path) -> None:
    """A PNG of each, and the sheet."""
    pictures = []
    for path in sorted(DASHBOARDS_FOLDER.glob("*.json")):
        kept = io.BytesIO()
        draw_dashboard(json.loads(path.read_text()), prometheus, span).savefig(kept, format="png")
        (out / f"{path.stem}.png").write_bytes(kept.getvalue())
        pictures.append(Image.open(kept).convert("RGB"))
        print(out / f"{path.stem}.png")
    small = [
        picture.resize((SHEET_PIXELS, round(picture.height * SHEET_PIXELS / picture.width)), Image.Resampling.LANCZOS)
        for picture in pictures
    ]
    sheet = Image.new(
        "RGB", (2 * SHEET_PIXELS, max(sum(each.height for each in half) for half in halves(small))), "white"
    )
    for column, half in enumerate(halves(small)):
        top = 0
        for each in half:
            sheet.paste(each, (column * SHEET_PIXELS, top))
            top += each.height
    sheet.save(out / "dashboards.webp", quality=80, method=6)


def halves(pictures: Sequence[Image.Image]) -> tuple[list[Image.Image], list[Image.Image]]:
    """In two columns of about the same height."""
    columns: tuple[list[Image.Image], list[Image.Image]] = ([], [])
    for each in sorted(pictures, key=lambda picture: -picture.height):
        min(columns, key=lambda column: sum(other.height for other in column)).append(each)
    return columns


@contextmanager
def running_trial(folder: Path) -> Iterator[tuple[PrometheusApi, float]]:
    """A watched system, sixty times faster than at a site: usual photos, then a darker camera, and a gateway that somebody stopped."""
    root = copy_tiny_repository(folder / "models")
    ports = WatchedPorts(model_server_port=find_free_port(), model_server_rest_port=find_free_port())
    with ProcessGroup(folder / "logs") as group:
        start_model_server(group, Interpreters.this_one().serving, root, ports)
        measure_reference(root, model_server_address(ports), REFERENCE_PEOPLE)
    with WatchedStack(folder, Pace(FASTER, per_day=PER_DAY)) as stack:
        load_key = add_key(stack.stack.watching / "keys.json", Scope.SCREEN, name="load", traffic=("loadtest",))
        stack.wait_until_watched()
        began, people = time.time(), itertools.count(len(REFERENCE_PEOPLE))
        until = began + USUAL_SECONDS
        while time.time() < until:
            number = next(people)
            stack.screen(
                photo_of(number) if number % 12 else nobody(), second=number % 2 == 0, subject=f"person-{number}"
            )
            if number % 4 == 0:
                stack.screen(photo_of(number % 20), second=True, key=load_key, traffic="loadtest")
        stack.stop_first_gateway()
        over = Event()
        dark = Thread(target=send_dark, args=(stack, people, over), daemon=True)
        dark.start()
        try:
            alarm = 'symmetra_drift_alarm{tier="alarm"} == 1'
            until = time.time() + DARK_SECONDS
            while time.time() < until and not stack.prometheus.query(alarm):
                over.wait(2.0)
            over.wait(SHOWN_AFTER_SECONDS)
            yield stack.prometheus, began
        finally:
            over.set()
            dark.join(60)


def send_dark(stack: WatchedStack, people: Iterator[int], over: Event) -> None:
    """People through the darker camera, until it is over."""
    while not over.is_set():
        with Image.open(io.BytesIO(photo_of(next(people)))) as photo:
            pixels = Image.fromarray((np.asarray(photo) * DARKER).astype(np.uint8))
        kept = io.BytesIO()
        pixels.save(kept, "JPEG", quality=90)
        stack.screen(kept.getvalue(), second=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
