import json
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from serving.local import ports as ports_module
from serving.local.ports import LENT_PORTS, LOOPBACK, LocalPorts, PortInvalid, PortTaken, find_free_port, is_free

PROJECT = Path(__file__).resolve().parents[3]
FIRST_OUTGOING_PORT = 32768  # Linux's usual ip_local_port_range
ASK_FOR_PORTS = """
import json, sys
from serving.local import ports
ports.LENT_PORTS = range(*json.loads(sys.argv[1]))
print(json.dumps([ports.find_free_port() for _ in range(3)]), flush=True)
sys.stdin.read()
"""


def test_ports_come_from_the_settings_that_are_named_after_them():
    ports = LocalPorts.from_environment({"SYMMETRA_PORT": "9001", "SYMMETRA_MODEL_SERVER_REST_PORT": "9002"})
    assert (ports.port, ports.model_server_rest_port) == (9001, 9002)
    assert ports.prometheus_port == LocalPorts().prometheus_port


@pytest.mark.parametrize("text", ["", "0", "65536", "eighty", "-1", "8080.0", " 8080"])
def test_a_setting_that_is_no_port_is_named(text):
    with pytest.raises(PortInvalid, match="SYMMETRA_METRICS_PORT"):
        LocalPorts.from_environment({"SYMMETRA_METRICS_PORT": text})


def test_two_services_on_one_port_are_both_named():
    with pytest.raises(PortInvalid, match="SYMMETRA_PROMETHEUS_PORT and SYMMETRA_PORT are both 8080"):
        LocalPorts.from_environment({"SYMMETRA_PROMETHEUS_PORT": "8080"})


def test_every_taken_port_is_named_with_the_setting_that_changes_it():
    with socket.create_server((LOOPBACK, 0)) as first, socket.create_server((LOOPBACK, 0)) as second:
        ports = LocalPorts(
            port=first.getsockname()[1],
            metrics_port=find_free_port(),
            model_server_port=second.getsockname()[1],
            model_server_rest_port=find_free_port(),
            prometheus_port=find_free_port(),
        )
        with pytest.raises(PortTaken) as caught:
            ports.require_free()
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert str(ports.port) in lines[0]
    assert "SYMMETRA_PORT=" in lines[0]
    assert str(ports.model_server_port) in lines[1]
    assert "SYMMETRA_MODEL_SERVER_PORT=" in lines[1]


def test_a_port_is_free_again_right_after_its_server_closed_with_a_client_connected():
    server = socket.create_server((LOOPBACK, 0))
    port = server.getsockname()[1]
    client = socket.create_connection((LOOPBACK, port))
    accepted, _ = server.accept()
    assert not is_free(port)
    accepted.close()
    server.close()
    client.close()
    assert is_free(port)


def test_a_free_port_lies_below_those_of_outgoing_connections():
    port = find_free_port()
    assert port in LENT_PORTS
    assert LENT_PORTS.stop <= FIRST_OUTGOING_PORT
    assert is_free(port)


def test_processes_that_ask_at_the_same_time_are_given_different_ports(monkeypatch):
    start = random.SystemRandom().randrange(30000, 32000)
    monkeypatch.setattr(ports_module, "LENT_PORTS", range(start, start + 40))
    program = [sys.executable, "-c", ASK_FOR_PORTS, json.dumps([start, start + 40])]
    others = [
        subprocess.Popen(program, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        found = [find_free_port() for _ in range(3)]
        for other in others:
            found += json.loads(other.stdout.readline())
    finally:
        for other in others:
            other.communicate(timeout=60)
    assert len(set(found)) == 9


def test_a_port_with_a_server_is_not_given_and_a_full_range_is_named(monkeypatch):
    port = find_free_port()
    monkeypatch.setattr(ports_module, "LENT_PORTS", range(port, port + 1))
    with pytest.raises(PortTaken, match=f"every port from {port} to {port} is in use"):
        find_free_port()
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr(ports_module, "LENT_PORTS", range(taken, taken + 1))
        with pytest.raises(PortTaken):
            find_free_port()


def test_old_reservations_make_room(monkeypatch):
    kept = ports_module.deque(maxlen=2)
    monkeypatch.setattr(ports_module, "_reservations", kept)
    first, _, _ = find_free_port(), find_free_port(), find_free_port()
    monkeypatch.setattr(ports_module, "LENT_PORTS", range(first, first + 1))
    assert find_free_port() == first
    for descriptor in kept:
        ports_module.os.close(descriptor)
