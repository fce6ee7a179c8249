"""`python -m monitoring drift explain`: what moved and since when, from the controller's state, with a picture against the reference.

Reads a state where it lies, or a copy of one, and changes nothing. Counts are of whole days (UTC): those since the day of the change.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from monitoring.commands.drift.restart import add_place
from monitoring.controller.errors import ControllerError
from monitoring.controller.heights import Budget
from monitoring.controller.history import Event
from monitoring.controller.kept_state import KeptState, read_kept
from monitoring.controller.picture import draw
from monitoring.controller.settings import add_budget, add_state, number_from
from monitoring.controller.watch import SITE_PREFIX, WEEK_SECONDS, Watch, WatchSettings
from monitoring.drift.explanation import SignalMove, compare

EVENTS_SHOWN = 10


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Print it, and draw it where a file is named; 1 where there is no state to read."""
    parser = argparse.ArgumentParser(
        prog="python -m monitoring drift explain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_state(parser, environment)
    add_place(parser)
    add_budget(parser)
    parser.add_argument(
        "--per-day", type=number_from(float, 1, 10_000_000), metavar="PHOTOS", help="as the controller was told"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the signals against the reference, as SVG")
    options = parser.parse_args(arguments)
    settings = WatchSettings(
        Budget(options.days_between_false_alarms, options.days_between_false_warnings), options.per_day
    )
    try:
        kept = read_kept(options.state, settings)
        watches = kept.choose(options.site, options.model_version)
    except ControllerError as error:
        err.write(f"{str(error)[:1].upper()}{str(error)[1:]}.\n")
        return 1
    for watch in watches:
        moves = moves_of(watch, kept.until)
        out.writelines(f"{line}\n" for line in _lines(watch, moves, kept))
    if options.picture is not None:
        # Of several the one that speaks loudest.
        loudest = max(watches, key=lambda watch: float("-inf") if (level := watch.evidence()) is None else level)
        title = f"{str(loudest.place)[:1].upper()}{str(loudest.place)[1:]}, photos since {_day(begin_of(loudest, kept.until))}"
        try:
            options.picture.write_text(draw(title, moves_of(loudest, kept.until)), encoding="utf-8")
        except OSError as error:
            err.write(f"The picture cannot be written: {error}\n")
            return 1
        out.write(f"{options.picture}\n")
    return 0


def begin_of(watch: Watch, until: float) -> float:
    """From when photos are compared: the likely moment of the change where there is at least a warning, otherwise a week ago."""
    if watch.alarm_since is None and watch.warning_since is None:
        return max(watch.began, until - WEEK_SECONDS)
    loudest = watch.loudest() or watch.alarm_signal
    return watch.followed[loudest].onset.since if loudest in watch.followed else watch.began


def moves_of(watch: Watch, until: float) -> dict[str, SignalMove]:
    """Signal -> what moved, against the reference that alarms; signals without photos are left out."""
    found, begin = {}, begin_of(watch, until)
    for name, followed in watch.judging().items():
        counts = watch.daily.since(name.removeprefix(SITE_PREFIX), begin)
        if counts is not None and counts.sum() > 0:
            found[name] = compare(counts, followed.detector.reference)
    return found


def _lines(watch: Watch, moves: Mapping[str, SignalMove], kept: KeptState) -> Iterator[str]:
    place = str(watch.place)
    yield f"{place[:1].upper()}{place[1:]}, counted until {_moment(kept.until)}"
    level, heights = watch.evidence(), watch.heights(kept.until)
    if level is None:
        yield (
            f"  Nothing can be said yet: {watch.waiting:,.0f} photos wait for their first update."
            if watch.followed
            else ("  There is no profile to compare with, so no change can be seen.")
        )
        return
    reference = "the profile that was signed for the site" if watch.site_digest else "the version's own profile"
    yield (
        f"  Evidence of a change from {reference}: {level:.2f}; a warning is at {heights['warning']:.2f}, an alarm at {heights['alarm']:.2f}"
        f" ({watch.per_day(kept.until):,.0f} photos a day)."
    )
    if watch.alarm_since is not None:
        yield f"  ALARM since {_moment(watch.alarm_since)}, by {watch.alarm_signal}; nobody has taken it up."
    elif watch.warning_since is not None:
        yield f"  Warning since {_moment(watch.warning_since)}."
    else:
        yield "  No warning and no alarm."
    loudest = watch.loudest()
    if watch.alarm_since is not None or watch.warning_since is not None:
        since = watch.followed[loudest].onset.since
        yield f"  {loudest} moved most, most likely since {_moment(since)}."
    if watch.with_subject == 0:
        yield "  No photo came with a subject: these are photos, not people."
    yield f"  Photos since {_day(begin_of(watch, kept.until))}:"
    yield f"  {'signal':<18} {'photos':>9} {'evidence':>9} {'mean moved':>11} {'PSI':>7} {'by chance':>10}  what"
    for name, move in moves.items():
        psi, chance = ("-" if value is None else f"{value:.3f}" for value in (move.psi, move.psi_by_chance))
        yield (
            f"  {name:<18} {move.photos:>9,.0f} {watch.evidence_of(name):>9.2f} {move.moved:>+11.1%} {psi:>7} {chance:>10}  {move.says}"
        )
    events = [event for event in kept.history if (event.site, event.model_version) in (("", ""), watch.place)]
    if events:
        yield "  What happened:"
        yield from (f"    {_of(event)}" for event in events[-EVENTS_SHOWN:])


def _of(event: Event) -> str:
    parts = [_moment(event.at), event.what]
    parts += [f"({event.signal})"] if event.signal else []
    parts += [f"by {event.by}: {event.why}"] if event.by else []
    return " ".join(parts)


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _day(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d")
