"""A real gateway with keys, over real sockets: what it lets in, what it says of itself, and requests made to confuse it."""

import json
import re

import pytest

from gateway.headers import SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY
from tests.support.access import add_key
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess
from tests.support.stub_model_server import StubModelServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def keys(folder):
    path = folder / "keys.json"
    return {
        "right": add_key(path),
        "loadtest": add_key(path, name="load", traffic=("loadtest",)),
    }


@pytest.fixture(scope="module")
def gateway(folder, keys):  # noqa: ARG001 - the keys are in the file
    repository = make_repository(folder / "models")
    settings = {"api_keys_file": folder / "keys.json", "tls_in_front": "yes", "header_timeout_seconds": 2}
    with (
        StubModelServer(VERSION) as stub,
        GatewayProcess(repository.directory.parent, stub.address, **settings) as process,
    ):
        yield process


def raw(gateway, head, body=b""):
    """Status, headers by lower-case name, and body of the first answer, and all that followed."""
    received = gateway.raw(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
    head, _, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, rest


def test_a_photo_is_answered_with_a_key_only_and_counts_as_the_keys_class(gateway, keys):
    photo = {"Content-Type": "image/jpeg"}
    status, headers, _ = gateway.request("POST", "/v1/screenings", drawn_face(), photo)
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    for name, header in (("right", "X-API-Key"), ("loadtest", "Authorization")):
        value = keys[name] if header == "X-API-Key" else f"Bearer {keys[name]}"
        status, _, _ = gateway.request("POST", "/v1/screenings", drawn_face(), photo | {header: value})
        assert status == 200
    text = gateway.metrics()
    for traffic in ("patient", "loadtest"):
        assert f'symmetra_screenings_total{{outcome="answered",traffic="{traffic}"}} 1.0' in text
    assert 'symmetra_access_refused_total{reason="missing"} 1.0' in text


def test_a_photo_without_a_key_is_not_even_received(gateway):
    """A caller who waits for `100 Continue`, as curl does for large bodies, is refused before sending the photo."""
    status, _, body = raw(
        gateway,
        b"POST /v1/screenings HTTP/1.1\nHost: x\nConnection: close\nContent-Type: image/jpeg\nContent-Length: 5000000",
    )
    assert (status, json.loads(body)["code"]) == (401, "credential_missing")


REFUSED_BY_THE_SERVER = {
    "no http": b"zq nonsense",
    "long address": b"GET /" + b"zq" * 5000 + b" HTTP/1.1",
    "large header": b"GET / HTTP/1.1\nzq: " + b"zq" * 5000,
}
ANSWERED_BY_THE_APPLICATION = {
    "page": b"GET / HTTP/1.1\nHost: x\nAccept: text/html\nConnection: close",
    "static": b"GET /static/page.css HTTP/1.1\nHost: x\nConnection: close",
    "health": b"GET /healthz HTTP/1.1\nHost: x\nConnection: close",
    "head": b"HEAD /v1/models HTTP/1.1\nHost: x\nConnection: close",
    "options": b"OPTIONS /v1/screenings HTTP/1.1\nHost: x\nConnection: close",
    "options of everything": b"OPTIONS * HTTP/1.1\nHost: x\nConnection: close",
    "no credential": b"GET /v1/models HTTP/1.1\nHost: x\nConnection: close",
    "nowhere": b"GET /nowhere HTTP/1.1\nHost: x\nConnection: close",
    "wrong method": b"DELETE /v1/models HTTP/1.1\nHost: x\nConnection: close",
}


@pytest.mark.parametrize("name", [*REFUSED_BY_THE_SERVER, *ANSWERED_BY_THE_APPLICATION])
def test_every_answer_carries_the_security_headers_whoever_gives_it(gateway, name):
    _, headers, _ = raw(gateway, (REFUSED_BY_THE_SERVER | ANSWERED_BY_THE_APPLICATION)[name])
    for header, value in SECURITY_HEADERS.items():
        assert headers[header.lower()] == value
    assert headers["strict-transport-security"] == STRICT_TRANSPORT_SECURITY
    assert headers["cache-control"] == ("no-cache" if name == "static" else "no-store")
    assert not re.search(r"\d", headers.get("server", ""))
    assert not {"x-powered-by", "set-cookie", "access-control-allow-origin"} & set(headers)


def test_without_tls_in_front_browsers_are_told_nothing_about_it():
    assert "Strict-Transport-Security" not in SECURITY_HEADERS


@pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"CONNECT", b"PROPFIND", b"DEBUG"])
def test_methods_that_echo_or_tunnel_are_refused_and_echo_nothing(gateway, method):
    for target in (b"/", b"/v1/screenings", b"/healthz"):
        status, _, body = raw(
            gateway, method + b" " + target + b" HTTP/1.1\nHost: x\nX-Secret: zqsecret\nConnection: close"
        )
        assert status in (400, 405)
        assert b"zqsecret" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/console", "/?__debugger__=yes&cmd=resource&f=debugger.js", "/debug", "/metrics", "/server-status", "/.env", "/.git/config",
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/%00", "/v1/../metrics",
        "//metrics", "/v1/screenings/", "/%2e/v1/models",
    ],
)  # fmt: skip
def test_there_is_nothing_to_debug_and_no_way_around_a_route(gateway, path):
    status, _, body = raw(gateway, f"GET {path} HTTP/1.1\nHost: x\nConnection: close".encode())
    assert status in (401, 404, 405), path
    assert b"Traceback" not in body
    assert b"root:" not in body


