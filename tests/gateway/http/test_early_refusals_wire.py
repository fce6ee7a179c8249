"""Early refusals on the wire: the same bytes as the application's, and a connection that is as good as before."""

import re
import socket
import threading

import pytest

from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.stub_model_server import StubModelServer

EARLY, BY_THE_APPLICATION = "/v1/screenings", "/v1/%73creenings"
"""Two spellings of one address; only the plain one is looked at before the application is asked."""
UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SENT_ID = b"cd9870bb-95be-4a4b-8885-ce875a3b763c"
SENT_TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736"
BODY = b"\xff\xd8\xff" + bytes(200_000)
PLAIN = (
    (),
    ("Connection: close",),
    ("Accept-Language: de, en;q=0.5",),
    (f"X-Request-Id: {SENT_ID.decode()}",),
)
ODD = (
    ("X-Request-Id: 1", "X-Request-Id: 2"),
    ("Connection: Keep-Alive", "Accept-Language: xx, *;q=0.1"),
    ("Connection: close, te", "Cookie: a=b", "X-Forwarded-For: 192.0.2.1, nonsense"),
    (f"traceparent: 00-{SENT_TRACE.decode()}-00f067aa0ba902b7-01", "tracestate: a=1", "tracestate: b=2"),
    ("Accept: text/html", "Idempotency-Key: 1", "Content-Encoding: gzip"),
)  # fmt: skip


@pytest.fixture(scope="module")
def stub():
    with StubModelServer(VERSION) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, stub):
    """A gateway whose only place is taken."""
    models = make_repository(tmp_path_factory.mktemp("models")).directory.parent
    limits = {"cores": 1, "max_in_flight": 1, "max_queue": 0, "deadline_seconds": 600, "languages": "en,de"}
    with GatewayProcess(models, stub.address, **limits) as process:
        stub.go_on.clear()
        stub.asked.clear()
        first = threading.Thread(target=process.screen, args=(drawn_face(),))
        first.start()
        assert stub.asked.wait(60)
        yield process
        stub.go_on.set()
        first.join(60)


def request_of(*lines, address=EARLY, method="POST", body=BODY, framing=True):
    head = [f"{method} {address} HTTP/1.1", "Host: localhost", "Content-Type: image/jpeg", *lines]
    if framing:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


def answer_on(connection):
    """One answer, taken to its end by its Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or pytest.fail(f"closed after {received!r}")
    head, _, rest = received.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
    while len(rest) < length:
        rest += connection.recv(65536) or pytest.fail("closed within the body")
    assert len(rest) == length
    return head + b"\r\n\r\n" + rest


def asked(gateway, request):
    with gateway.connect() as connection:
        connection.sendall(request)
        return answer_on(connection)


def without_what_varies(answer):
    """The bytes without date and span, and without ids that the request did not bring."""
    for pattern in (rb"(\r\nDate: )[^\r]+", rb"(traceresponse: 00-[0-9a-f]{32}-)[0-9a-f]{16}"):
        answer = re.sub(pattern, rb"\1X", answer)
    for pattern, sent in ((UUID, SENT_ID), (rb"\b[0-9a-f]{32}\b", SENT_TRACE)):
        answer = re.sub(pattern, lambda found, sent=sent: found[0] if found[0] == sent else b"X", answer)
    return answer


@pytest.mark.parametrize("lines", PLAIN + ODD, ids=", ".join)
def test_an_early_refusal_is_the_applications_byte_for_byte(gateway, lines):
    early, late = (
        without_what_varies(asked(gateway, request_of(*lines, address=address)))
        for address in (EARLY, BY_THE_APPLICATION)
    )
    assert early == late
    assert early.startswith(b"HTTP/1.1 503 SERVICE UNAVAILABLE\r\nServer: gunicorn\r\n")


def test_chunked_bodies_and_what_follows_them_are_told_apart(gateway):
    chunked = request_of("Transfer-Encoding: chunked", body=b"", framing=False)
    chunks = b"".join(b"%x\r\n%s\r\n" % (size, bytes(size)) for size in (1, 70_000, 5)) + b"0\r\n\r\n"
    with gateway.connect() as connection:
        for _ in range(2):
            connection.sendall(chunked + chunks)
            assert answer_on(connection).startswith(b"HTTP/1.1 503 ")


def test_requests_that_are_sent_together_are_answered_in_their_order(gateway):
    health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with gateway.connect() as connection:
        connection.sendall(request_of() + health + request_of(body=b"") + health + request_of("Connection: close"))
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert re.findall(rb"HTTP/1\.1 (\d+) ", received) == [b"503", b"200", b"503", b"200", b"503"]


def test_a_client_that_asks_first_is_refused_before_it_sends_and_its_connection_ends(gateway):
    with gateway.connect() as connection:
        connection.sendall(
            request_of("Expect: 100-continue", body=b"", framing=False)[:-2] + b"Content-Length: 9000000\r\n\r\n"
        )
        answer = answer_on(connection)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nConnection: close\r\n" in answer
        assert connection.recv(1) == b""


def test_a_client_that_asks_first_and_sends_all_the_same_gets_its_answer(gateway):
    with gateway.connect() as connection:
        connection.sendall(request_of("Expect: 100-continue"))
        assert answer_on(connection).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize(
    "broken", [b"Content-Length: 1x", b"Content-Length: 5\r\nContent-Length: 6", b"No colon", b"Transfer-Encoding: zip"]
)
def test_broken_heads_are_called_broken_however_busy_it_is(gateway, broken):
    answer = gateway.raw(b"POST /v1/screenings HTTP/1.1\r\nHost: localhost\r\n" + broken + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("GET", "/healthz", 200), ("GET", "/readyz", 200), ("HEAD", "/healthz", 200), ("GET", "/", 200), ("OPTIONS", EARLY, 200), ("HEAD", EARLY, 405), ("PUT", EARLY, 405)],
)  # fmt: skip
def test_everything_else_is_answered_as_ever(gateway, method, address, status):
    assert gateway.request(method, address)[0] == status


def test_a_client_that_hangs_up_while_it_is_refused_disturbs_nobody(gateway):
    for sent in (request_of()[:100_000], request_of()):
        connection = gateway.connect()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closing resets
        connection.sendall(sent)
        connection.close()
    assert asked(gateway, request_of()).startswith(b"HTTP/1.1 503 ")
    assert "Traceback" not in gateway.log()


def test_the_log_names_the_first_refusal_and_counts_those_that_follow(gateway):
    before = gateway.log().count("further requests refused")
    assert [asked(gateway, request_of(body=b""))[9:12] for _ in range(20)] == [b"503"] * 20
    wait_until(lambda: gateway.log().count("further requests refused") > before)
