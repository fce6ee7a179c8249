"""What workers record adds up to what one would have recorded, and survives the way to the master."""

from hypothesis import given
from hypothesis import strategies as st

from loadtests.run.format import OUTCOMES, USER_TYPES
from loadtests.run.recording import Ended, Recording, Said, severity_bin
from monitoring.severity_bins import severity_bin as severity_bin_of_the_gateway

SAID = st.none() | st.builds(
    Said,
    severity_ppm=st.none() | st.integers(0, 1_000_000),
    band=st.sampled_from([None, "none", "abstained"]),
    problem=st.sampled_from([None, "no_face"]),
    model_version=st.sampled_from([None, "1", "2"]),
    expected_ppm=st.none() | st.integers(0, 1_000_000),
    checked=st.booleans(),
)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(USER_TYPES),
        st.floats(0, 30),
        st.floats(0, 0.01),
        st.floats(0.02, 9),
        st.sampled_from(OUTCOMES),
        SAID,
    ),
    max_size=30,
)


def record(recording: Recording, requests: list) -> None:
    recording.expect(due for _, due, *_ in requests)
    for user_type, due, late, took, outcome, said in requests:
        recording.start(due, due + late)
        recording.end(Ended(user_type, due, due + took, outcome, "200" if took < 5 else None, said))


@given(st.lists(REQUESTS, min_size=1, max_size=5))
def test_the_sum_of_recordings_is_the_recording_of_all(parts: list[list]) -> None:
    merged, union = Recording(), Recording()
    for part in parts:
        one = Recording()
        record(one, part)
        merged.add(Recording.load(one.dump()))
        record(union, part)
    assert merged.series() == union.series()
    assert merged.latency_figures() == union.latency_figures()
    assert merged.answer_figures() == union.answer_figures()
    assert (merged.outcomes, merged.statuses, merged.late) == (union.outcomes, union.statuses, union.late)


@given(REQUESTS)
def test_a_series_accounts_for_every_request(requests: list) -> None:
    recording = Recording()
    record(recording, requests)
    rows = recording.series()
    assert sum(row.wanted for row in rows) == sum(row.started for row in rows) == sum(row.ended for row in rows)
    assert all(row.ok + row.errors == row.ended and row.in_flight >= 0 for row in rows)
    assert [row.second for row in rows] == list(range(len(rows)))
    assert not rows or rows[-1].in_flight == 0


@given(st.integers(0, 1_000_000))
def test_severities_fall_into_the_bins_of_the_gateways_metric(severity_ppm: int) -> None:
    assert severity_bin(severity_ppm) == severity_bin_of_the_gateway(severity_ppm)
