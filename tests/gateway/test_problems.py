import re

import grpc
import pytest
from werkzeug.exceptions import HTTPException, default_exceptions

from gateway import errors
from gateway.problems import KINDS, TYPE_PREFIX, Problem, all_codes, kind_of, leaves
from gateway.upstream.statuses import ERRORS, RESULTS
from monitoring.metrics import MODEL_CALLS, STATUSES
from serving.contract import errors as contract

CALLERS_FAULT = [contract.PhotoError, errors.RequestError, errors.AccessError]
ALL_CLASSES = [
    leaf
    for root in (contract.ContractError, errors.GatewayError)
    for leaf in leaves(root)
    if not issubclass(leaf, errors.StartRefused)
]


@pytest.mark.parametrize("error_class", ALL_CLASSES, ids=lambda each: each.__name__)
def test_every_error_has_a_row_and_a_caller_can_tell_fault_from_failure(error_class):
    status = kind_of(error_class).status
    is_callers_fault = any(issubclass(error_class, root) for root in CALLERS_FAULT)
    assert (400 <= status < 500) == is_callers_fault
    assert (500 <= status < 600) != is_callers_fault


@pytest.mark.parametrize("error_class", ALL_CLASSES, ids=lambda each: each.__name__)
def test_every_error_becomes_a_complete_problem_without_its_inside(error_class):
    error = error_class()
    error.__cause__ = ValueError("zq-cause")
    problem = Problem.of(error, "some-id").as_json()
    assert re.fullmatch(re.escape(TYPE_PREFIX) + r"[a-z_]+", problem["type"])
    assert problem["type"] == TYPE_PREFIX + problem["code"]
    assert problem["instance"] == "urn:uuid:some-id"
    assert all(problem[member] for member in ("title", "status", "detail", "advice"))
    assert "zq-cause" not in str(problem)


def test_every_code_is_the_code_of_one_class():
    codes = [leaf.code for leaf in ALL_CLASSES]
    assert len(codes) == len(set(codes))
    assert set(all_codes()) <= set(codes)


def test_the_table_names_no_class_that_is_gone_or_beside_the_trees():
    assert all(issubclass(each, (contract.ContractError, errors.GatewayError)) for each in KINDS)


def test_statuses_of_photo_problems():
    assert kind_of(contract.PhotoTooLarge).status == 413
    assert kind_of(contract.PhotoUnsupported).status == 415
    others = set(leaves(contract.PhotoError)) - {contract.PhotoTooLarge, contract.PhotoUnsupported}
    assert {kind_of(each).status for each in others} == {422}


def test_every_status_of_the_table_is_known_to_the_metrics():
    assert {str(kind.status) for kind in KINDS.values()} <= set(STATUSES)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK], ids=str)
def test_every_grpc_status_has_a_name_of_ours(code):
    assert issubclass(ERRORS[code], errors.PredictorError)
    assert RESULTS[ERRORS[code]] in MODEL_CALLS


def test_our_bugs_are_never_the_callers():
    assert kind_of(ERRORS[grpc.StatusCode.INVALID_ARGUMENT]).status == 500
    assert kind_of(ERRORS[grpc.StatusCode.DEADLINE_EXCEEDED]).status == 504
    assert kind_of(ERRORS[grpc.StatusCode.UNAVAILABLE]).status == 503
    assert kind_of(ERRORS[grpc.StatusCode.RESOURCE_EXHAUSTED]).status == 503
    assert kind_of(ERRORS[grpc.StatusCode.NOT_FOUND]).status == 503


@pytest.mark.parametrize("status", sorted(default_exceptions))
def test_every_error_of_the_framework_becomes_one_of_ours(status):
    problem = Problem.of(default_exceptions[status]("a secret description"), "id").as_json()
    assert problem["status"] // 100 == status // 100
    assert problem["code"] in all_codes()
    assert "secret" not in str(problem)


def test_an_unforeseen_error_says_nothing_of_itself():
    problem = Problem.of(RuntimeError("the photo's bytes"), "id").as_json()
    assert problem["code"] == "internal_error"
    assert problem["status"] == 500
    assert "bytes" not in str(problem)
    assert Problem.of(HTTPException("odd"), "id").kind.status == 500


def test_only_where_trying_again_helps_it_is_said_when():
    assert Problem.of(errors.QueueFull(), "id").headers == {"Retry-After": "1"}
    for estimate, said in ((0.0, "1"), (2.1, "3"), (60.0, "60"), (1e9, "60"), (float("inf"), "60")):
        assert Problem.of(errors.QueueFull(retry_after_seconds=estimate), "id").headers == {"Retry-After": said}
    assert Problem.of(errors.PredictorUnavailable(), "id").headers["Retry-After"]
    assert Problem.of(errors.PredictorBusy(), "id").headers["Retry-After"]
    assert Problem.of(contract.NoFace(), "id").headers == {}
