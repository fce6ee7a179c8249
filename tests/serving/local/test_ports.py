import socket

import pytest

from serving.local.ports import LOOPBACK, LocalPorts, PortInvalid, PortTaken, find_free_port, is_free


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
