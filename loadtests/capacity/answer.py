"""What a search found, as `capacity.json`, and as one sentence that a person can sign.

What a run knows is taken from it: replicas (one metrics page each), model version, records, photo mix, refused photos, what limited
it. What it cannot know is taken from who asked, and what nobody said is called unknown.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadtests.capacity.machine import cores
from loadtests.capacity.measuring import CapacityQuestion, SearchRun
from loadtests.capacity.search import BRACKETED, NOT_SUSTAINED, SUSTAINED, UNSETTLED, Found
from loadtests.errors import CapacityUnusable
from loadtests.run.format import ABSTAINED, ANSWERED, REFUSED_PHOTO, FinishedRun
from loadtests.verdict.bottleneck import GENERATOR, find_bottleneck

SCHEMA: Final = "symmetra.capacity/1"
UNKNOWN: Final = "unknown"
ON, OFF = "on", "off"
SECONDS_OF_AN_HOUR: Final = 3600
RECORD_STAGE: Final = "record"


@dataclass(frozen=True, slots=True)
class Told:
    """What a run cannot know and somebody said; None where nobody did.

    Attributes:
        replicas: Of the gateway.
        device: Of the model server, as in "CPU, 2 cores".
        records: "on" or "off".
        photos_per_patient: On average.
    """

    replicas: int | None = None
    device: str | None = None
    records: str | None = None
    photos_per_patient: float | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Of what this is the number; "unknown" where nobody could say."""

    replicas: str
    model_version: str
    device: str
    records: str
    photo_mix: str
    photos_per_patient: str
    objectives: str
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """`capacity.json`.

    Attributes:
        kind: Of `loadtests.capacity.search`.
        rate: The highest that was sustained, requests per second; 0.0 where none was.
        rate_not_sustained: The lowest above it that was not; None where none was found.
        agreement: Of the runs at these two rates, as in "2 of 2"; short runs are not counted.
        completed_per_hour: Photos answered 200, with a band or a documented abstention, in the runs at `rate`: counted, not calculated from it.
        resolution_share: By how much rates must differ, relatively, for one run to tell them apart; None where none was sustained.
        refused_share: Of the photos, refused as bad ones should be.
        limited_by: What stood in the way of more.
        limited_says: Why, in a sentence with figures.
        site: Of what this is the number.
        gateway_cores_busy: At `rate`, all replicas together; None where their metrics were not read.
        machine_cores_busy: Of this machine at `rate`, generator included; None where the target is elsewhere.
        machine_cores: Of this machine; None where the target is elsewhere.
        asks_for_jitter: Whether the gateway asks for several copies of each crop; None where its metrics were not read.
        began: When the first run began, ISO 8601.
        runs: Every run: folder, rate, whether it was short, outcome, why, latency reached, growth.
        why: Why the search ended otherwise than with a bracket.
        sentence: All of it.
        schema: `SCHEMA`.
    """

    kind: str
    rate: float
    rate_not_sustained: float | None
    agreement: dict[str, str]
    completed_per_hour: float
    resolution_share: float | None
    refused_share: float
    limited_by: str
    limited_says: str
    site: Site
    gateway_cores_busy: float | None
    machine_cores_busy: float | None
    machine_cores: int | None
    asks_for_jitter: bool | None
    began: str
    runs: tuple[dict[str, Any], ...]
    why: str
    sentence: str = ""
    schema: str = SCHEMA


