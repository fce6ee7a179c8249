"""Numbers as a person reads them, the same in page, card and datasheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UNDEFINED = "undefined"
_WORDS = {
    "f1": "F1",
    "mcc": "MCC",
    "kappa": "Cohen's kappa",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "ece": "ECE",
    "nll": "log loss",
    "recall": "recall (sensitivity)",
    "mean_error": "mean p minus observed",
    "jpeg": "JPEG",
}


def number(value: float | None, digits: int = 3) -> str:
    """A rounded number.

    >>> number(0.86594), number(None), number(-0.0004)
    ('0.866', 'undefined', '0.000')
    """
    if value is None:
        return UNDEFINED
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if not any(digit in text for digit in "123456789") else text


def percent(value: float | None, digits: int = 0) -> str:
    r"""A share in percent; the sign stays with its number at the end of a line.

    >>> percent(0.5512), percent(None)
    ('55\xa0%', 'undefined')
    """
    return UNDEFINED if value is None else f"{100 * value:.{digits}f}\N{NO-BREAK SPACE}%"


def interval(ends: Sequence[float | None], digits: int = 3) -> str:
    """The ends of an interval.

    >>> interval([0.8512, 0.88]), interval([None, None])
    ('0.851 to 0.880', 'undefined')
    """
    low, high = ends
    return UNDEFINED if low is None or high is None else f"{number(low, digits)} to {number(high, digits)}"


def figure(found: Mapping[str, Any], digits: int = 3) -> str:
    """A figure with its 95 % interval.

    >>> figure({"value": 0.8659, "interval_95": [0.851, 0.88]})
    '0.866 (0.851 to 0.880)'
    """
    if found["value"] is None:
        return UNDEFINED
    return f"{number(found['value'], digits)} ({interval(found['interval_95'], digits)})"


def signed(found: Mapping[str, Any], digits: int = 3) -> str:
    """A difference with its 95 % interval, signs shown.

    >>> signed({"value": 0.01, "interval_95": [-0.02, 0.04]})
    '+0.010 (-0.020 to +0.040)'
    """
    if found["value"] is None:
        return UNDEFINED
    low, high = found["interval_95"]
    return f"{difference(found['value'], digits)} ({difference(low, digits)} to {difference(high, digits)})"


def difference(value: float | None, digits: int = 3) -> str:
    """A rounded number with its sign, zero without one.

    >>> difference(0.0123), difference(-0.0004), difference(None)
    ('+0.012', '0.000', 'undefined')
    """
    if value is None:
        return UNDEFINED
    text = f"{value:+.{digits}f}"
    return text if any(digit in text for digit in "123456789") else text[1:]


def words(name: str) -> str:
    """A name from JSON as words.

    >>> words("balanced_accuracy"), words("f1")
    ('balanced accuracy', 'F1')
    """
    return _WORDS.get(name) or name.replace("_", " ")


def stated(value: float | None) -> str:
    """What a bar was held against, which is a figure, a count, a yes or no, or was not measured.

    >>> stated(0.0312), stated(3), stated(True), stated(None)
    ('0.031', '3', 'yes', 'undefined')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else number(value)


def verdict(met: bool | None) -> str:
    """Whether a bar is met, in words.

    >>> verdict(True), verdict(False), verdict(None)
    ('yes', 'NO', 'cannot be said')
    """
    return {True: "yes", False: "NO", None: "cannot be said"}[met]


def crop_words(run: Mapping[str, Any]) -> str:
    """What a run's model reads of a photo; runs of an earlier release read aligned crops.

    >>> crop_words({}), crop_words({"data_options": {"crop": "whole"}})
    ('one aligned crop of a face', 'one whole photo, resized')
    """
    return "one whole photo, resized" if reads_whole_photos(run) else "one aligned crop of a face"


def reads_whole_photos(run: Mapping[str, Any]) -> bool:
    """Whether a run's crops are whole photos, of which the background probe's oval need not hold the face."""
    return (run.get("data_options") or {}).get("crop") == "whole"


def unnamed(section: Mapping[str, Any]) -> str:
    """The groups of a column that are counted without a name, in words; empty where there are none.

    >>> unnamed({"groups": [], "unnamed": {"groups": 37, "photos": 1400}})
    '37 smaller groups (1400 photos), not named'
    >>> unnamed({"groups": [{"group": "Ann", "photos": 5, "figures": None}]})  # an evaluation of an earlier release
    '1 smaller group (5 photos), not named'
    """
    small = [row["photos"] for row in section["groups"] if row.get("figures", True) is None]
    counted = section.get("unnamed") or {"groups": 0, "photos": 0}
    groups, photos = counted["groups"] + len(small), counted["photos"] + sum(small)
    return f"{groups} smaller group{'s' if groups > 1 else ''} ({photos} photos), not named" if groups else ""


def flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested plain values, one line each.

    >>> flatten({"seed": 1, "augmentation": {"flip": True}, "rate": 0.001})
    {'seed': '1', 'augmentation, flip': 'yes', 'rate': '0.001'}
    """
    lines: dict[str, str] = {}
    for name, value in content.items():
        label = f"{prefix}{words(str(name))}"
        if isinstance(value, Mapping):
            lines |= flatten(value, f"{label}, ")
        elif isinstance(value, bool):
            lines[label] = "yes" if value else "no"
        elif isinstance(value, float):
            lines[label] = f"{value:.4g}"
        elif isinstance(value, (list, tuple)):
            lines[label] = ", ".join(str(one) for one in value) or "none"
        else:
            lines[label] = "none" if value is None else str(value)
    return lines