def test_no_header_stands_for_the_address(gateway):
    """gunicorn takes SCRIPT_NAME from whoever connects from this machine, which behind a proxy of this machine is everybody."""
    for path, expected in ((b"/zq/healthz", 404), (b"/healthz", 200)):
        status, _, _ = raw(
            gateway,
            b"GET " + path + b" HTTP/1.1\nHost: x\nSCRIPT_NAME: /zq\nPATH_INFO: /reference\nConnection: close",
        )
        assert status == expected
    _, _, body = raw(gateway, b"GET //zq/reference HTTP/1.1\nHost: x\nSCRIPT_NAME: //zq\nConnection: close")
    assert b"//zq" not in body


SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMINGS = {
    "length and chunks": b"Content-Length: 5\nTransfer-Encoding: chunked",
    "chunks and length": b"Transfer-Encoding: chunked\nContent-Length: 5",
    "chunks twice": b"Transfer-Encoding: chunked\nTransfer-Encoding: chunked",
    "chunks in chunks": b"Transfer-Encoding: chunked, chunked",
    "chunks, then as they are": b"Transfer-Encoding: chunked, identity",
    "unknown coding": b"Transfer-Encoding: xchunked",
    "compressed without an end": b"Transfer-Encoding: gzip",
    "vertical tab before chunked": b"Transfer-Encoding: \x0bchunked",
    "space before the colon": b"Transfer-Encoding : chunked",
    "folded header": b"Transfer-Encoding:\n chunked",
    "two lengths": b"Content-Length: 5\nContent-Length: 6",
    "lengths in a list": b"Content-Length: 5, 5",
    "signed length": b"Content-Length: +5",
    "negative length": b"Content-Length: -5",
    "hexadecimal length": b"Content-Length: 0x5",
    "length with an underscore": b"Content-Length: 1_0",
    "length in Arabic digits": b"Content-Length: \xd9\xa5",
    "name with an underscore and chunks": b"Content-Length: 5\nTransfer-Encoding: chunked\nTransfer_Encoding: identity",
    "zero byte in a value": b"X: a\x00Content-Length: 5\nTransfer-Encoding: chunked, x",
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_body_whose_length_is_doubtful_is_refused_and_what_follows_is_no_request(gateway, name):
    head = b"POST /v1/screenings HTTP/1.1\nHost: x\nContent-Type: image/jpeg\n" + FRAMINGS[name]
    status, headers, rest = raw(gateway, head, b"0\r\n\r\n" + SMUGGLED)
    assert (status, headers["connection"]) == (400, "close")
    assert rest.count(b"HTTP/1.1 ") == 0, "a second answer would be one to the smuggled request"


def test_chunks_in_the_old_protocol_are_refused(gateway):
    status, _, rest = raw(gateway, b"POST / HTTP/1.0\nTransfer-Encoding: chunked", b"0\r\n\r\n" + SMUGGLED)
    assert status == 400
    assert b"HTTP/1" not in rest


def test_a_refused_request_with_a_body_does_not_lend_its_body_as_the_next_request(gateway):
    """The guard refuses before the body is read; what is left of it must not be taken for a request."""
    body = SMUGGLED * 3
    status, _, rest = raw(
        gateway,
        b"POST /v1/screenings HTTP/1.1\nHost: x\nContent-Type: image/jpeg\nContent-Length: %d" % len(body),
        body,
    )
    assert status == 401
    assert b"route_unknown" not in rest


def test_neither_key_nor_owner_is_in_what_the_process_wrote(gateway, keys):
    gateway.request("GET", "/v1/models", headers={"X-API-Key": keys["right"][:-1] + "zqwrong"})
    everything = gateway.log() + gateway.metrics()
    for key in keys.values():
        assert key.split("_")[1] not in everything
        assert key.split("_")[2] not in everything
    assert "zqwrong" not in everything
    assert '"load"' not in everything
    assert "key:" not in everything
