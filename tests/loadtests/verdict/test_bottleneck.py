"""What limited a run is named after where the time went."""

import dataclasses

import pytest

from loadtests.verdict.bottleneck import NEXT, find_bottleneck
from tests.support.finished_runs import STAGES, made_up_run


@pytest.mark.parametrize(
    ("stages", "name"),
    [
        ({"decode": 0.12, "total": 0.16}, "decode"),
        ({"face": 0.09, "jitter": 0.03, "total": 0.16}, "face"),
        ({"predict": 0.12, "total": 0.16}, "model"),
        ({"total": 0.15}, "gateway"),
        ({"decode": 0.01, "total": 0.02}, "network"),
        ({"decode": 0.01, "total": 0.02, "record": 0.12}, "records"),
    ],
)
def test_the_part_that_took_longest_is_named(stages: dict[str, float], name: str) -> None:
    bottleneck = find_bottleneck(made_up_run(stages=stages))
    assert (bottleneck.name, bottleneck.next_thing) == (name, NEXT[name])
    assert sum(part.share for part in bottleneck.parts) == pytest.approx(1)
    assert sum(part.seconds for part in bottleneck.parts) == pytest.approx(0.16, rel=0.01)


def test_a_queue_is_named_with_who_holds_the_places() -> None:
    run = made_up_run(stages={"queue": 0.1, "face": 0.03, "predict": 0.02, "total": 0.155})
    run = dataclasses.replace(run, target=dataclasses.replace(run.target, queue_length_max=7, shed={"full": 4}))
    bottleneck = find_bottleneck(run)
    assert (bottleneck.name, bottleneck.behind, bottleneck.next_thing) == ("queue", "face", NEXT["face"])
    assert "7 photos queued; 4 were shed; the gateway's processes that say so used 1.50 cores" in bottleneck.says


def test_a_generator_that_was_the_limit_is_named_before_the_target() -> None:
    assert find_bottleneck(made_up_run(invalid="late_starts")).name == "generator"
    assert find_bottleneck(made_up_run(invalid="version_changed", stages=STAGES)).name != "generator"


def test_without_the_gateway_s_metrics_nothing_is_named() -> None:
    assert find_bottleneck(made_up_run(stages=None)).name == "unknown"
