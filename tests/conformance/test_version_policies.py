"""Section 3 of the contract: which directories are versions, and which of them a policy serves."""

import shutil
import time

import grpc
import pytest

from tests.support.reloads import (
    WAIT_SECONDS,
    answering,
    entry,
    predict_request,
    reload,
    specific,
    states,
    wait_for_states,
    wait_until,
)
from tests.support.server_under_test import status_of

pytestmark = pytest.mark.tensorflow
ALL = "model_version_policy { all {} }"


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "models"
    path.mkdir()
    return path


@pytest.fixture
def add(base, toy_models):
    """Put a version of the toys, 1 by default, below the base path at once, as publishing does."""

    def add_version(name, source=1):
        shutil.copytree(toy_models / "toys" / str(source), base / "tmp-new")
        (base / "tmp-new").rename(base / name)

    return add_version


def test_names_that_are_numbers_are_versions(changing_server, base, add):
    for name in ("00000123", "+5", "0", "-3", "1.tmp", "v2", "tmp-9", "99999999999999999999"):
        add(name)
    reload(changing_server, entry("policy-names", base, ALL))
    wait_for_states(changing_server, "policy-names", *((number, "AVAILABLE") for number in (123, 5, 0, -3)))
    assert answering(changing_server, "policy-names") == 123
    assert answering(changing_server, "policy-names", version=0) == 0
    assert answering(changing_server, "policy-names", version=-3) == -3


def test_of_two_directories_with_one_number_the_later_name_is_served(changing_server, base, add):
    add("01", 2)
    add("1", 1)
    reload(changing_server, entry("policy-twice", base))
    answer = changing_server.predictions.Predict(predict_request("policy-twice"), timeout=WAIT_SECONDS)
    assert answer.model_spec.version.value == 1
    assert answer.outputs["y"].float_val[0] == 2.5


def test_the_latest_is_the_highest_number_and_the_only_one(changing_server, base, add):
    for name in ("9", "10"):
        add(name)
    reload(changing_server, entry("policy-latest", base))
    assert states(changing_server, "policy-latest") == [(10, "AVAILABLE")]


def test_the_latest_two(changing_server, base, add):
    for name in ("1", "2", "3"):
        add(name)
    reload(changing_server, entry("policy-two", base, "model_version_policy { latest { num_versions: 2 } }"))
    wait_for_states(changing_server, "policy-two", (3, "AVAILABLE"), (2, "AVAILABLE"))


def test_latest_of_nothing_is_latest_of_one(changing_server, base, add):
    for name in ("1", "2"):
        add(name)
    reload(changing_server, entry("policy-zero", base, "model_version_policy { latest { num_versions: 0 } }"))
    assert states(changing_server, "policy-zero") == [(2, "AVAILABLE")]


def test_specific_versions_where_they_exist(changing_server, base, add):
    for name in ("1", "2", "3"):
        add(name)
    reload(changing_server, entry("policy-specific", base, specific(1, 3, 8)))
    wait_for_states(changing_server, "policy-specific", (3, "AVAILABLE"), (1, "AVAILABLE"))
    add("8")
    wait_for_states(changing_server, "policy-specific", *((number, "AVAILABLE") for number in (8, 3, 1)))


def test_no_specific_version_is_none_at_all(changing_server, base, add):
    add("1")
    reload(changing_server, entry("policy-none", base))
    reload(changing_server, entry("policy-none", base, "model_version_policy { specific {} }"))
    wait_for_states(changing_server, "policy-none", (1, "END"))


def test_another_policy_loads_and_unloads(changing_server, base, add):
    for name in ("1", "2"):
        add(name)
    reload(changing_server, entry("policy-change", base))
    reload(changing_server, entry("policy-change", base, specific(1, 2)))
    wait_for_states(changing_server, "policy-change", (2, "AVAILABLE"), (1, "AVAILABLE"))
    reload(changing_server, entry("policy-change", base, specific(1)))
    wait_for_states(changing_server, "policy-change", (2, "END"), (1, "AVAILABLE"))
    assert answering(changing_server, "policy-change") == 1


def test_deleting_the_newest_rolls_back_and_deleting_all_unloads(changing_server, base, add):
    for name in ("1", "2"):
        add(name)
    reload(changing_server, entry("policy-delete", base))
    shutil.rmtree(base / "2")
    wait_for_states(changing_server, "policy-delete", (2, "END"), (1, "AVAILABLE"))
    shutil.rmtree(base / "1")
    wait_for_states(changing_server, "policy-delete", (2, "END"), (1, "END"))
    call = changing_server.predictions.Predict
    assert status_of(lambda: call(predict_request("policy-delete"), timeout=WAIT_SECONDS)) == (
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Latest(policy-delete)",
    )


def test_a_half_copied_version_ends_and_is_not_tried_again_when_it_is_whole(changing_server, base, add, toy_models):
    add("1")
    reload(changing_server, entry("policy-half", base))
    (base / "3").mkdir()
    wait_for_states(changing_server, "policy-half", (3, "END"), (1, "AVAILABLE"))
    shutil.copytree(toy_models / "toys" / "2", base / "3", dirs_exist_ok=True)
    add("4", 3)
    wait_until(lambda: (4, "AVAILABLE") in states(changing_server, "policy-half"))
    wait_for_states(changing_server, "policy-half", (4, "AVAILABLE"), (3, "END"), (1, "END"))


def test_files_replaced_inside_a_loaded_version_change_nothing(changing_server, base, add, toy_models):
    add("1", 1)
    reload(changing_server, entry("policy-replaced", base))
    weights = base / "1" / "variables" / "variables.data-00000-of-00001"
    weights.write_bytes((toy_models / "toys" / "2" / "variables" / weights.name).read_bytes())
    # The manager has looked again once another version answers.
    add("0")
    reload(changing_server, entry("policy-replaced", base), entry("policy-beside", base, specific(0)))
    answer = changing_server.predictions.Predict(predict_request("policy-replaced"), timeout=WAIT_SECONDS)
    assert (answer.model_spec.version.value, answer.outputs["y"].float_val[0]) == (1, 2.5)


def test_a_session_bundle_is_named(changing_server, base):
    (base / "1").mkdir()
    (base / "1" / "export.meta").touch()
    code, words = status_of(lambda: reload(changing_server, entry("policy-bundle", base)))
    assert code is grpc.StatusCode.UNKNOWN
    assert "due to error: UNIMPLEMENTED: Session Bundle is deprecated and removed." in words


def test_a_base_path_that_goes_missing_unloads_nothing_and_holds_up_every_model(
    changing_server, base, add, tmp_path, toy_models
):
    add("1")
    other = tmp_path / "other"
    shutil.copytree(toy_models / "toys" / "1", other / "1")
    reload(changing_server, entry("policy-away", base), entry("policy-held", other))
    base.rename(tmp_path / "away")
    (other / "2").symlink_to(toy_models / "toys" / "2")
    # Longer than two looks, in which nothing may happen.
    time.sleep(2.2)
    assert states(changing_server, "policy-away") == [(1, "AVAILABLE")]
    assert states(changing_server, "policy-held") == [(1, "AVAILABLE")]
    (tmp_path / "away").rename(base)
    wait_for_states(changing_server, "policy-held", (2, "AVAILABLE"), (1, "END"))