def answer(question: CapacityQuestion, told: Told, found: Found, runs: Sequence[SearchRun]) -> Capacity:
    """Put together what was found.

    Raises:
        CapacityUnusable: The runs are not of one target: a search that went on later found another version, other replicas or another machine.
    """
    _require_one_target([each.run for each in runs])
    rate = 0.0 if found.sustained is None else found.sustained.rate
    rate_not_sustained = None if found.not_sustained is None else found.not_sustained.rate
    at_rate, above = _at(runs, rate, SUSTAINED), _at(runs, rate_not_sustained, NOT_SUSTAINED)
    limited_by, limited_says = _limit(found, above)
    gateway = [
        each.run.target.cpu_seconds / each.run.summary.seconds
        for each in at_rate
        if each.run.target.cpu_seconds is not None
    ]
    machine = [each.busy_cores for each in at_rate if each.busy_cores is not None]
    ends = {SUSTAINED: found.sustained, NOT_SUSTAINED: found.not_sustained}
    capacity = Capacity(
        kind=found.kind,
        rate=rate,
        rate_not_sustained=rate_not_sustained,
        agreement={name: f"{end.agreeing} of {end.runs}" for name, end in ends.items() if end is not None},
        completed_per_hour=SECONDS_OF_AN_HOUR * _completed_per_second(at_rate),
        resolution_share=_resolution(at_rate),
        refused_share=_refused_share(at_rate),
        limited_by=limited_by,
        limited_says=limited_says,
        site=_site(question, told, [each.run for each in at_rate or runs]),
        gateway_cores_busy=_mean(gateway),
        machine_cores_busy=_mean(machine),
        machine_cores=cores() if machine else None,
        asks_for_jitter=_asks_for_jitter(at_rate),
        began=runs[0].run.summary.started if runs else "",
        runs=tuple(map(_row, runs)),
        why=found.why,
    )
    return dataclasses.replace(capacity, sentence=sentence_of(capacity))


def sentence_of(capacity: Capacity) -> str:
    """The site's number, in one sentence."""
    site = capacity.site
    replicas = "an unknown number of gateway replicas" if site.replicas == UNKNOWN else (
        f"{site.replicas} gateway replica{'' if site.replicas == '1' else 's'}"
    )  # fmt: skip
    photos = (
        "an unknown number of photos per patient"
        if site.photos_per_patient == UNKNOWN
        else f"{site.photos_per_patient} photo{'' if site.photos_per_patient == '1' else 's'} per patient"
    )
    circumstances = (
        f"at {site.objectives}, photo mix {site.photo_mix}, {photos}, {capacity.refused_share:.1%} refused, with {replicas}, "
        f"model version {site.model_version}, device {site.device}, records {site.records}, limited by {capacity.limited_by}"
    )
    if not capacity.rate:
        return f"No rate was found that is sustained {circumstances}. {capacity.why}"
    if capacity.kind == UNSETTLED:
        return f"No number was settled {circumstances}. {capacity.why}"
    least = "" if capacity.kind == BRACKETED else "At least "
    number = (
        f"{least}{capacity.completed_per_hour:,.0f} completed screenings per hour (200 with a band or a documented abstention, "
        f"within {site.deadline_seconds:g} s) {circumstances}."
    )
    return f"{number} {capacity.why}".strip()


def confidence_of(capacity: Capacity) -> str:
    """How sure the number is, in one sentence."""
    said = capacity.agreement
    low = f"{capacity.rate:.2f} requests per second were sustained in {said.get(SUSTAINED, '0 of 0')} full runs"
    if capacity.rate_not_sustained is None:
        return f"{low}; no rate was found that was not."
    high = f"{capacity.rate_not_sustained:.2f} were not in {said.get(NOT_SUSTAINED, '0 of 0')}"
    if not capacity.rate:
        return f"{high}."
    width, resolution = capacity.rate_not_sustained / capacity.rate - 1, capacity.resolution_share
    rough = (
        f" One run tells apart only rates that differ by {resolution:.0%} or more, which is more than these two do: longer runs say more."
        if resolution is not None and resolution > width
        else ""
    )
    return f"{low}, {high}; the capacity lies between.{rough}"


def _at(runs: Sequence[SearchRun], rate: float | None, outcome: str) -> list[SearchRun]:
    """The runs of a rate that said so, those of full length where there are any."""
    matching = [each for each in runs if each.measured.rate == rate and each.measured.outcome == outcome]
    return [each for each in matching if not each.measured.is_short] or matching


