"""What the Job sees from inside, against real servers: names, connections, certificates, answers."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from k8s.operations.__main__ import main
from k8s.operations.preflight.reach import look_at_database, look_at_prometheus, look_at_provider
from tests.support.certificates import make_authority, make_certificate
from tests.support.cluster_facts import VALUES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("hospital", "stranger"):
        make_authority(folder, name)
    make_certificate(folder, "server", "hospital")
    return folder


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


@contextlib.contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def http_server(answers, context=None):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


DISCOVERY = "/realms/staff/.well-known/openid-configuration"


def test_a_provider_is_read_to_its_own_name(folder):
    with serving(http_server({DISCOVERY: (200, b'{"issuer": "it"}')}, server_context(folder))) as port:
        fact = look_at_provider(f"https://localhost:{port}/realms/staff", folder / "hospital.pem")
    assert fact["error"] == ""
    assert fact["issuer"] == "it"
    assert fact["status"] == 200
    assert "127.0.0.1" in fact["addresses"]


@pytest.mark.parametrize("ca", ["stranger.pem", "nothing.pem"])
def test_a_certificate_that_the_bundle_does_not_cover_is_a_failure_of_tls(folder, ca):
    with serving(http_server({}, server_context(folder))) as port:
        fact = look_at_provider(f"https://localhost:{port}", folder / ca)
    assert fact["error"] == "tls"
    assert fact["detail"]


def test_another_page_is_no_provider(folder):
    with serving(http_server({}, server_context(folder))) as port:
        fact = look_at_provider(f"https://localhost:{port}", folder / "hospital.pem")
    assert (fact["error"], fact["status"], fact["detail"]) == ("http", 404, "it answers 404")


def test_a_closed_port_and_an_unknown_name_differ(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert look_at_prometheus(f"http://127.0.0.1:{port}", folder / "hospital.pem")["error"] == "connect"
    assert look_at_prometheus("http://no-such-host.invalid:9090", folder / "hospital.pem")["error"] == "dns"


def test_prometheus_is_asked_a_query(folder):
    with serving(http_server({"/prom/api/v1/query?query=1": (200, b'{"status": "success"}')})) as port:
        assert look_at_prometheus(f"http://127.0.0.1:{port}/prom/", folder / "hospital.pem")["error"] == ""
        assert look_at_prometheus(f"http://127.0.0.1:{port}", folder / "hospital.pem")["error"] == "http"


def postgresql_that_says(reply: bytes, context=None):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.server.asked = self.request.recv(8)
            self.request.sendall(reply)
            if context:
                with contextlib.suppress(OSError), context.wrap_socket(self.request, server_side=True) as secured:
                    secured.recv(1)

    return socketserver.TCPServer(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize(
    ("reply", "ca", "error", "tls"),
    [(b"S", "hospital.pem", "", True), (b"S", "stranger.pem", "tls", True), (b"N", "hospital.pem", "", False)],
)
def test_a_database_is_asked_for_tls_without_a_password(folder, reply, ca, error, tls):
    server = postgresql_that_says(reply, server_context(folder) if reply == b"S" else None)
    with serving(server) as port:
        fact = look_at_database(f"localhost:{port}", folder / ca)
    assert server.asked == bytes([0, 0, 0, 8, 4, 210, 22, 47])
    assert (fact["error"], fact["tls"]) == (error, tls)


def test_what_is_no_database_is_said(folder):
    with serving(postgresql_that_says(b"H")) as port:
        assert look_at_database(f"localhost:{port}", folder / "hospital.pem")["error"] == "http"


@pytest.mark.needs_system("postgres")
def test_a_real_postgresql_answers_the_same_question(folder, postgresql):
    url = make_url(postgresql.new_database(tables=False))
    fact = look_at_database(f"{url.host}:{url.port}", folder / "hospital.pem")
    assert fact["error"] == ""
    assert fact["tls"] is False


def test_the_command_prints_facts_for_every_target_and_judges_nothing():
    closed = VALUES | {
        "SITE_OIDC_ISSUER": "https://no-such-host.invalid",
        "SITE_DATABASE": "no-such-host.invalid:5432",
        "SITE_PROMETHEUS_URL": "http://no-such-host.invalid:9090",
    }
    out, err = io.StringIO(), io.StringIO()
    assert main(["reach"], closed, out, err) == 0
    facts = json.loads(out.getvalue())
    assert [fact["target"] for fact in facts] == ["identity provider", "database", "Prometheus"]
    assert {fact["error"] for fact in facts} == {"dns"}


def test_without_the_site_files_values_it_says_so():
    out, err = io.StringIO(), io.StringIO()
    assert main(["reach"], {}, out, err) == 1
    assert "SITE_HOST: has no value" in err.getvalue()
