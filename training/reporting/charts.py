"""The charts of a report, each from the report's JSON: the same numbers as its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.ticker import MaxNLocator

from training.reporting.svg import BLUE, GREY, INK, ORANGE, draw_axes, to_svg
from training.reporting.wording import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup
    from matplotlib.axes import Axes

WIDE, HALF = 8.6, 4.6
RATES = ("accuracy", "precision", "recall", "f1")
"""The paper's metrics chart."""


def chart_training(history: Mapping[str, Sequence[float]]) -> Markup:
    """Loss and accuracy over the epochs (the paper's Fig. 3)."""
    figure, axes = draw_axes(WIDE, 2.9, 2)
    for one, name in zip(axes, ("loss", "accuracy"), strict=True):
        epochs = np.arange(1, len(history[name]) + 1)
        one.plot(epochs, history[name], color=BLUE, marker=".", label="training (augmented)")
        one.plot(epochs, history[f"val_{name}"], color=ORANGE, marker=".", linestyle="--", label="validation")
        one.set_xlabel("epoch")
        one.set_ylabel(name)
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
    _explain(axes[0])
    return to_svg(figure, "training", "Loss and accuracy of training and validation over the epochs")


def chart_metrics(evaluation: Mapping[str, Any]) -> Markup:
    """Accuracy, precision, recall and F1 as bars with their intervals (the paper's metrics chart)."""
    figure, (axes,) = draw_axes(HALF, 3.2)
    values = [evaluation[name] for name in RATES]
    for place, (name, value) in enumerate(zip(RATES, values, strict=True)):
        if value is not None:
            axes.bar(place, value, width=0.6, color=BLUE, alpha=0.75)
            _whisker(axes, place, value, evaluation["intervals_95"][name])
    axes.axhline(0.5, color=GREY, linestyle=":")
    axes.set_xticks(range(len(RATES)), ["F1" if name == "f1" else name for name in RATES])
    axes.set_ylim(0, 1)
    axes.grid(visible=False, axis="x")
    return to_svg(figure, "metrics", "Accuracy, precision, recall and F1 with 95 % intervals")


def chart_ranking(evaluation: Mapping[str, Any]) -> Markup:
    """ROC and precision-recall curves."""
    figure, (roc, pr) = draw_axes(WIDE, 3.6, 2)
    points = evaluation["curves"]["points"]
    rate, hit = ([point[name] for point in points] for name in ("false_positive_rate", "sensitivity"))
    roc.plot([0, *rate, 1], [0, *hit, 1], color=BLUE)
    roc.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="a coin")
    roc.set_xlabel("1 - specificity")
    roc.set_ylabel("sensitivity")
    roc.set_title(f"ROC, area {_say(evaluation['auroc'])}", fontsize=10)
    shown = [point for point in points if point["precision"] is not None]
    pr.plot([point["sensitivity"] for point in shown], [point["precision"] for point in shown], color=BLUE)
    pr.axhline(evaluation["depressed_share"], color=GREY, linestyle=":", label="a coin")
    pr.set_xlabel("recall (sensitivity)")
    pr.set_ylabel("precision")
    pr.set_title(f"precision-recall, area {_say(evaluation['auprc'])}", fontsize=10)
    for axes in (roc, pr):
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        _explain(axes, "lower right")
    return to_svg(figure, "ranking", "ROC curve and precision-recall curve on the test split")


def chart_severities(evaluation: Mapping[str, Any]) -> Markup:
    """How the severities of both labels are spread, with the band edges."""
    figure, (axes,) = draw_axes(WIDE, 2.8)
    histogram = evaluation["curves"]["severity_histogram"]
    edges = np.array(histogram["edges_ppm"]) / 10_000
    for label, colour, hatch in (("not_depressed", BLUE, None), ("depressed", ORANGE, "///")):
        name = label.replace("_", " ")
        axes.stairs(histogram[label], edges, fill=True, color=colour, alpha=0.45, hatch=hatch, label=f"label: {name}")
    for edge in evaluation["band_rule"]["thresholds"].values():
        axes.axvline(edge / 10_000, color=INK, linestyle="--", linewidth=1)
    axes.set_xlim(0, 100)
    axes.set_xlabel("severity shown, % (dashed: edges of the bands none, mild, high)")
    axes.set_ylabel("photos")
    _explain(axes)
    return to_svg(figure, "severities", "Histogram of the severities of both labels, with the band edges")


def chart_bands(evaluation: Mapping[str, Any]) -> Markup:
    """P(depressed | band) with intervals."""
    figure, (axes,) = draw_axes(HALF, 3.0)
    bands = evaluation["band_rule"]["bands"]
    for place, row in enumerate(bands.values()):
        share = row["depressed_share"]
        if share["value"] is not None:
            axes.bar(place, share["value"], width=0.6, color=ORANGE, alpha=0.75)
            _whisker(axes, place, share["value"], share["interval_95"])
    axes.axhline(evaluation["depressed_share"], color=GREY, linestyle=":", label="all photos")
    axes.set_xticks(range(len(bands)), [f"{band}\n{row['photos']} photos" for band, row in bands.items()])
    axes.set_ylabel("share with label depressed")
    axes.set_ylim(0, 1)
    axes.grid(visible=False, axis="x")
    _explain(axes, "upper left")
    return to_svg(figure, "bands", "Share of photos labelled depressed in each band, with 95 % intervals")


