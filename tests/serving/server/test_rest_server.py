"""The REST server itself: what it bears from callers who are slow, large, wrong, many or gone, and its end."""

import gzip
import json
import socket
import threading
import time
import zlib

import pytest

from serving.server.errors import ResourceExhausted
from serving.server.metrics import ServerMetrics
from serving.server.rest_api.api import RestApi
from serving.server.rest_api.http_server import RestServer
from serving.server.rest_api.memory_budget import MemoryBudget, TooLarge, parsed_bytes
from serving.server.rest_api.messages import Answer
from tests.support.model_server_process import ModelServerProcess
from tests.support.rest_calls import TIMEOUT_SECONDS, call, send_raw

PREDICT = "/v1/models/m:predict"


class SlowApi:
    """Stands in for the API: counts what runs at the same time, and answers when it may.

    Args:
        timeout_seconds: How long an answer may take.
        budget_bytes: Memory for requests.
    """

    def __init__(self, timeout_seconds=None, budget_bytes=10_000_000):
        self.budget = MemoryBudget(budget_bytes)
        self.may_answer = threading.Event()
        self.begun = threading.Semaphore(0)
        self.running = self.most = 0
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()

    def answer_at_once(self, request):
        return Answer(200, "text/plain", b"metrics") if request.target == "/metrics" else None

    def deadline(self, _request):
        return None if self._timeout_seconds is None else time.monotonic() + self._timeout_seconds

    def answer(self, request, _deadline):
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.begun.release()
        assert self.may_answer.wait(TIMEOUT_SECONDS)
        with self._lock:
            self.running -= 1
        return Answer(200, "text/plain", b"%d bytes" % len(request.body))

    def refuse(self, error):
        return Answer(413 if isinstance(error, TooLarge) else 429, "text/plain", error.message.encode())

    def time_out(self):
        return Answer(504, "text/plain", b"too late")


@pytest.fixture
def serve_slowly():
    """Start a RestServer over a SlowApi; both end with the test."""
    started = []

    def start(threads=2, **settings):
        api = SlowApi(**settings)
        server = RestServer(api, "127.0.0.1", 0, threads)
        started.append((api, server))
        return api, server

    yield start
    for api, server in started:
        api.may_answer.set()
        server.close()


def post_in_threads(port, count):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(call(port, "POST", PREDICT, b"12345"))) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    return answers, threads


def test_no_more_requests_run_than_there_are_threads_and_the_others_wait(serve_slowly):
    api, server = serve_slowly(threads=3)
    answers, threads = post_in_threads(server.port, 9)
    for _ in range(3):
        assert api.begun.acquire(timeout=TIMEOUT_SECONDS)
    assert call(server.port, "GET", "/metrics").body == b"metrics", "a scrape waits for nobody"
    assert not answers
    api.may_answer.set()
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)
    assert [answer.body for answer in answers] == [b"5 bytes"] * 9
    assert api.most == 3


def test_callers_who_send_slowly_take_no_thread(serve_slowly):
    api, server = serve_slowly(threads=1)
    api.may_answer.set()
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nabc")
        assert call(server.port, "POST", PREDICT, b"12345").body == b"5 bytes"
    finally:
        for connection in slow:
            connection.close()


def test_an_answer_that_takes_too_long_is_504_and_its_memory_stays_counted(serve_slowly):
    api, server = serve_slowly(threads=1, timeout_seconds=0.05)
    answer = call(server.port, "POST", PREDICT, b"12345")
    assert (answer.status, answer.body) == (504, b"too late")
    assert not api.budget.change(api.budget.max_bytes), "the thread still holds the request"
    api.may_answer.set()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not api.budget.change(api.budget.max_bytes):
        assert time.monotonic() < deadline


def test_a_body_beyond_the_memory_for_requests_is_refused_while_it_arrives(serve_slowly):
    api, server = serve_slowly(budget_bytes=1_000_000)
    api.may_answer.set()
    assert call(server.port, "POST", PREDICT, b"x" * 2_000_000).status == 413
    assert call(server.port, "POST", PREDICT, b"x" * 900_000).body == b"900000 bytes"


def test_memory_that_others_hold_is_429_and_comes_back(serve_slowly):
    api, server = serve_slowly(budget_bytes=1_000_000)
    held = threading.Thread(target=call, args=(server.port, "POST", PREDICT, b"x" * 900_000))
    held.start()
    assert api.begun.acquire(timeout=TIMEOUT_SECONDS)
    assert call(server.port, "POST", PREDICT, b"x" * 500_000).status == 429
    api.may_answer.set()
    held.join(TIMEOUT_SECONDS)
    assert call(server.port, "POST", PREDICT, b"x" * 500_000).status == 200


