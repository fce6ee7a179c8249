"""Promotion step by step, against servers that say what the test wants."""

import contextlib
import json
import multiprocessing
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest

from serving.repository import NotApproved, RecordUnreadable, Statement, VersionDamaged
from serving.repository.availability import ServerGroup
from serving.repository.errors import (
    NothingToRollBackTo,
    PromotionAbandoned,
    PromotionNeeded,
    PromotionRunning,
    PromotionUnfinished,
)
from serving.repository.history import Action
from serving.repository.journal import JOURNAL_NAME
from serving.repository.promotion import Promoter, Step, write_first_config
from serving.repository.promotion_files import PromotionFiles
from serving.repository.promotion_lock import promotion_lock
from serving.repository.rollout import Patience
from tests.support.promoting import QUICK, column, has, journal, lived, served
from tests.support.stub_model_server import StubModelServer
from tests.support.toy_versions import CROPS, publish_small


def test_the_first_version_goes_live_with_one_record(repository, server, promote):
    write_first_config(repository)
    assert served(repository) == ()
    pin = promote(1, server)
    assert repository.pin() == pin
    assert served(repository) == (1,)
    assert journal(repository) is None
    (record,) = [record for record in repository.history() if record.action is Action.PROMOTE]
    assert (record.number, record.digest, record.by, record.why) == (1, repository.digest(1), "A. Person", "a test")
    assert record.details["from"] is None
    (result,) = record.details["servers"].values()
    assert (result["crops"], result["bands_moved"], result["polarity_reversed"]) == (len(CROPS), 0, False)
    assert lived(repository) == [("promote", 1)]


def test_the_next_one_replaces_it_and_the_record_says_from_where(repository, server, promote):
    promote(1, server)
    has(server, 2)
    promote(2, server)
    assert (repository.pin().version, served(repository)) == (2, (2,))
    assert repository.history()[-1].details["from"] == {"version": 1, "digest": repository.digest(1)}


def test_both_versions_are_named_until_the_pin_has_moved(repository, server, promote):
    promote(1, server)
    has(server, 2)
    seen = {}

    def note(step):
        seen[step] = (served(repository), repository.pin().version)

    promote(2, server, observe=note)
    assert list(seen) == list(Step)
    before, both, after = ((1,), 1), ((1, 2), 1), ((1, 2), 2)
    assert list(seen.values()) == [before, before, before, both, both, after, after, ((2,), 2)]


def test_promoting_what_is_live_checks_it_and_records_nothing(repository, server, promote):
    promote(1, server)
    before = repository.history()
    promote(1, server)
    assert repository.history() == before
    server.p_no_depression = column("other")
    with pytest.raises(PromotionUnfinished, match="Version 1 is live, and something is wrong with it"):
        promote(1, server)
    assert (repository.pin().version, served(repository)) == (1, (1,))


def test_a_rollback_returns_the_same_way(repository, server, promote):
    with pytest.raises(NothingToRollBackTo):
        promote.back(server)
    for version in (1, 2, 3):
        has(server, version)
        promote(version, server)
    for version in (2, 1):
        has(server, version)
        assert promote.back(server).version == version
    with pytest.raises(NothingToRollBackTo):
        promote.back(server)
    has(server, 3)
    promote.back(server, to=3)
    assert lived(repository)[3:] == [("rollback", 2), ("rollback", 1), ("rollback", 3)]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda repository: (repository.version_path(2) / "saved_model.pb").write_bytes(b"tampered"), VersionDamaged),
        (lambda repository: repository.refuse(2, Statement("B. Person", "no", {})), NotApproved),
    ],
)
def test_what_may_not_go_live_is_refused_before_anything_changes(repository, server, promote, spoil, error):
    promote(1, server)
    spoil(repository)
    server.version = 2
    with pytest.raises(error):
        promote(2, server)
    assert (repository.pin().version, served(repository), journal(repository)) == (1, (1,), None)


def test_a_version_for_other_crops_or_without_golden_crops_is_refused(repository, server, promote):
    other_crop = publish_small(repository, preprocessing_version="crop-0")
    no_crops = publish_small(repository, golden=None)
    with pytest.raises(PromotionAbandoned, match="expects crops of crop-0"):
        promote(other_crop, server)
    with pytest.raises(PromotionAbandoned, match=r"golden\.npz of version 5 cannot be read"):
        promote(no_crops, server)
    assert not PromotionFiles(repository).served_path.exists()


@pytest.mark.parametrize(("name", "error"), [("saved_model.pb", VersionDamaged), ("manifest.json", PromotionAbandoned)])
def test_a_byte_that_changes_while_the_version_is_loaded_keeps_it_from_going_live(
    repository, server, promote, name, error
):
    path = repository.version_path(1) / name

    def tamper(step):
        if step is Step.ASK:
            # A manifest with the same meaning in other bytes is another digest, which nobody approved.
            path.write_bytes(json.dumps(json.loads(path.read_text())).encode() if name == "manifest.json" else b"x")

    with pytest.raises(error):
        promote(1, server, observe=tamper)
    assert (served(repository), journal(repository), lived(repository)) == ((), None, [("abandon", 1)])


@pytest.mark.parametrize(("kind", "found"), [("other", "bands moved"), ("reversed", "the polarity is reversed")])
def test_wrong_golden_answers_put_everything_back(repository, server, promote, kind, found):
    promote(1, server)
    has(server, 2)
    server.p_no_depression = column(kind)
    with pytest.raises(PromotionAbandoned, match=found):
        promote(2, server)
    assert (repository.pin().version, served(repository), journal(repository)) == (1, (1,), None)
    record = repository.history()[-1]
    assert (record.action, record.number) == (Action.ABANDON, 2)
    assert found in record.why


