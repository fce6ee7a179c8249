"""`report.html`: one file that shows a report anywhere, without a request to anybody."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from training.reporting import charts, wording
from training.reporting.report import SECTIONS

if TYPE_CHECKING:
    import numpy as np
    from markupsafe import Markup
    from numpy.typing import NDArray

TEMPLATES: Final = Path(__file__).parent / "templates"
_OF_EVALUATION: Final[dict[str, Callable[[Mapping[str, Any]], Markup]]] = {
    "performance": charts.chart_metrics,
    "ranking": charts.chart_ranking,
    "calibration": charts.chart_reliability,
    "decision": charts.chart_decision,
    "coverage": charts.chart_risk_coverage,
}
_JPEG_QUALITY = 88


def write_page(report: Mapping[str, Any], pictures: Sequence[NDArray[np.uint8]] = ()) -> str:
    """The page.

    Args:
        report: `assemble_report`.
        pictures: Crops of the report's examples, in order; drawn faces only.
    """
    if pictures and not report["drawn"]:
        message = "photos of people never go into a report"
        raise ValueError(message)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "number",
        "percent",
        "interval",
        "figure",
        "signed",
        "difference",
        "words",
        "flatten",
        "unnamed",
        "stated",
        "verdict",
        "crop_words",
        "reads_whole_photos",
    ):
        environment.filters[name] = getattr(wording, name)
    return environment.get_template("report.html").render(
        report=report,
        sections=SECTIONS,
        charts=_draw_charts(report),
        pictures=[_data_address(picture) for picture in pictures],
        architecture=report["run"]["recipe"]["architecture"],
    )


def _draw_charts(report: Mapping[str, Any]) -> dict[str, Markup]:
    """By section, those whose figures were measured."""
    missing, evaluation = report["missing"], report["evaluation"]
    drawn = {name: draw(evaluation) for name, draw in _OF_EVALUATION.items() if name not in missing}
    if "training" not in missing:
        drawn["training"] = charts.chart_training(report["history"])
    if "bands" not in missing:
        drawn["bands"], drawn["severities"] = charts.chart_bands(evaluation), charts.chart_severities(evaluation)
    if "corruptions" not in missing:
        drawn["corruptions"] = charts.chart_corruptions(report["probes"])
    if "baselines" not in missing:
        drawn["baselines"] = charts.chart_baselines(report["baselines"])
    return drawn


def _data_address(picture: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
