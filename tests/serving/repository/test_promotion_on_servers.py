"""Promotion and rollback through real model server processes that poll `models.config`."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

from serving.repository import ModelRepository, PromotionAbandoned
from serving.repository.availability import ServerGroup
from serving.repository.promotion import Promoter, write_first_config
from serving.repository.rollout import Patience
from serving.wire.errors import CallFailed
from tests.support.model_server_process import PROJECT, ModelServerProcess
from tests.support.promoting import journal, lived, served
from tests.support.toy_versions import CROPS, p_of, publish_toy

QUICK = Patience(deadline_seconds=60.0, notice_seconds=5.0, grace_seconds=0.0)
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def polling(tmp_path_factory):
    """A server that polls `current/models.config`, where `current` leads to the repository of the test that runs."""
    folder = tmp_path_factory.mktemp("polling")
    (folder / "nothing").mkdir()
    (folder / "nothing" / "models.config").touch()
    (folder / "current").symlink_to(folder / "nothing")
    flags = [
        f"--model_config_file={folder / 'current' / 'models.config'}",
        "--model_config_file_poll_wait_seconds=1",
        "--max_num_load_retries=0",
    ]
    with ModelServerProcess(*flags) as server:
        server.current = folder / "current"
        yield server


@pytest.fixture
def repository(polling, tmp_path):
    """An empty one that the server polls; of a model of its own, since a server remembers the versions of a model."""
    repository = ModelRepository(tmp_path / "models", f"toy-{next(NUMBERS)}")
    write_first_config(repository)
    follow = tmp_path / "current"
    follow.symlink_to(repository.directory)
    follow.replace(polling.current)
    return repository


@pytest.fixture
def promoter(repository, polling):
    with ServerGroup([f"127.0.0.1:{polling.port}"]) as group:
        yield Promoter(repository, group, QUICK)


def answers(server, repository, kind="right"):
    """Whether the pinned version answers as that kind does."""
    version = repository.pin().version
    prediction = server.client.predict(repository.model_name, version, {"crop": CROPS}, 30.0)
    p = prediction.outputs["p_no_depression"].reshape(-1)
    return prediction.version == version and bool(np.abs(p - p_of(CROPS, kind)).max() < 1e-3)


def test_a_first_version_a_second_and_back(repository, promoter, polling):
    publish_toy(repository)
    publish_toy(repository, "other", golden="other")
    assert promoter.promote(1, "A. Person", "").version == 1
    assert answers(polling, repository)
    promoter.promote(2, "A. Person", "")
    assert answers(polling, repository, "other")
    with pytest.raises(CallFailed, match="NOT_FOUND"):
        polling.client.predict(repository.model_name, 1, {"crop": CROPS}, 30.0)
    promoter.rollback("A. Person", "")
    assert answers(polling, repository)
    assert served(repository) == (1,)
    assert lived(repository) == [("promote", 1), ("promote", 2), ("rollback", 1)]


def test_versions_that_answer_wrongly_or_cannot_be_loaded_never_go_live(repository, promoter, polling):
    publish_toy(repository)
    promoter.promote(1, "A. Person", "")
    for kind, found in (("other", "bands moved"), ("reversed", "polarity is reversed"), ("broken", "cannot be loaded")):
        version = publish_toy(repository, kind)
        with pytest.raises(PromotionAbandoned, match=found):
            promoter.promote(version, "A. Person", "")
        assert (repository.pin().version, served(repository), journal(repository)) == (1, (1,), None)
        assert answers(polling, repository)


def test_a_server_that_does_not_poll_keeps_a_version_from_going_live(repository, promoter, polling):
    publish_toy(repository)
    publish_toy(repository)
    promoter.promote(1, "A. Person", "")
    with ModelServerProcess(f"--model_config_file={repository.directory / 'models.config'}") as deaf:
        with ServerGroup([f"127.0.0.1:{server.port}" for server in (polling, deaf)]) as group:
            impatient = Patience(deadline_seconds=4.0, grace_seconds=0.0)
            with pytest.raises(PromotionAbandoned, match=rf"127\.0\.0\.1:{deaf.port}: NEVER SEEN.*poll_wait_seconds"):
                Promoter(repository, group, impatient).promote(2, "A. Person", "")
        for server in (polling, deaf):
            assert answers(server, repository)
    assert (repository.pin().version, served(repository)) == (1, (1,))


def test_of_two_commands_at_once_one_waits_and_both_complete(repository, promoter, polling):
    for _ in range(3):
        publish_toy(repository)
    promoter.promote(1, "A. Person", "")
    command = [sys.executable, "-m", "serving.repository", "promote"]
    options = [
        f"--root={repository.directory.parent}",
        f"--model={repository.model_name}",
        f"--server=127.0.0.1:{polling.port}",
        "--grace-seconds=0",
        "--wait-seconds=60",
    ]
    started = [
        subprocess.Popen([*command, version, *options], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for version in ("2", "3")
    ]
    told = [process.communicate()[0].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    went = lived(repository)
    assert sorted(went[1:]) == [("promote", 2), ("promote", 3)]
    assert (repository.pin().version, served(repository)) == (went[-1][1], (went[-1][1],))
    origin = json.loads((repository.directory / "history.jsonl").read_text().splitlines()[-1])["details"]["from"]
    assert origin["version"] == went[-2][1]