def test_a_server_without_the_version_keeps_it_from_going_live(repository, server, promote):
    promote(1, server)
    has(server, 2)
    with StubModelServer(1, column()) as behind:
        with pytest.raises(
            PromotionAbandoned, match=rf"{behind.port}: NEVER SEEN.*model_config_file_poll_wait_seconds"
        ):
            promote(2, server, behind)
        assert (repository.pin().version, served(repository)) == (1, (1,))
        has(behind, 2)
        promote(2, server, behind)
    assert len(repository.history()[-1].details["servers"]) == 2


def test_an_address_that_does_not_answer_keeps_it_from_going_live(repository, server, promote):
    with StubModelServer(1, column()) as gone:
        pass
    with pytest.raises(PromotionAbandoned, match=rf"{gone.port}: NO ANSWER \(UNAVAILABLE"):
        promote(1, server, gone)
    assert served(repository) == ()


def test_one_server_that_answers_wrongly_is_enough(server, promote):
    with StubModelServer(1, column("other")) as wrong, pytest.raises(PromotionAbandoned, match=str(wrong.port)):
        promote(1, server, wrong)


def test_an_address_that_appears_meanwhile_is_asked_too(repository, server):
    publish_small(repository)
    answers = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]]

    def lookup(_host, port, **_):
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, 0, 0, "", (address, port)) for address in found]

    refused = pytest.raises(PromotionAbandoned, match=r"127\.0\.0\.2:\d+: NO ANSWER")
    with ServerGroup([f"models:{server.port}"], lookup) as group, refused:
        Promoter(repository, group, QUICK).promote(1, "A. Person", "")


def test_a_busy_server_is_asked_again(repository, server, promote):
    # The first call asks for the state; the next two are golden crops that find no place.
    server.errors = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED]
    promote(1, server, patience=Patience(deadline_seconds=20.0, grace_seconds=0.0))
    assert repository.pin().version == 1


def _hold_the_lock(directory, held, let_go):
    with promotion_lock(directory, "promote 7"):
        held.set()
        let_go.wait()


@contextlib.contextmanager
def another_process_at_work(repository):
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    process = context.Process(target=_hold_the_lock, args=(repository.directory, held, let_go))
    process.start()
    try:
        assert held.wait(60)
        yield process, let_go
    finally:
        process.kill()
        process.join()


def test_only_one_command_is_at_work_and_a_dead_one_holds_nothing(repository, server, promote):
    with another_process_at_work(repository) as (process, let_go):
        with pytest.raises(PromotionRunning, match=rf"promote 7, process {process.pid} on .* since .*--wait-seconds"):
            promote(1, server)
        with pytest.raises(PromotionRunning):
            write_first_config(repository)
        threading.Timer(0.3, let_go.set).start()
        promote(1, server, wait_seconds=30.0)
    with another_process_at_work(repository) as (process, _):
        process.kill()
        process.join()
        promote(1, server)


def test_where_promotions_own_what_is_served_a_pin_alone_is_refused(repository, server, promote):
    promote(1, server)
    with pytest.raises(PromotionNeeded, match="promote 2"):
        repository.set_pin(2)
    assert repository.pin().version == 1


def test_a_pin_from_before_the_first_promotion_is_where_it_starts_from(repository, server, promote):
    repository.set_pin(1)
    write_first_config(repository)
    assert served(repository) == (1,)
    has(server, 2)
    promote(2, server)
    assert repository.history()[-1].details["from"]["version"] == 1


def test_the_servers_own_path_is_kept(repository, server, promote):
    promote(1, server, served_from="/models/toy")
    has(server, 2)
    promote(2, server)
    assert PromotionFiles(repository).read_served().base_path == "/models/toy"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("models.config", b"model_config_list { config { name: 'other' } }"),
        ("models.config", b"{"),
        ("models.config", b"\xff\xfe"),
        (JOURNAL_NAME, b"{"),
        (JOURNAL_NAME, b"\xff\xfe"),
        (JOURNAL_NAME, b"[]"),
        (JOURNAL_NAME, b'{"schema": "symmetra.promotion/1", "action": "promote"}'),
    ],
)
def test_a_file_that_somebody_else_wrote_is_named_and_left_alone(repository, server, promote, name, content):
    promote(1, server)
    (repository.directory / name).write_bytes(content)
    server.version = 2
    with pytest.raises(RecordUnreadable, match=name):
        promote(2, server)
    assert repository.pin().version == 1
    assert (repository.directory / name).read_bytes() == content


class _Gateway(BaseHTTPRequestHandler):
    def do_GET(self):
        answers = self.server.answers
        status, content = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def gateway():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gateway)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_old_version_stays_until_every_gateway_follows(repository, server, promote, gateway):
    promote(1, server)
    has(server, 2)
    url = f"http://127.0.0.1:{gateway.server_port}"
    old = (200, {"model": {"version": 1, "digest": repository.digest(1)}})
    gateway.answers = [(503, {"code": "model_unavailable"}), old]
    with pytest.raises(PromotionUnfinished, match=r"answers with version 1.*run the same command again"):
        promote(2, server, gateways=[url])
    assert (repository.pin().version, served(repository)) == (2, (1, 2))
    gateway.answers = [old, (200, {"model": {"version": 2, "digest": repository.digest(2)}})]
    promote(2, server, gateways=[url])
    assert served(repository) == (2,)
