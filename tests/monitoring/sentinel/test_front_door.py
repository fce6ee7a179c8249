"""The sentinel's way in, over real TLS and HTTP."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.scenarios.front_door import TlsFrontDoor
from monitoring.sentinel import front_door
from monitoring.sentinel.errors import NoAnswer, PauseFailed, SettingInvalid
from monitoring.sentinel.front_door import FrontDoor
from serving.local.ports import find_free_port
from tests.support.certificates import make_authority, make_certificate


class Site:
    """What is behind the door: answers as told and remembers what it was asked."""

    def __init__(self):
        self.status, self.body = 200, b'{"band": "none"}'
        self.requests = []
        self.hangs = threading.Event()
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.requests.append((self.path, dict(self.headers), body))
                if told.hangs.is_set():
                    time.sleep(0.5)
                self.send_response(told.status)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site():
    behind = Site()
    yield behind
    behind.close()


@pytest.fixture
def tls(site, tmp_path):
    make_authority(tmp_path, "authority")
    make_certificate(tmp_path, "front", "authority")
    make_certificate(tmp_path, "over", "authority", days=-1)
    with TlsFrontDoor(site.port, tmp_path / "front.pem", tmp_path / "front.key") as door:
        yield door


def test_a_photo_is_sent_as_sentinel_traffic_with_the_key(site):
    reply = FrontDoor(f"http://127.0.0.1:{site.port}/symmetra", None).screen(b"photo", "sym_key")
    assert (reply.status, reply.content) == (200, {"band": "none"})
    path, headers, body = site.requests[0]
    assert (path, body) == ("/symmetra/v1/screenings", b"photo")
    assert headers["X-API-Key"] == "sym_key"
    assert headers["X-Traffic-Class"] == "sentinel"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_a_body_that_is_no_object_is_an_empty_one(site, body):
    site.body = body
    assert FrontDoor(f"http://127.0.0.1:{site.port}", None).screen(b"photo", "key").content == {}


def test_a_certificate_of_the_sites_own_authority_is_trusted_and_its_end_known(tls, tmp_path):
    door = FrontDoor(tls.url, tmp_path / "authority.pem")
    assert door.screen(b"photo", "key").status == 200
    assert door.certificate_expires_seconds() == pytest.approx(time.time() + 2 * 86_400, abs=300)
    assert door.target == f"localhost:{tls.port}"


def test_a_certificate_that_is_over_lets_nothing_through_and_its_end_is_still_known(tls, tmp_path):
    door = FrontDoor(tls.url, tmp_path / "authority.pem")
    tls.show(tmp_path / "over.pem", tmp_path / "over.key")
    with pytest.raises(NoAnswer, match="certificate_invalid"):
        door.screen(b"photo", "key")
    assert door.certificate_expires_seconds() < time.time()


def test_a_certificate_of_somebody_else_is_not_trusted(tls, site):
    with pytest.raises(NoAnswer, match="certificate_invalid"):
        FrontDoor(tls.url, None).screen(b"photo", "key")
    assert site.requests == []


def test_nobody_there_and_somebody_who_never_answers_are_told_apart(site, monkeypatch):
    with pytest.raises(NoAnswer, match="no_connection"):
        FrontDoor(f"http://127.0.0.1:{find_free_port()}", None).screen(b"photo", "key")
    monkeypatch.setattr(front_door, "DEADLINE_SECONDS", 0.1)
    site.hangs.set()
    with pytest.raises(NoAnswer, match="timed_out"):
        FrontDoor(f"http://127.0.0.1:{site.port}", None).screen(b"photo", "key")


def test_without_tls_no_certificate_is_spoken_of(site):
    assert FrontDoor(f"http://127.0.0.1:{site.port}", None).certificate_expires_seconds() is None


def test_authorities_that_cannot_be_read_are_a_sentence(tmp_path):
    with pytest.raises(SettingInvalid, match="nowhere"):
        FrontDoor("https://localhost", tmp_path / "nowhere.pem")


def test_a_pause_is_the_operators_own_and_anything_but_the_redirect_is_none(site):
    door = FrontDoor(f"http://127.0.0.1:{site.port}", None)
    site.status = 303
    door.pause("sym_operate")
    path, headers, body = site.requests[0]
    assert (path, body, headers["X-API-Key"]) == ("/operator/pause", b"cause=odd_answers", "sym_operate")
    site.status, site.body = 409, json.dumps({}).encode()
    with pytest.raises(PauseFailed, match="status 409"):
        door.pause("sym_operate")
