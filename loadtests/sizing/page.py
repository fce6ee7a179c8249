"""`loadtests/SIZING.md`: what was measured, what a site needs, and what a GPU would change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from loadtests.sizing.cores import (
    BUSY_HOURS,
    BUSY_SECONDS,
    CORES_OF_A_GATEWAY,
    CROPS_OF_ABSTENTION,
    LEAST_GATEWAYS,
    PEAK_FACTOR,
    PHOTOS_A_DAY,
    UTILISATION,
    cores_for,
    model_share,
    need,
)
from loadtests.sizing.raw import DEFAULT, MEGAPIXELS, PAPER, PROJECT, Figure, Figures

PAGE: Final = PROJECT / "loadtests" / "SIZING.md"
NOT_MEASURED: Final = "not measured"
DEVICE_CROPS_PER_SECOND: Final = 1000
SMALLEST_SHOWN: Final = 0.1
ABSTAINING: Final = f"{CROPS_OF_ABSTENTION} crops"
WITHOUT_COPIES: Final = f"{ABSTAINING} (copies not counted)"
COPIES: Final = f"""\
*Copies not counted*: without making the {CROPS_OF_ABSTENTION - 1} copies of a crop in the gateway, which was not measured. A gateway whose policy abstains
needs more than is said here, and of a photo's time the model server's part is smaller.
"""
INTRODUCTION: Final = f"""\
# How many cores a site needs

Written by `python -m loadtests sizing` from raw results; a test calculates every cell anew, and fails where this page differs. **m** behind a
figure: measured; **c**: calculated from measured ones; *{NOT_MEASURED}*: a figure that it needs is missing, and none was put in its place.
Cores are those that the figures were measured on; where two rows name different processors, what is calculated from both mixes them. Measure with your photos and on your machine before you buy anything
(component `load-test` of `k8s/`, `python -m loadtests capacity`).
"""
FORMULA: Final = f"""\
## What a site needs

- peak, photos a second = photos a day x {PEAK_FACTOR} / {BUSY_SECONDS:,} s: a site that is busy {BUSY_HOURS} hours a day, with a busiest hour {PEAK_FACTOR} times as busy
  as the average of these hours (assumed; put in your own)
- gateway cores = peak x (gateway + receipt, ms) / 1000 / {UTILISATION}: at the peak the cores are {UTILISATION:.0%} busy
- gateways = gateway cores / {CORES_OF_A_GATEWAY}, rounded up, and at least {LEAST_GATEWAYS}, so that one may go
- model cores, default network = peak x model server, ms a photo / 1000 / {UTILISATION}; where the policy abstains from unstable answers a photo is
  {CROPS_OF_ABSTENTION} crops, and costs {CROPS_OF_ABSTENTION} times a crop of a long run. Model servers: at least 2, so that one may go
"""


def as_page(figures: Figures) -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, _measured(figures), FORMULA, _needs(figures), _gpu(figures)])


def write_page(figures: Figures, path: Path = PAGE) -> None:
    """Write it."""
    path.write_text(as_page(figures))


def gateway_milliseconds(figures: Figures, megapixels: float) -> float | None:
    """Of a photo with its receipt; None where either was not measured."""
    photo, receipt = figures.gateway[megapixels], figures.receipt
    return None if photo is None or receipt is None else photo.milliseconds + receipt.milliseconds


def model_milliseconds(figures: Figures, network: str, crops: int) -> float | None:
    """Of a photo of 1 crop or of `CROPS_OF_ABSTENTION`; None where it was not measured."""
    figure = figures.single[network] if crops == 1 else figures.together[network]
    return None if figure is None else crops * figure.milliseconds


def _measured(figures: Figures) -> str:
    rows = [[f"gateway, a photo of {size:g} megapixels", *_cells(figures.gateway[size])] for size in MEGAPIXELS]
    rows.append(["gateway, a receipt in PostgreSQL on top of it", *_cells(figures.receipt)])
    rows += [[f"model server, a photo of one crop, {name}", *_cells(each)] for name, each in figures.single.items()]
    rows += [[f"model server, a crop of a long run, {name}", *_cells(each)] for name, each in figures.together.items()]
    table = _table(["what", "CPU ms", "on what", "raw figures"], rows)
    return f"## What was measured\n\n{table}"


def _needs(figures: Figures) -> str:
    rows = []
    models = [model_milliseconds(figures, DEFAULT, crops) for crops in (1, CROPS_OF_ABSTENTION)]
    for photos in PHOTOS_A_DAY:
        for size in MEGAPIXELS:
            wanted = need(photos, gateway_milliseconds(figures, size), *models)
            cores = (wanted.gateway_cores, wanted.gateways, wanted.model_cores, wanted.model_cores_of_abstention)
            rows.append([f"{photos:,}", f"{size:g}", _calculated(wanted.peak_per_second), *map(_calculated, cores)])
    columns = ["photos a day", "megapixels", "photos/s at the peak", "gateway cores", "gateways"]
    table = _table([*columns, "model cores, 1 crop", f"model cores, {ABSTAINING}"], rows)
    return f"{table}\nGateway cores are those of 1 crop a photo: making the copies for {ABSTAINING} was not measured.\n"


def _gpu(figures: Figures) -> str:
    kinds = [(network, crops) for network in (DEFAULT, PAPER) for crops in (1, CROPS_OF_ABSTENTION)]
    shares, feeding = [], []
    for size in MEGAPIXELS:
        gateway = gateway_milliseconds(figures, size)
        parts = [_share(gateway, model_milliseconds(figures, network, crops)) for network, crops in kinds]
        shares.append([f"{size:g}", *parts])
        fed_by_a_core = None if gateway is None else UTILISATION * 1000 / gateway
        wanted = [cores_for(DEVICE_CROPS_PER_SECOND / crops, gateway) for crops in (1, CROPS_OF_ABSTENTION)]
        feeding.append([f"{size:g}", *map(_calculated, (fed_by_a_core, *wanted))])
    share_columns = [f"{network}, {'1 crop' if crops == 1 else WITHOUT_COPIES}" for network, crops in kinds]
    per_device = f"gateway cores for every {DEVICE_CROPS_PER_SECOND:,} crops/s of a device"
    feeding_columns = [
        "photos/s of one gateway core",
        f"{per_device}, 1 crop a photo",
        f"the same, {WITHOUT_COPIES} a photo",
    ]
    return f"""\
## Whether a GPU changes anything

How fast a GPU answers: {NOT_MEASURED}. What it can change at most is calculated: it takes away the model server's part of a photo's
processor time, and nothing of the gateway's, which decodes the photo, finds the face and aligns it. That part is

{_table(["megapixels", *share_columns], shares)}
The rest stays, and as many gateway cores as before feed what stands behind them. How many gateway cores feed one GPU hangs on how many
crops it answers, which is for whoever has one to measure; with the gateways {UTILISATION:.0%} busy:

{_table(["megapixels", *feeding_columns], feeding)}
{COPIES}"""


def _cells(figure: Figure | None) -> list[str]:
    if figure is None:
        return [NOT_MEASURED, "", ""]
    return [f"{figure.milliseconds:.2f} m", figure.conditions, f"`{figure.source}`"]


def _calculated(value: float | None) -> str:
    if value is None:
        return NOT_MEASURED
    if isinstance(value, int):
        return f"{value} c"
    return f"{value:.1f} c" if value >= SMALLEST_SHOWN else f"under {SMALLEST_SHOWN} c"


def _share(gateway: float | None, model: float | None) -> str:
    return NOT_MEASURED if gateway is None or model is None else f"{model_share(gateway, model):.0%} c"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*lines, ""])
