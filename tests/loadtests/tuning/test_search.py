"""The way of the search over made-up landscapes, and the files of its candidates."""

from pathlib import Path

import pytest

from loadtests.tuning.candidate import DEFAULTS, Batching, Candidate, more_threads, usual_batching
from loadtests.tuning.search import Score, search, worth_confirming
from serving.server.batching_settings import read_settings
from serving.server.flags import parse_flags

CORES = 4


def looked_at(gain_of, *, has_time=lambda: True) -> list[Score]:
    return search(CORES, lambda candidate: Score(candidate, gain_of(candidate)), has_time)


def hill(candidate: Candidate) -> float:
    """Best with batches of 64 on one thread of one op thread, without waiting or padding."""
    each = candidate.batching
    if each is None:
        return 1.0
    gain = 1 + 0.1 * (each.num_batch_threads == 1) + 0.2 * (candidate.intra_op_threads == 1)
    gain += 0.3 * (each.max_batch_size == 64) - 0.2 * bool(each.batch_timeout_micros) - 0.1 * each.is_padded
    return gain - 0.05 * bool(candidate.inter_op_threads)


def test_turns_one_knob_after_the_other_to_the_top_of_a_hill() -> None:
    best = worth_confirming(looked_at(hill))[0]

    assert best == Candidate(Batching(64, 1), more_threads().grpc_max_threads, intra_op_threads=1)


def test_nothing_is_looked_at_twice_and_everything_is_few() -> None:
    scores = looked_at(hill)

    assert len({score.candidate for score in scores}) == len(scores) <= 20


def test_without_time_only_the_usual_is_looked_at() -> None:
    scores = looked_at(hill, has_time=lambda: False)

    assert [score.candidate for score in scores] == [more_threads(), usual_batching(CORES)]


def test_where_batching_gains_nothing_room_for_calls_alone_is_best() -> None:
    scores = looked_at(lambda candidate: 1.0 if candidate.batching else 1.1)

    assert worth_confirming(scores)[0] == more_threads()


def test_less_than_a_step_is_not_followed() -> None:
    scores = looked_at(lambda candidate: 1.01 if candidate.intra_op_threads else 1.0)

    assert any(score.candidate.batching and score.candidate.batching.max_batch_size == 64 for score in scores)
    assert not any(
        score.candidate.intra_op_threads and score.candidate.batching and score.candidate.batching.max_batch_size == 64
        for score in scores
    )


def test_every_candidate_is_one_that_the_model_server_takes(tmp_path: Path) -> None:
    for number, score in enumerate(looked_at(hill)):
        file = tmp_path / f"{number}.config"
        command = parse_flags(score.candidate.flags(file), {})
        assert not command.unknown
        assert not command.ignored
        batching = score.candidate.batching
        assert command.flags.enable_batching == (batching is not None)
        if batching is None:
            continue
        file.write_text(batching.as_text())
        settings = read_settings(file)
        settings.check()
        assert settings.max_batch_size == batching.max_batch_size
        assert settings.num_batch_threads == batching.num_batch_threads
        assert settings.batch_timeout_micros == batching.batch_timeout_micros
        assert settings.allowed_batch_sizes == batching.allowed_batch_sizes
        assert settings.max_enqueued_batches * settings.max_batch_size >= 256


def test_names_are_unique() -> None:
    names = [score.candidate.name for score in looked_at(hill)]

    assert len(set(names)) == len(names)
    assert DEFAULTS.name == "defaults"
    assert DEFAULTS.flags(Path("x")) == []


@pytest.mark.parametrize(("largest", "sizes"), [(1, (1,)), (8, (1, 2, 4, 8)), (12, (1, 2, 4, 8, 12))])
def test_padding_is_to_powers_of_two_and_to_the_largest(largest: int, sizes: tuple[int, ...]) -> None:
    assert Batching(largest, 1, is_padded=True).allowed_batch_sizes == sizes


def test_several_are_worth_confirming_and_room_for_calls_alone_always_is() -> None:
    scores = looked_at(hill)
    worth = worth_confirming(scores)
    assert len(worth) == len(set(worth)) == 4
    assert more_threads() in worth
    gains = {score.candidate: score.gain for score in scores}
    assert [gains[each] for each in worth[:3]] == sorted(gains.values(), reverse=True)[:3]