def test_the_end_waits_for_what_was_read_and_cuts_idle_connections(serve_slowly):
    api, server = serve_slowly(threads=1)
    idle = socket.create_connection(("127.0.0.1", server.port))
    answers, threads = post_in_threads(server.port, 1)
    assert api.begun.acquire(timeout=TIMEOUT_SECONDS)
    ending = threading.Thread(target=server.close, args=(TIMEOUT_SECONDS,))
    ending.start()
    with idle:
        idle.settimeout(TIMEOUT_SECONDS)
        assert idle.recv(1) == b""
    assert not answers
    api.may_answer.set()
    ending.join(TIMEOUT_SECONDS)
    threads[0].join(TIMEOUT_SECONDS)
    assert [answer.status for answer in answers] == [200]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n", 400),
        (b"GET /v1/models HTTP/2.0\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /v1/models/m HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /v1/models/%zz HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/models/\xff HTTP/1.1\r\n\r\n", 400),
        (b"BREW /v1/models/m HTTP/1.1\r\n\r\n", 501),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", 400),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (
            b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST /v1/models/m:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
        (b"GET /v1/models/m HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", 400),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_what_breaks_http_is_told_so_and_ends_the_connection(http_port, content, status):
    answer = send_raw(http_port, content)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:100]
    assert b"\r\nConnection: close\r\n" in answer


@pytest.fixture(scope="module")
def http_port():
    """A server whose API knows no model and is never asked for one."""

    class NoServices:
        def counted_name(self, _spec):
            return ""

    server = RestServer(RestApi(NoServices(), ServerMetrics(), None), "127.0.0.1", 0)
    yield server.port
    server.close()


def test_requests_may_follow_each_other_without_waiting(http_port):
    one = b"PUT /v1/x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    answer = send_raw(http_port, one * 3 + b"PUT /v1/x HTTP/1.0\r\n\r\n")
    assert answer.count(b"Malformed request: PUT /v1/x") == 4


def test_who_asks_whether_to_go_on_is_told_to(http_port):
    head = b"PUT /v1/x HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    assert send_raw(http_port, head + b"abc").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n")


def test_callers_who_hang_up_within_a_request_leave_nothing_behind(http_port):
    for content in (b"", b"G", b"GET / HT", b"PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nab"):
        assert send_raw(http_port, content) == b""
    assert call(http_port, "GET", "/").status == 404


def test_the_estimate_covers_what_python_makes_of_a_body():
    assert parsed_bytes(b"[" * 1000) > 88 * 1000
    assert parsed_bytes(json.dumps([0.5] * 1000).encode()) > 48 * 1000


def test_a_budget_tells_what_never_fits_from_what_does_not_fit_now():
    budget = MemoryBudget(100)
    first, second = budget.open(), budget.open()
    first.add(60)
    with pytest.raises(ResourceExhausted, match="try again"):
        second.add(60)
    with pytest.raises(TooLarge):
        first.add(60)
    first.close()
    second.add(60)


@pytest.mark.tensorflow
def test_an_inference_beyond_its_time_is_504_and_counted(toy_models, tmp_path):
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    flags = (
        "--model_name=toys",
        f"--model_base_path={toy_models / 'toys'}",
        f"--monitoring_config_file={tmp_path / 'monitoring.config'}",
        "--rest_api_timeout_in_ms=300",
    )
    path = "/v1/models/toys:predict"
    with ModelServerProcess(*flags) as server:
        answer = call(server.rest_port, "POST", path, '{"signature_name": "slow", "instances": [1.5]}')
        assert (answer.status, answer.error) == (504, "Timed out waiting for notification")
        assert call(server.rest_port, "POST", path, '{"signature_name": "slow", "instances": [0.0]}').status == 200
        counted = ':tensorflow:serving:request_count{model_name="toys",status="DEADLINE_EXCEEDED"} 1\n'
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while counted.encode() not in call(server.rest_port, "GET", "/monitoring/prometheus/metrics").body:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def bomb(mebibytes):
    """A gzip stream of so many times 1 MiB of spaces, without an end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # What a full flush ends may be repeated.
    block = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * mebibytes


@pytest.mark.tensorflow
def test_large_and_deep_bodies_are_refused_and_the_server_goes_on(toy_server):
    path = "/v1/models/toys:predict"
    large = b'{"instances": [' + b"[0.5]," * 34_000_000 + b"[0.5]]}"
    assert call(toy_server.rest_port, "POST", path, large).status == 413
    assert call(toy_server.rest_port, "POST", path, bomb(1100), Content_Encoding="gzip").status == 413
    answer = call(toy_server.rest_port, "POST", path, b"nothing zipped", Content_Encoding="gzip")
    assert (answer.status, answer.error) == (400, "JSON Parse error: The document is empty")
    deep = b'{"instances": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
    assert call(toy_server.rest_port, "POST", path, deep).status == 400
    for depth in (70, 500):
        answer = call(toy_server.rest_port, "POST", path, b'{"inputs": ' + b"[" * depth + b"1" + b"]" * depth + b"}")
        assert answer.status == 400
    assert call(toy_server.rest_port, "POST", path, b'{"instances": [1]}').status == 200


@pytest.mark.tensorflow
def test_rows_over_rest_are_batched_with_those_over_grpc(batching_server):
    port = batching_server.rest_port
    answer = call(port, "POST", "/v1/models/toys:predict", '{"instances": [1, 2, 3]}')
    assert json.loads(answer.body) == {"predictions": [2.5, 3.0, 3.5]}
    answer = call(port, "POST", "/v1/models/toys:predict", '{"instances": [1, 2, 3, 4, 5]}')
    assert (answer.status, answer.error) == (400, "Task size 5 is larger than maximum input batch size 4")
    answer = call(port, "POST", "/v1/models/toys:predict", '{"signature_name": "scalar", "inputs": 1}')
    assert (answer.status, answer.error) == (400, "Batching Run() input tensors must have at least one dimension")
