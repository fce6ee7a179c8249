"""A real gateway process with real detectors, asked over real sockets; only the model is a stub."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from serving.contract.photo import DEFAULT_LIMITS
from tests.support.drawn_faces import drawn_face, drawn_face_of_size
from tests.support.gateway import VERSION, make_contract, make_repository, multipart, write_pin
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.hostile_photos import refused_photos
from tests.support.stub_model_server import StubModelServer

MEBIBYTE = 1024 * 1024
STALLED = 200


@pytest.fixture(scope="module")
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return make_repository(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def gateway(repository, stub):
    settings = {"read_timeout_seconds": 3, "body_deadline_seconds": 3, "header_timeout_seconds": 1}
    with GatewayProcess(repository.directory.parent, stub.address, **settings) as process:
        yield process


@pytest.fixture(autouse=True)
def default_answer(stub):
    stub.p_no_depression = np.float32(0.5)
    stub.go_on.set()


def test_a_drawn_face_is_answered_with_the_crop_that_the_model_received(gateway, stub):
    status, answer = gateway.screen(drawn_face())
    assert status == 200
    assert (answer["band"], answer["model"]["version"]) == ("mild", VERSION)
    assert stub.crops[-1].shape == (1, 128, 128, 3)
    assert set(answer["timings_seconds"]) == {"upload", "queue", "decode", "face", "predict", "total"}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_band_edges_hold_from_the_wire_to_the_answer(gateway, stub, kind):
    expected = {
        kind(0.7): "none",
        np.nextafter(kind(0.7), kind(0)): "none",
        kind(0.7 - 1e-6): "mild",
        kind(0.4): "mild",
        np.nextafter(kind(0.4), kind(0)): "mild",
        kind(0.4 - 1e-6): "high",
        kind(0): "high",
        kind(1): "none",
    }
    for p, band in expected.items():
        stub.p_no_depression = p
        status, answer = gateway.screen(drawn_face())
        assert (status, answer["band"]) == (200, band), repr(p)
        assert answer["p_no_depression"] == float(p)
    for p in (kind("nan"), kind("inf"), -kind("inf")):
        stub.p_no_depression = p
        status, problem = gateway.screen(drawn_face())
        assert (status, problem["code"]) == (500, "model_answer_invalid")


def test_hostile_uploads_are_refused_by_name_in_bounded_memory(gateway, record_property):
    """Bound: what it held before, the decoding budget, the uploads in flight, and an allowance for the allocator."""
    photos = refused_photos()
    assert len(photos) >= 200
    worker = gateway.worker()
    before = worker.memory_info().rss
    bound = before + DEFAULT_LIMITS.max_decoded_bytes_in_flight + 8 * 10 * MEBIBYTE + 64 * MEBIBYTE
    clients = 8

    def send(item):
        number, (name, (photo, code)) = item
        answers = [gateway.screen(photo)]
        if number % 2:
            answers.append(gateway.screen(*multipart(("photo", "upload", photo))))
        return name, code, answers

    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(send, enumerate(photos.items())))
    for name, code, both in answers:
        for status, problem in both:
            assert 400 <= status < 500, (name, problem)
            assert (problem["status"], problem["code"]) == (status, code), (name, problem)
            assert problem["type"] == f"urn:symmetra:problem:v1:{code}"
    assert gateway.worker().pid == worker.pid
    peak = peak_bytes(worker)
    record_property("peak_mebibytes", peak / MEBIBYTE)
    print(f"{len(photos)} uploads, every other one twice, {clients} at once: {before / MEBIBYTE:.0f} MiB before,"
          f" peak {peak / MEBIBYTE:.0f} MiB, bound {bound / MEBIBYTE:.0f} MiB")  # fmt: skip
    assert peak < bound


def peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("size", [400 * 1024, 600 * 1024, 9 * MEBIBYTE])
def test_chunked_bodies_are_read_like_others(gateway, size):
    photo = drawn_face_of_size(size)
    pieces = (photo[start : start + 100_000] for start in range(0, size, 100_000))
    headers = {"Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"}
    status, _, body = gateway.request("POST", "/v1/screenings", pieces, headers, encode_chunked=True)
    assert (status, json.loads(body)["band"]) == (200, "mild")


def test_an_endless_chunked_body_is_refused(gateway):
    def endless():
        while True:
            yield bytes(MEBIBYTE)

    headers = {"Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"}
    with gateway.connect() as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        sender = threading.Thread(target=send_until_refused, args=(connection, endless()), daemon=True)
        sender.start()
        assert b"413" in connection.recv(4096)
        connection.shutdown(socket.SHUT_RDWR)
    sender.join(timeout=30)
    assert not sender.is_alive()


def send_until_refused(connection, pieces):
    try:
        for piece in pieces:
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    except OSError:
        return


MALFORMED = {
    "no http": (b"zq nonsense\r\n\r\n", 400, "request_malformed"),
    "http of the future": (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400, "request_malformed"),
    "bad header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nzq header\r\n\r\n", 400, "request_malformed"),
    "bad length": (b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Length: zq\r\n\r\n", 400, "request_malformed"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nzq", 400, "request_malformed"),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "request_malformed"
    ),
    "unknown coding": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: zq\r\n\r\n", 400, "request_malformed"),
    "long address": (b"GET /" + b"zq" * 5000 + b" HTTP/1.1\r\n\r\n", 414, "address_too_long"),
    "large header": (b"GET / HTTP/1.1\r\nzq: " + b"zq" * 5000 + b"\r\n\r\n", 431, "headers_too_large"),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"".join(b"zq%d: 1\r\n" % n for n in range(200)) + b"\r\n", 431, "headers_too_large"),
    "broken chunks": (
        b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nzq\r\n",
        400,
        "upload_malformed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_requests_that_are_no_http_get_a_problem_too_and_are_not_repeated(gateway, name):
    request, status, code = MALFORMED[name]
    head, _, body = gateway.raw(request).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in head
    assert f"X-Request-Id: {problem['instance'].removeprefix('urn:uuid:')}".encode() in head
    assert f'Link: </problems/v1/{code}>; rel="help"'.encode() in head
    assert (problem["status"], problem["code"]) == (status, code)
    assert b"zq" not in head + body
    assert "zq" not in gateway.log()


def begin_upload(gateway, announced=100_000):
    connection = gateway.connect()
    connection.sendall(
        b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
        b"Content-Length: %d\r\n\r\n\xff\xd8\xff" % announced
    )
    return connection


def test_stalled_uploads_do_not_hold_up_the_others_and_are_ended(gateway):
    stalled = [begin_upload(gateway) for _ in range(STALLED)]
    try:
        assert gateway.screen(drawn_face())[0] == 200
        still_open = sum(not has_answer(connection) for connection in stalled)
        assert still_open == STALLED, "they were ended before the others were answered, which proves nothing"
        answers = [connection.recv(4096) for connection in stalled]
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    finally:
        for connection in stalled:
            connection.close()


def has_answer(connection):
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(60)


def test_an_upload_that_trickles_meets_the_body_deadline(gateway):
    with begin_upload(gateway) as connection:
        started = time.monotonic()
        connection.settimeout(0.2)
        answer = b""
        while not answer and time.monotonic() < started + 30:
            connection.sendall(b".")
            try:
                answer = connection.recv(4096)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_head_that_never_ends_is_ended(gateway):
    with gateway.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert connection.recv(100) == b""


def test_an_upload_that_is_broken_off_leaves_nothing_behind(gateway):
    for _ in range(20):
        begin_upload(gateway).close()
    wait_until(lambda: sample(gateway, "symmetra_upload_memory_bytes") == 0)
    assert gateway.screen(drawn_face())[0] == 200


def sample(gateway, name):
    (line,) = [line for line in gateway.metrics().splitlines() if line.startswith(name + " ")]
    return float(line.split()[-1])


def test_the_served_model_follows_the_pin(gateway, repository):
    (repository.directory / "pin.json").unlink()
    assert gateway.screen(drawn_face())[1]["code"] == "model_not_pinned"
    write_pin(repository, make_contract(version=VERSION + 1))
    assert gateway.screen(drawn_face())[1]["code"] == "model_version_missing"
    write_pin(repository, make_contract())
    assert gateway.screen(drawn_face())[0] == 200


def test_metrics_are_on_their_own_port_with_the_process(gateway):
    assert gateway.request("GET", "/metrics")[0] == 404
    text = gateway.metrics()
    for name in (
        "symmetra_screenings_total",
        "symmetra_stage_seconds_bucket",
        "process_resident_memory_bytes",
        "python_info",
    ):
        assert name in text
    assert "_created" not in text


def test_connections_are_kept_and_answered_in_order(gateway):
    photo = drawn_face()
    request = (
        b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b"
        % (
            len(photo),
            photo,
        )
    )
    answers = gateway.raw(request * 2 + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200 OK") == 3
