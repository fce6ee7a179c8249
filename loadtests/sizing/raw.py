"""The figures that sizing stands on, read from raw results; one whose file is missing is None, and nothing is put in its place.

| figure | file | what is taken |
| --- | --- | --- |
| gateway, by size of the photo | `loadtests/results/photo_costs.json` | CPU of the worker a photo, median over rounds |
| the same, 640 x 480 only, where that file is missing | `loadtests/results/gateway_shapes.json` | the shape that is shipped: all its threads, median over rounds |
| receipts | `loadtests/results/records_throughput.json` | CPU a photo more than without, with PostgreSQL |
| model server, one crop a photo, default network | `loadtests/results/photo_costs.json` | its CPU a photo, median over rounds and sizes |
| the same, the paper's network | `loadtests/results/gateway_shapes.json` | its CPU a photo, the shape that is shipped, median over rounds |
| model server, nine crops a photo | `serving/results/model_server.json` | CPU a crop, greedy batches, 32 callers, float32, median over rounds: |
| | | crops of several calls run together there, about nine rows of the default network and fewer of the paper's (`rows_per_run`); |
| | | nine crops of one call are one run |
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtests.errors import SizingUnusable

PROJECT: Final = Path(__file__).resolve().parents[2]
PHOTO_COSTS: Final = "loadtests/results/photo_costs.json"
GATEWAY_SHAPES: Final = "loadtests/results/gateway_shapes.json"
RECORDS: Final = "loadtests/results/records_throughput.json"
MODEL_SERVER: Final = "serving/results/model_server.json"
MEGAPIXELS: Final = (0.3, 2.0, 12.0)
SMALLEST: Final = 0.3
SHIPPED: Final = "shipped"
DEFAULT, PAPER = "default network", "paper's network"
NETWORKS: Final = {DEFAULT: "twin-float32", PAPER: "paper-float32"}
"""As the page calls them -> as the model server's results do."""
DEFAULT_ARCHITECTURE, PAPER_ARCHITECTURE = "twin", "paper"
CALLERS: Final = 32
MODE: Final = "greedy"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        milliseconds: CPU time of one core.
        source: The file, from the project's root.
        conditions: When and on what.
    """

    milliseconds: float
    source: str
    conditions: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them; None for what was not measured.

    Attributes:
        gateway: A photo costs the gateway, by megapixels.
        receipt: Keeping the receipt of a photo in PostgreSQL costs the gateway.
        single: A photo of one crop costs the model server, by network, in the small batches that a gateway's load makes.
        together: A crop costs the model server, by network, where 32 callers' crops run together.
    """

    gateway: dict[float, Figure | None]
    receipt: Figure | None
    single: dict[str, Figure | None]
    together: dict[str, Figure | None]


def read_figures(root: Path = PROJECT) -> Figures:
    """Read what is there.

    Raises:
        SizingUnusable: A file that cannot be read, or holds something else.
    """
    return Figures(
        gateway={size: _gateway(root, size) for size in MEGAPIXELS},
        receipt=_receipt(root),
        single={DEFAULT: _single_default(root), PAPER: _single_paper(root)},
        together={network: _together(root, name) for network, name in NETWORKS.items()},
    )


def _gateway(root: Path, megapixels: float) -> Figure | None:
    costs = _read(root, PHOTO_COSTS)
    if costs is not None:
        with _naming(PHOTO_COSTS):
            values = [row["gateway_cpu_milliseconds"] for row in costs["rows"] if row["megapixels"] == megapixels]
            return _median(values, PHOTO_COSTS, _conditions(costs["at"], costs["machine"]))
    shapes = _read(root, GATEWAY_SHAPES)
    if shapes is None or megapixels != SMALLEST:
        return None
    with _naming(GATEWAY_SHAPES):
        rows = [row for row in shapes["rows"] if row["shape"].startswith(SHIPPED)]
        values = [row["crop_cpu"] + row["rpc_cpu"] + row["beyond"] for row in rows]
        return _median(values, GATEWAY_SHAPES, _conditions(shapes["at"], shapes["machine"]))


def _single_default(root: Path) -> Figure | None:
    costs = _read(root, PHOTO_COSTS)
    if costs is None:
        return None
    with _naming(PHOTO_COSTS):
        if costs["models"]["gateway"]["architecture"] != DEFAULT_ARCHITECTURE:
            return None
        values = [row["model_server_cpu_milliseconds"] for row in costs["rows"]]
        return _median(values, PHOTO_COSTS, _conditions(costs["at"], costs["machine"]))


def _single_paper(root: Path) -> Figure | None:
    shapes = _read(root, GATEWAY_SHAPES)
    if shapes is None:
        return None
    with _naming(GATEWAY_SHAPES):
        if shapes["architecture"] != PAPER_ARCHITECTURE:
            return None
        values = [row["model_server_cpu"] for row in shapes["rows"] if row["shape"].startswith(SHIPPED)]
        return _median(values, GATEWAY_SHAPES, _conditions(shapes["at"], shapes["machine"]))


def _receipt(root: Path) -> Figure | None:
    content = _read(root, RECORDS)
    if content is None:
        return None
    with _naming(RECORDS):
        value = content["gateways"]["postgresql"]["extra_cpu_milliseconds"]
        return _median([value], RECORDS, _conditions(content["at"], content["machine"]))


def _together(root: Path, name: str) -> Figure | None:
    content = _read(root, MODEL_SERVER)
    if content is None:
        return None
    with _naming(MODEL_SERVER):
        values = [
            cell["cpu_milliseconds"]
            for cell in content["cells"]
            if (cell["model"], cell["mode"], cell["clients"]) == (name, MODE, CALLERS)
        ]
        return _median(values, MODEL_SERVER, _conditions(content["about"]["at"], content["about"]))


def _median(values: list[float], source: str, conditions: str) -> Figure | None:
    return Figure(statistics.median(values), source, conditions) if values else None


def _conditions(at: str, machine: dict[str, Any]) -> str:
    """As in "2026-11-24, 2 cores of AMD EPYC (avx2)"."""
    return f"{at[:10]}, {machine['cores']} cores of {machine['cpu']} ({', '.join(machine['features'])})"


def _read(root: Path, name: str) -> dict[str, Any] | None:
    path = root / name
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        message = f"{name} is no JSON: {error}; measure it again"
        raise SizingUnusable(message) from error
    return content


class _naming:  # noqa: N801 - read as a word, as contextlib's are
    """Says which file lacks what was looked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Name the file."""
        if isinstance(error, KeyError | TypeError):
            message = f"{self._name} holds something else than is looked for there ({error}); measure it again"
            raise SizingUnusable(message) from error