def _limit(found: Found, above: Sequence[SearchRun]) -> tuple[str, str]:
    # Where the generator gave out, what stood in the way at some higher rate is not what ended the search.
    if above and (found.kind == BRACKETED or found.beyond_generator is None):
        bottleneck = find_bottleneck(above[-1].run)
        says = f"At {above[-1].measured.rate:.2f} per second {above[-1].measured.says} {bottleneck.says} {bottleneck.next_thing}"
        name = bottleneck.name if bottleneck.behind is None else f"{bottleneck.name} (behind it {bottleneck.behind})"
        return name, says
    if found.beyond_generator is not None:
        return (
            f"the {GENERATOR}",
            f"At {found.beyond_generator:.2f} requests per second the generator was the bottleneck.",
        )
    return UNKNOWN, found.why


def _require_one_target(runs: Sequence[FinishedRun]) -> None:
    """What a run could not read is no difference."""
    kept: dict[str, set[object]] = {
        "versions of the model": {run.summary.model_version for run in runs if run.summary.model_version},
        "numbers of replicas": {len(run.target.replicas) for run in runs if run.target.replicas},
        "machines that made the load": {
            tuple(sorted(run.summary.machine.items())) for run in runs if run.summary.machine
        },
    }
    for what, values in kept.items():
        if len(values) > 1:
            message = f"the runs of this folder are of different {what}, so they say nothing together; search again in another folder"
            raise CapacityUnusable(message)


def _site(question: CapacityQuestion, told: Told, runs: Sequence[FinishedRun]) -> Site:
    run = runs[-1]
    pages = len(run.target.replicas)
    versions = run.summary.answers.model_versions
    version = run.summary.model_version or (next(iter(versions)) if len(versions) == 1 else UNKNOWN)
    recorded = run.target.stages.get(RECORD_STAGE)
    records = told.records or UNKNOWN
    if recorded is not None:
        records = ON if recorded.count else OFF
    pack = run.summary.pack
    return Site(
        replicas=str(pages or told.replicas or UNKNOWN),
        model_version=version,
        device=told.device or UNKNOWN,
        records=records,
        photo_mix=UNKNOWN if pack is None else f"{pack['name']} ({pack['digest'][:12]})",
        photos_per_patient=UNKNOWN if told.photos_per_patient is None else f"{told.photos_per_patient:g}",
        objectives=" and ".join(each.words for each in question.objectives.latency),
        deadline_seconds=question.request.patience_seconds,
    )


def _completed_per_second(runs: Sequence[SearchRun]) -> float:
    """Counted, not the rate that was wanted: arrivals are random, so the number of them is, too."""
    photos = [each.run.summary.outcomes.get("photo", {}) for each in runs]
    seconds = sum(each.run.summary.seconds for each in runs)
    return sum(each.get(name, 0) for each in photos for name in (ANSWERED, ABSTAINED)) / seconds if seconds else 0.0


def _resolution(runs: Sequence[SearchRun]) -> float | None:
    """Two standard deviations of a Poisson count, as a share of it: rates nearer to each other look alike in one run."""
    counts = [sum(sum(of.values()) for of in each.run.summary.outcomes.values()) for each in runs]
    fewest = min(counts, default=0)
    return 2 / math.sqrt(fewest) if fewest else None


def _refused_share(runs: Sequence[SearchRun]) -> float:
    counts = [each.run.summary.outcomes.get("photo", {}) for each in runs]
    photos = sum(sum(each.values()) for each in counts)
    return sum(each.get(REFUSED_PHOTO, 0) for each in counts) / photos if photos else 0.0


def _asks_for_jitter(runs: Sequence[SearchRun]) -> bool | None:
    stages = [each.run.target.stages for each in runs if each.run.target.stages]
    return any(each["jitter"].count > 0 for each in stages if "jitter" in each) if stages else None


def _row(each: SearchRun) -> dict[str, Any]:
    return {
        "folder": each.folder,
        "rate": each.measured.rate,
        "is_short": each.measured.is_short,
        "outcome": each.measured.outcome,
        "says": each.measured.says,
        "percentiles": each.judgement.percentiles,
        "error_share": each.judgement.error_share,
        "growth_seconds": each.judgement.growth_seconds,
        "achieved_rate": each.run.summary.achieved_rate,
        "completed_rate": each.run.summary.completed_rate,
        "busy_cores": each.busy_cores,
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
