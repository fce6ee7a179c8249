"""`python -m monitoring drift plan --per-day N`: in days, how long until each change is seen at so many photos a day.

Simulated from the reference's own shares of severity, with fixed seeds. A day's photos come evenly; a change is there from one moment on.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from monitoring.controller.errors import ControllerError
from monitoring.controller.heights import Budget
from monitoring.controller.kept_state import read_kept
from monitoring.controller.settings import add_budget, add_state, number_from
from monitoring.drift.errors import DriftError
from monitoring.drift.outlook import (
    CHANGES,
    LONGEST_DAYS,
    STREAMS,
    Change,
    Outlook,
    Situation,
    false_alarms_in_90_days,
    look_ahead,
)
from monitoring.drift.reference import Reference
from monitoring.reference_metrics import SEVERITY_SIGNAL, SIGNALS
from serving.contract.errors import ContractInvalid
from serving.contract.profile import Profile

LATER = "later"


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Print a table; 1 where there is no reference to simulate from."""
    parser = argparse.ArgumentParser(
        prog="python -m monitoring drift plan",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--per-day", type=number_from(float, 1, 10_000_000), required=True, metavar="PHOTOS")
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help="a version's profile.json (default: what the controller follows)"
    )
    parser.add_argument(
        "--weight",
        type=number_from(float, 0.001, 1),
        default=1.0,
        help="of a photo, where several gateways may count one person (default: 1)",
    )
    parser.add_argument(
        "--streams",
        type=number_from(int, 20, 5_000),
        default=STREAMS,
        metavar="N",
        help="simulated of each (default: %(default)s)",
    )
    parser.add_argument(
        "--odds",
        type=number_from(float, 0.01, 100),
        metavar="FACTOR",
        help="ask about one more change: the odds of an answer above one half become so many times as high",
    )
    parser.add_argument("--json", action="store_true", help="the same figures for programs")
    add_budget(parser)
    add_state(parser, environment)
    options = parser.parse_args(arguments)
    try:
        reference = _reference(options.profile, options.state)
    except (ControllerError, DriftError, ContractInvalid) as error:
        err.write(f"{str(error)[:1].upper()}{str(error)[1:]}.\nName a profile with --profile FILE.\n")
        return 1
    except (OSError, UnicodeDecodeError) as error:
        err.write(f"{options.profile} cannot be read: {error}\n")
        return 1
    budget = Budget(options.days_between_false_alarms, options.days_between_false_warnings)
    updates = budget.updates_per_day(options.per_day)
    height = budget.log_heights(options.per_day)["alarm"]
    photos = options.per_day * options.weight
    # One signal moves, and the mean over all is what alarms.
    moving = Situation(photos, updates, height + math.log(len(SIGNALS)))
    asked = () if options.odds is None else (Change(f"asked for (odds x {options.odds:g})", more_of_high=options.odds),)
    outlooks = list(look_ahead(reference, moving, changes=(*CHANGES, *asked), streams=options.streams))
    false_alarms = false_alarms_in_90_days(reference, Situation(photos, updates, height), streams=options.streams)
    if options.json:
        out.write(json.dumps(_figures(options.per_day, updates, height, outlooks, false_alarms), indent=1) + "\n")
    else:
        out.writelines(f"{line}\n" for line in _lines(options, updates, height, outlooks, false_alarms))
    return 0


def _reference(profile: Path | None, state: Path) -> Reference:
    if profile is not None:
        return Reference.from_counts(Profile.from_json(profile.read_text(encoding="utf-8")).score.counts)
    for watch in reversed(read_kept(state).watches.values()):
        followed = watch.judging().get(SEVERITY_SIGNAL) or watch.followed.get(SEVERITY_SIGNAL)
        if followed is not None:
            return followed.detector.reference
    message = "no version that the controller watches has a reference of severity"
    raise ControllerError(message)


def _lines(
    options: argparse.Namespace,
    updates: float,
    height: float,
    outlooks: Sequence[Outlook],
    false_alarms: tuple[float, float, float],
) -> list[str]:
    width = max(len(each.change.name) for each in outlooks)
    rate, low, high = false_alarms
    lines = [
        (
            f"{options.per_day:,.0f} photos a day, an update every {_days(1 / updates)}, alarm at ln A = {height:.2f}"
            f" (at most one false alarm in {options.days_between_false_alarms:g} days on average)."
        ),
        f"Simulated: {options.streams} streams of each change, the reference drawn anew for each.",
        "",
        f"{'change':<{width}}  {'half are seen in':>16}  {'10 % to 90 %':>24}  {'seen by then':>12}",
    ]
    for each in outlooks:
        median = f"not in {_days(each.days_looked)}" if each.median_days is None else _days(each.median_days)
        span = f"{_bound(each.low_days)} to {_bound(each.high_days)}"
        lines.append(f"{each.change.name:<{width}}  {median:>16}  {span:>24}  {each.seen:>12.0%}")
    looked = max(each.days_looked for each in outlooks)
    lines += [
        "",
        f"not in: fewer than half of the streams alarm within {_days(looked)}, after which the simulation ends; later: not by then.",
        (
            f"An alarm without any change within {LONGEST_DAYS:g} days: {rate:.1%} (95 % interval {low:.1%} to {high:.1%}),"
            " for independent people whose distribution does not swing through the day."
        ),
        (
            "Never seen at any traffic: a change that leaves the distribution of severities and of the photos' four measures as it was,"
            " such as answers that are wrong for some and right for others in equal number."
        ),
    ]
    return lines


def _figures(
    per_day: float, updates: float, height: float, outlooks: Sequence[Outlook], false_alarms: tuple[float, float, float]
) -> dict[str, object]:
    return {
        "photos_per_day": per_day,
        "updates_per_day": updates,
        "log_height": height,
        "false_alarm_in_90_days": dict(zip(("chance", "low", "high"), false_alarms, strict=True)),
        "changes": [
            {
                "change": each.change.name,
                "median_days": each.median_days,
                "low_days": each.low_days,
                "high_days": each.high_days,
                "seen": each.seen,
                "days_looked": each.days_looked,
            }
            for each in outlooks
        ],
    }


def _bound(days: float | None) -> str:
    return LATER if days is None else _days(days)


def _days(days: float) -> str:
    """Readable at a glance.

    >>> _days(0.02), _days(0.5), _days(12.0)
    ('29 min', '12 h', '12 days')
    """
    if days < 1 / 24:
        return f"{days * 1440:.0f} min"
    if days < 2:
        return f"{days * 24:.0f} h"
    return f"{days:.0f} days"
