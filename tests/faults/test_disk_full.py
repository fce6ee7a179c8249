"""The disk of the records full while people are answered: refused with a sentence, nothing acknowledged lost, and on again with room."""

import resource
import sqlite3

import psutil
import pytest

from gateway.records.single_gateway import DatabaseTaken, SingleGateway
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.records import make_records, open_store
from tests.support.stub_model_server import StubModelServer

MOST_BEFORE_FULL = 400
END_OF_TIME = 2**62
ROOM_BYTES = 64 * 1024
"""What the files of the database may grow by; the kernel refuses the rest (RLIMIT_FSIZE), as a full disk does."""


@pytest.fixture
def photo():
    return drawn_face()


def set_limit(gateway, limit_bytes):
    gateway.worker().rlimit(psutil.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))


def screen_until_refused(gateway, photo):
    """Ids of answers until one is refused, and the code of the refusal."""
    answered = []
    for _ in range(MOST_BEFORE_FULL):
        status, body = gateway.screen(photo)
        if status != 200:
            return answered, (status, body["code"])
        answered.append(body["id"])
    raise AssertionError("the disk was never full")


def kept_in(url):
    store = open_store(url)
    kept = [receipt.id for receipt in store.between(0, END_OF_TIME)]
    store.close()
    return kept


def test_a_full_disk_under_sqlite_refuses_and_loses_nothing(tmp_path, photo):
    make_repository(tmp_path)
    settings = make_records(tmp_path)
    path = tmp_path / "receipts.db"
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address, **settings) as gateway:
        assert gateway.screen(photo)[0] == 200
        with pytest.raises(DatabaseTaken):
            SingleGateway(settings["records_url"])
        largest = max(each.stat().st_size for each in tmp_path.glob("receipts.db*"))
        set_limit(gateway, largest + ROOM_BYTES)
        answered, refusal = screen_until_refused(gateway, photo)
        assert refusal == (503, "records_unavailable")
        assert gateway.request("GET", "/readyz")[0] == 200
        set_limit(gateway, resource.RLIM_INFINITY)
        status, body = gateway.screen(photo)
        assert status == 200
        answered.append(body["id"])
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = kept_in(settings["records_url"])
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept)) == len(answered) + 1, (
        "the first one was before the limit; what was refused left nothing"
    )


@pytest.mark.needs_system("postgres")
def test_a_full_journal_disk_refuses_and_loses_nothing(tmp_path, postgresql, photo):
    make_repository(tmp_path)
    url = postgresql.new_database()
    settings = make_records(tmp_path, url=url)
    spooling = {"records_when_away": "spool", "records_journal_file": tmp_path / "journal"}
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address, **settings, **spooling) as gateway:
        assert gateway.screen(photo)[0] == 200
        set_limit(gateway, ROOM_BYTES)
        postgresql.kill()
        try:
            answered, refusal = screen_until_refused(gateway, photo)
        finally:
            postgresql.start()
        assert refusal == (503, "records_unavailable")
        assert len(answered) > 10
        set_limit(gateway, resource.RLIM_INFINITY)
        gateway.kill()
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address, **settings, **spooling):
        wait_until(lambda: (tmp_path / "journal").stat().st_size == 0)
    assert kept_in(url)[1:] == answered
    postgresql.drop(url)
