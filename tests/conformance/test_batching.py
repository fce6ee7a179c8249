"""Sections 5 and 2.7 of the contract: which requests run together, what they are padded with, and how long they wait."""

import shutil
import time

import grpc
import numpy as np
import pytest

from tests.support.server_calls import RUNS, answer_of, hold, predict_request, sample, start, wait_until

pytestmark = pytest.mark.tensorflow
PREFIX = ":tensorflow:serving:batching_session:"
ARRIVED = f"{PREFIX}input_batch_size_count{{}}"
ONE_AT_A_TIME = "max_batch_size { value: 4 } num_batch_threads { value: 1 } "
MONITORING = 'prometheus_config { enable: true path: "/metrics" }'


@pytest.fixture(scope="module")
def toys(tmp_path_factory, batching_toys):
    """A folder with versions 1 and 2 of `toys`, the same model twice."""
    root = tmp_path_factory.mktemp("batched")
    for version in ("1", "2"):
        shutil.copytree(batching_toys, root / "toys" / version)
    return root


@pytest.fixture(scope="module")
def batch(serve, toys, tmp_path_factory):
    """Start a server of `toys`, both versions, with these BatchingParameters and flags."""
    folder = tmp_path_factory.mktemp("configs")

    def start_server(parameters, *flags):
        folder.joinpath("batching.config").write_text(parameters)
        folder.joinpath("monitoring.config").write_text(MONITORING)
        folder.joinpath("models.config").write_text(
            f'model_config_list {{ config {{ name: "toys" base_path: "{toys / "toys"}" model_platform: "tensorflow"'
            " model_version_policy { all {} } } }"
        )
        return serve(
            f"--model_config_file={folder / 'models.config'}",
            "--enable_batching",
            f"--batching_parameters_file={folder / 'batching.config'}",
            f"--monitoring_config_file={folder / 'monitoring.config'}",
            "--grpc_max_threads=64",
            *flags,
        )

    return start_server


@pytest.fixture(scope="module")
def greedy(batch):
    """One batch of at most 4 rows at a time, padded to 2 or 4; no waiting for company."""
    with batch(ONE_AT_A_TIME + "allowed_batch_sizes: 2 allowed_batch_sizes: 4") as server:
        yield server


def company(value, **choice):
    return predict_request("toys", x=np.float32([value]), **choice)


def test_what_waits_at_the_same_time_runs_together(greedy):
    holding = hold(greedy)
    calls = [start(greedy, company(value)) for value in (1, 2, 4, 8)]
    assert [answer_of(call, "same") for call in calls] == [[1], [2], [4], [8]]
    assert [answer_of(call, "sum") for call in calls] == [[15]] * 4
    assert holding.code() is grpc.StatusCode.OK


def test_requests_of_several_rows_run_together_too_and_get_their_own_rows(greedy):
    holding = hold(greedy)
    calls = [start(greedy, predict_request("toys", x=np.float32(x))) for x in ([1, 2], [4, 8])]
    assert [answer_of(call, "same") for call in calls] == [[1, 2], [4, 8]]
    assert [answer_of(call, "sum") for call in calls] == [[15, 15]] * 2
    assert holding.code() is grpc.StatusCode.OK


def test_padding_repeats_the_first_row_of_the_last_request_and_is_not_answered(greedy):
    before = sample(greedy, f'{PREFIX}padding_size_sum{{execution_batch_size="4"}}')
    call = start(greedy, predict_request("toys", x=np.float32([1, 10, 100])))
    assert answer_of(call, "same") == [1, 10, 100]
    assert answer_of(call, "sum") == [112] * 3
    assert answer_of(call, "rows") == [4] * 3
    assert sample(greedy, f'{PREFIX}padding_size_sum{{execution_batch_size="4"}}') == before + 1


def test_versions_signatures_and_output_filters_never_share_a_batch(greedy):
    holding = hold(greedy)
    requests = [
        company(1, version=1),
        company(2, version=2),
        company(4, version=2, outputs=["sum"]),
        predict_request("toys", "any_rank", x=np.float32([8])),
        predict_request("toys", "only_finite", x=np.float32([16])),
    ]
    calls = [start(greedy, request) for request in requests]
    # Each alone, and padded to two rows with itself.
    assert [answer_of(call, "sum") for call in calls[:3]] == [[2], [4], [8]]
    assert [answer_of(call, "same") for call in calls[3:]] == [[8], [16]]
    assert holding.code() is grpc.StatusCode.OK


def test_the_order_of_an_output_filter_makes_no_queue_of_its_own(greedy):
    holding = hold(greedy)
    calls = [
        start(greedy, company(value, outputs=names)) for value, names in ((1, ["sum", "same"]), (2, ["same", "sum"]))
    ]
    assert [(answer_of(call, "same"), answer_of(call, "sum")) for call in calls] == [([1], [3]), ([2], [3])]
    assert holding.code() is grpc.StatusCode.OK


def test_queues_take_turns(greedy):
    holding = hold(greedy)
    many = [start(greedy, predict_request("toys", "slow", seconds=np.float64([0.2] * 4))) for _ in range(4)]
    few = start(greedy, company(1))
    assert answer_of(few, "same") == [1]
    assert sum(call.done() for call in many) < 4, "a queue that is always full must not starve another"
    assert {call.code() for call in (*many, holding)} == {grpc.StatusCode.OK}


def test_a_batch_that_nobody_waits_for_any_more_is_given_up(greedy):
    exhausted = ':tensorflow:serving:request_count{model_name="toys",status="RESOURCE_EXHAUSTED"}'
    before, holding = sample(greedy, exhausted), hold(greedy)
    late = start(greedy, company(1), seconds=0.2)
    assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert holding.code() is grpc.StatusCode.OK
    wait_until(lambda: sample(greedy, exhausted) == before + 1)


