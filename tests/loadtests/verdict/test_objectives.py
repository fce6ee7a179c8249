"""What a run is held to: the site's own file, or words of a command line."""

from pathlib import Path

import pytest

from loadtests.errors import ObjectivesUnusable
from loadtests.verdict.objectives import LatencyObjective, parse_latency, read_objectives, with_latency


def test_the_site_s_own_file_is_read_as_it_is() -> None:
    objectives = read_objectives()
    assert objectives.availability == 0.995
    assert objectives.latency == (LatencyObjective("usual", 0.95, 1.0), LatencyObjective("slowest", 0.99, 5.0))
    assert objectives.wrong_answers == 0


def test_words_of_the_command_line_take_the_place_of_the_file_s_latency() -> None:
    objectives = with_latency(read_objectives(), ["p95=250ms", "p99.9=1.5s"])
    assert [(each.share, each.within_seconds) for each in objectives.latency] == [
        (0.95, 0.25),
        (pytest.approx(0.999), 1.5),
    ]
    assert objectives.latency[0].words == "p95 <= 250 ms"
    assert with_latency(read_objectives(), []) == read_objectives()


@pytest.mark.parametrize("word", ["95=250ms", "p95=250", "p95<250ms", "p0=1s", "p95=0ms", "p100=1s", ""])
def test_a_word_that_says_no_objective_is_refused(word: str) -> None:
    with pytest.raises(ObjectivesUnusable, match="p95=250ms"):
        parse_latency(word)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"schema": "symmetra.slo/2"}', '{"schema": "symmetra.slo/1"}'])
def test_a_file_without_objectives_is_refused_with_a_sentence(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "slo.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ObjectivesUnusable, match="holds no objectives"):
        read_objectives(path)
