import dataclasses
import errno

import pytest

from gateway.errors import DemoModelRefused, ModelIncompatible, ModelNotPinned, ModelPinInvalid
from gateway.pin import PinnedModel, PinReader
from serving.contract.model import CropSpec, Evidence
from serving.contract.policy import Policy
from serving.contract.severity import Thresholds
from serving.repository import ModelRepository
from tests.support.gateway import DIGEST, LIMITS, make_contract, make_repository, write_pin, write_policy


@pytest.fixture
def changes():
    return []


def reader_of(repository, changes, *, allow_demo=True):
    return PinReader(repository, allow_demo=allow_demo, on_change=changes.append)


def test_the_pin_says_which_version_with_which_contract_and_policy(tmp_path, changes):
    model = reader_of(make_repository(tmp_path), changes).current()
    assert (model.name, model.version, model.digest) == ("depression_severity", 3, DIGEST)
    assert model.contract.limits == LIMITS
    assert model.policy == Policy()


def test_a_change_counts_at_once_and_is_told_once(tmp_path, changes):
    repository = make_repository(tmp_path)
    pins = reader_of(repository, changes)
    assert [pins.current().version for _ in range(3)] == [3, 3, 3]
    write_pin(repository, make_contract(version=4))
    assert [pins.current().version for _ in range(3)] == [4, 4, 4]
    policy = Policy(number=2, thresholds=Thresholds(200_000, 500_000))
    write_policy(repository, policy)
    assert pins.current().policy == policy
    assert [change.version for change in changes] == [3, 4, 4]


def test_without_a_pin_there_is_no_model_until_there_is_one(tmp_path, changes):
    pins = reader_of(ModelRepository(tmp_path), changes)
    with pytest.raises(ModelNotPinned):
        pins.current()
    make_repository(tmp_path)
    assert pins.current().version == 3


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"schema": "symmetra.pin/2"}', "\udcff"])
@pytest.mark.parametrize("name", ["pin.json", "policy.json"])
def test_a_record_that_cannot_be_trusted_is_not_served(tmp_path, changes, name, content):
    repository = make_repository(tmp_path)
    pins = reader_of(repository, changes)
    pins.current()
    (repository.directory / name).write_bytes(content.encode(errors="surrogateescape"))
    for _ in range(2):
        with pytest.raises(ModelPinInvalid):
            pins.current()


def test_another_preprocessing_gets_no_traffic(tmp_path, changes):
    repository = make_repository(tmp_path, crop=CropSpec(preprocessing_version="crop-0"))
    with pytest.raises(ModelIncompatible):
        reader_of(repository, changes).current()
    assert [type(change) for change in changes] == [ModelIncompatible]


def test_a_demo_is_served_only_where_it_is_allowed(tmp_path, changes):
    repository = make_repository(tmp_path)
    with pytest.raises(DemoModelRefused):
        reader_of(repository, changes, allow_demo=False).current()
    assert reader_of(repository, changes, allow_demo=True).current().version == 3


def test_a_demo_that_is_pinned_while_running_is_not_served_either(tmp_path, changes):
    repository = make_repository(tmp_path, evidence=Evidence.RESEARCH)
    pins = reader_of(repository, changes, allow_demo=False)
    assert pins.current().version == 3
    write_pin(repository, make_contract(version=4))
    for _ in range(2):
        with pytest.raises(DemoModelRefused):
            pins.current()
    write_pin(repository, dataclasses.replace(make_contract(version=5), evidence=Evidence.SITE_VALIDATED))
    assert pins.current().version == 5


def test_a_read_that_failed_once_is_tried_again_at_the_next_request(tmp_path, changes, monkeypatch):
    repository = make_repository(tmp_path)
    read = repository.pin
    failures = [OSError(errno.EMFILE, "Too many open files")] * 2

    def pin():
        if failures:
            raise failures.pop()
        return read()

    monkeypatch.setattr(repository, "pin", pin)
    pins = reader_of(repository, changes)
    for _ in range(2):
        with pytest.raises(ModelPinInvalid):
            pins.current()
    assert pins.current().version == 3
    assert [type(change) for change in changes] == [ModelPinInvalid, PinnedModel]