def test_who_gave_up_is_computed_along_with_who_still_waits(greedy):
    holding = hold(greedy)
    late, waiting = start(greedy, company(1), seconds=0.3), start(greedy, company(2))
    assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answer_of(waiting, "sum") == [3]
    assert holding.code() is grpc.StatusCode.OK


def test_batches_are_counted(greedy):
    names = [f"{PREFIX}{name}" for name in ("input_batch_size_sum{}", "processed_batch_size_sum{}")]
    before = [sample(greedy, name) for name in (*names, RUNS)]
    start(greedy, predict_request("toys", x=np.float32([1, 2, 3]))).result()
    after = [sample(greedy, name) for name in (*names, RUNS)]
    assert [later - earlier for earlier, later in zip(before, after, strict=True)] == [3, 4, 1]
    assert sample(greedy, f'{PREFIX}queuing_latency_count{{thread_pool_name=""}}') > 0


@pytest.fixture(scope="module")
def splitting(batch):
    """Requests of up to 8 rows run in parts of up to 2, and shapes are made equal."""
    parameters = (
        "max_batch_size { value: 8 } max_execution_batch_size { value: 2 } enable_large_batch_splitting { value: true } "
        "num_batch_threads { value: 1 } max_enqueued_batches { value: 4 } pad_variable_length_inputs: true"
    )
    with batch(parameters) as server:
        yield server


def test_a_large_request_runs_in_parts_and_is_answered_whole(splitting):
    before = sample(splitting, RUNS)
    call = start(splitting, predict_request("toys", x=np.float32([1, 2, 3, 4, 5])))
    assert answer_of(call, "same") == [1, 2, 3, 4, 5]
    assert answer_of(call, "sum") == [3, 3, 7, 7, 5]
    assert sample(splitting, RUNS) == before + 3


def test_a_part_fills_the_batch_of_another_request(splitting):
    arrived, holding = sample(splitting, ARRIVED), hold(splitting)
    first = start(splitting, company(1))
    # Not before the first one waits: which of two calls arrives first is nobody's promise.
    wait_until(lambda: sample(splitting, ARRIVED) == arrived + 2)
    second = start(splitting, predict_request("toys", x=np.float32([2, 4, 8])))
    assert answer_of(first, "sum") == [3]
    assert answer_of(second, "sum") == [3, 12, 12]
    assert holding.code() is grpc.StatusCode.OK


def test_shapes_grow_to_the_largest_of_the_batch_with_each_requests_own_first_element(splitting):
    holding = hold(splitting)
    calls = [start(splitting, predict_request("toys", "echo", x=np.float32(x))) for x in ([[[1, 2, 3]]], [[[7], [8]]])]
    assert answer_of(calls[0], "text") == [b"1,2,3,1,1,1"]
    assert answer_of(calls[1], "text") == [b"7,7,7,8,7,7"]
    assert holding.code() is grpc.StatusCode.OK


@pytest.fixture(scope="module")
def per_model(serve, batching_toys, tmp_path_factory):
    """`patient` waits a second for company, up to 4 rows; `plain` brings no parameters."""
    root = tmp_path_factory.mktemp("per-model")
    for name in ("patient", "plain"):
        shutil.copytree(batching_toys, root / name / "1")
    own = "max_batch_size { value: 4 } batch_timeout_micros { value: 1000000 }"
    (root / "patient" / "1" / "batching_params.pbtxt").write_text(own)
    (root / "batching.config").write_text("max_batch_size { value: 2 } num_batch_threads { value: 1 }")
    models = "".join(
        f'config {{ name: "{name}" base_path: "{root / name}" model_platform: "tensorflow" }} '
        for name in ("patient", "plain")
    )
    (root / "models.config").write_text(f"model_config_list {{ {models} }}")
    flags = ("--enable_batching", "--enable_per_model_batching_parameters", "--grpc_max_threads=64")
    files = (f"--model_config_file={root / 'models.config'}", f"--batching_parameters_file={root / 'batching.config'}")
    with serve(*flags, *files) as server:
        server.root = root
        yield server


def test_a_version_brings_its_own_parameters(per_model):
    started = time.monotonic()
    calls = [start(per_model, predict_request("patient", x=np.float32([value]))) for value in (1, 2, 4, 8)]
    assert [answer_of(call, "sum") for call in calls] == [[15]] * 4
    started = time.monotonic()
    assert answer_of(start(per_model, predict_request("patient", x=np.float32([1]))), "sum") == [1]
    assert time.monotonic() - started >= 1, "nobody came, and only the clock made it run"


def test_a_version_without_parameters_is_not_batched(per_model):
    answer = start(per_model, predict_request("plain", "any_rank", x=np.float32(5)))
    assert answer_of(answer, "same") == 5.0
    assert answer_of(start(per_model, predict_request("plain", x=np.float32([1] * 9))), "rows") == [9] * 9


def test_a_call_that_waits_for_company_is_answered_though_its_version_is_unloaded(per_model, batching_toys):
    waiting = start(per_model, predict_request("patient", x=np.float32([3])))
    staged = shutil.copytree(batching_toys, per_model.root / "patient" / "staged")
    calls = [waiting]
    staged.rename(per_model.root / "patient" / "2")
    while calls[-1].result().model_spec.version.value == 1:
        calls.append(start(per_model, predict_request("patient", version=None, x=np.float32([3]))))
    assert {call.code() for call in calls} == {grpc.StatusCode.OK}
    assert answer_of(waiting, "same") == [3]