def chart_reliability(evaluation: Mapping[str, Any]) -> Markup:
    """Stated against observed probability of not being depressed."""
    figure, (axes,) = draw_axes(HALF, 4.0)
    bins = evaluation["calibration"]["reliability"]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfectly calibrated")
    for row in bins:
        _whisker(axes, row["mean_p"], row["observed"]["value"], row["observed"]["interval_95"], width=0)
    axes.plot(
        [row["mean_p"] for row in bins],
        [row["observed"]["value"] for row in bins],
        color=BLUE,
        marker="o",
        label="test",
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("stated p(no depression)")
    axes.set_ylabel("observed share not depressed")
    _explain(axes, "upper left")
    return to_svg(figure, "reliability", "Reliability diagram: stated against observed probability")


def chart_decision(evaluation: Mapping[str, Any]) -> Markup:
    """Net benefit over the threshold probability, beside treating all and none."""
    figure, (axes,) = draw_axes(HALF, 3.2)
    points = evaluation["decision_curve"]["points"]
    thresholds = [point["threshold"] for point in points]
    for name, colour, line in (("net_benefit", BLUE, "-"), ("treat_all", ORANGE, "--")):
        shown = [point[name]["value"] for point in points]
        label = "refer by the model" if name == "net_benefit" else "refer everybody"
        axes.plot(thresholds, shown, color=colour, linestyle=line, label=label)
    axes.axhline(0, color=GREY, linestyle=":", label="refer nobody")
    top = max(point["net_benefit"]["value"] for point in points)
    axes.set_ylim(-0.1, max(0.1, 1.1 * top))
    axes.set_xlabel("threshold: probability from which to refer")
    axes.set_ylabel("net benefit")
    _explain(axes)
    return to_svg(figure, "decision", "Decision curve: net benefit of the model, of referring everybody and nobody")


def chart_risk_coverage(evaluation: Mapping[str, Any]) -> Markup:
    """Error among the photos kept, over the share kept; and how many of those are mild."""
    figure, (axes,) = draw_axes(HALF, 3.2)
    points = evaluation["risk_coverage"]["points"]
    coverage = [point["coverage"] for point in points]
    for name, colour, line, label in (
        ("error", BLUE, "-", "error among the kept"),
        ("mild_share", ORANGE, "--", "mild band among the kept"),
    ):
        axes.plot(coverage, [point[name]["value"] for point in points], color=colour, linestyle=line, label=label)
    axes.set_xlabel("share of photos that keep their answer")
    axes.set_ylabel("share of the kept")
    axes.set_xlim(max(coverage), min(coverage))
    axes.set_ylim(0, None)
    _explain(axes)
    return to_svg(figure, "risk_coverage", "Error and share of the mild band over the share of photos answered")


def chart_corruptions(probes: Mapping[str, Any]) -> Markup:
    """Accuracy over the severity of each corruption, with intervals, beside the clean accuracy."""
    corruptions = probes["corruptions"]
    figure, axes = draw_axes(WIDE, 3.0, len(corruptions))
    clean = probes["plain"]["accuracy"]
    lows = [row["accuracy"]["interval_95"][0] for one in corruptions.values() for row in one["severities"]]
    lowest = max(0.0, min([0.4, *(low - 0.05 for low in lows if low is not None)]))
    for one, (name, corruption) in zip(axes, corruptions.items(), strict=True):
        rows = corruption["severities"]
        one.axhline(clean["value"], color=GREY, linestyle=":")
        for place, row in enumerate(rows):
            _whisker(one, place, row["accuracy"]["value"], row["accuracy"]["interval_95"], width=0.15)
        one.plot(range(len(rows)), [row["accuracy"]["value"] for row in rows], color=BLUE, marker="o")
        one.set_xticks(range(len(rows)), [f"{row['amount']:g}" for row in rows], fontsize=8)
        one.set_xlim(-0.4, len(rows) - 0.6)
        one.set_ylim(lowest, 1.0)
        one.set_title(words(name), fontsize=9)
        if one is not axes[0]:
            one.tick_params(labelleft=False)
    axes[0].set_ylabel("accuracy (dotted: clean)")
    return to_svg(figure, "corruptions", "Accuracy under blur, JPEG, exposure, rotation, occlusion and noise")


def chart_baselines(baselines: Mapping[str, Any]) -> Markup:
    """What the model gains in accuracy over each baseline, with the paired interval."""
    given = [row for row in baselines["baselines"].values() if "accuracy_gain" in row]
    figure, (axes,) = draw_axes(WIDE, 0.9 + 0.45 * len(given))
    for place, row in enumerate(reversed(given)):
        low, high = row["accuracy_gain"]["interval_95"]
        axes.plot([low, high], [place, place], color=INK)
        axes.plot(row["accuracy_gain"]["value"], place, color=BLUE, marker="o")
    axes.axvline(0, color=GREY, linestyle=":")
    axes.set_yticks(range(len(given)), [row["name"] for row in reversed(given)])
    axes.set_ylim(-0.6, len(given) - 0.4)
    axes.set_xlabel("gain in accuracy (right of 0: the model is better)")
    return to_svg(figure, "baselines", "Gain in accuracy over each baseline with paired 95 % intervals")


def _explain(axes: Axes, place: Literal["best", "lower right", "upper left"] = "best") -> None:
    """The legend, without the frame that would be white on a dark page."""
    axes.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)


def _whisker(axes: Axes, place: float, value: float, interval: Sequence[float | None], width: float = 0.2) -> None:
    """An interval; none where it is undefined. Percentile intervals need not hold their value, so both ends are drawn."""
    low, high = interval
    if low is None or high is None or value is None:
        return
    axes.plot([place, place], [low, high], color=INK, linewidth=1.2)
    for end in (low, high):
        axes.plot([place - width / 2, place + width / 2], [end, end], color=INK, linewidth=1.2)


def _say(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
