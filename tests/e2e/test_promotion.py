"""A gateway answers through a promotion and the way back without one failed answer, and the old version waits for it."""

import itertools
import threading

import pytest

from serving.repository import ModelRepository
from serving.repository.availability import ServerGroup
from serving.repository.promotion import Promoter, write_first_config
from serving.repository.rollout import Patience
from tests.support.drawn_faces import drawn_face
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.model_server_process import ModelServerProcess
from tests.support.toy_versions import publish_toy


@pytest.fixture
def repository(tmp_path):
    repository = ModelRepository(tmp_path / "models")
    for _ in range(2):
        publish_toy(repository)
    write_first_config(repository)
    return repository


def test_no_answer_fails_while_a_version_goes_live_and_back(repository):
    flags = [
        f"--model_config_file={repository.directory / 'models.config'}",
        "--model_config_file_poll_wait_seconds=1",
        "--grpc_max_threads=65",
    ]
    photo, stopping, seen = drawn_face(), threading.Event(), []
    with (
        ModelServerProcess(*flags) as server,
        ServerGroup([f"127.0.0.1:{server.port}"]) as group,
        GatewayProcess(repository.directory.parent, f"127.0.0.1:{server.port}") as gateway,
    ):
        options = {"gateways": [f"http://127.0.0.1:{gateway.port}"]}
        promoter = Promoter(repository, group, Patience(grace_seconds=2.0), **options)

        def screen():
            while not stopping.is_set():
                status, answer = gateway.screen(photo)
                seen.append((status, answer.get("model", {}).get("version"), answer.get("code")))

        promoter.promote(1, "A. Person", "the first")
        client = threading.Thread(target=screen)
        client.start()
        try:
            for go, version in (
                (lambda: promoter.promote(2, "A. Person", "better"), 2),
                (lambda: promoter.rollback("A. Person", "worse"), 1),
            ):
                wait_until(lambda: len(seen) > 3)
                go()
                asked = len(seen)
                wait_until(lambda before=asked: len(seen) > before + 3)
                assert seen[-1][1] == version
        finally:
            stopping.set()
            client.join()
    assert {status for status, _, _ in seen} == {200}, [one for one in seen if one[0] != 200]
    versions = [version for _, version, _ in seen]
    changes = [now for before, now in itertools.pairwise(versions) if now != before]
    assert changes == [2, 1]
