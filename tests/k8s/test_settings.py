"""Settings are ones that the gateway knows and believes; the flags of other programs exist; files that are named are mounted."""

import argparse
import dataclasses
import re
import runpy
import sys

import pytest

from gateway.access.requirements import missing_for_access
from gateway.settings import Settings, name_of
from serving.probe.settings import read_settings as read_probe_settings
from tests.support.manifests.objects import settings_of, workload, workloads
from tests.support.manifests.renders import ROOT, combine, overlay

pytestmark = pytest.mark.needs_tool()
KNOWN = {name_of(setting.name) for setting in dataclasses.fields(Settings)}
OTHERS = {"SSL_CERT_FILE", "NVIDIA_TF32_OVERRIDE"}
RECORDS_URL = "postgresql+pg8000://symmetra@postgres.hospital.example/records"
"""What the Secret would hold."""


def gateway_environment(objects):
    container = workload(objects, "gateway").container("gateway")
    found = settings_of(objects, container)
    return {name: RECORDS_URL if value is None else value for name, value in found.items()}


def test_every_variable_that_is_set_is_one_that_a_program_knows(renders):
    for name, objects in renders.items():
        for each in workloads(objects):
            for container in each.containers():
                assert set(settings_of(objects, container)) <= KNOWN | OTHERS, (name, each.name)


def test_the_gateway_takes_its_settings_and_nothing_that_it_requires_is_missing(renders):
    for name, objects in renders.items():
        settings = Settings.from_environment(gateway_environment(objects))
        # What it then says is of files alone, which no render has.
        assert all("cannot be read" in sentence for sentence in missing_for_access(settings)), name
        assert settings.records_url is not None
        assert settings.replicas >= 1


def test_postgresql_speaks_tls_everywhere_but_where_a_site_gives_it_up(renders):
    for name, objects in renders.items():
        told, files = (
            {
                settings_of(objects, workload(objects, which).container(container)).get(variable)
                for which, container in (("gateway", "gateway"), ("upgrade-records-0-1-0", "upgrade"))
            }
            for variable in ("SYMMETRA_RECORDS_TLS", "SYMMETRA_RECORDS_CA_FILE")
        )
        # The overlay local keeps its records in SQLite.
        is_local = name == "overlay local"
        assert told == ({None} if is_local else {"off"} if "on-standby" in name else {"require"}), name
        assert files == ({None} if is_local else {"/etc/symmetra/ca/ca.crt"}), name


def test_a_setting_that_nobody_knows_is_found():
    environment = gateway_environment(combine())
    assert "SYMMETRA_REPLICA" not in KNOWN
    environment["SYMMETRA_INTENDED_USES"] = environment.pop("SYMMETRA_INTENDED_USE")
    assert not set(environment) <= KNOWN | OTHERS


@pytest.mark.point(13)
def test_every_file_that_a_setting_or_an_argument_names_is_in_a_mounted_folder(renders):
    for name, objects in renders.items():
        for each in workloads(objects):
            for container in each.containers():
                mounted = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
                named = [
                    value
                    for variable, value in settings_of(objects, container).items()
                    if variable.endswith("_FILE") and value
                ]
                texts = [*container.get("args", []), *container.get("command", [])]
                named += [
                    found
                    for text in texts
                    for found in re.findall(r"(?:^|=|unix:)(/(?:models|run|etc|var)/[^\s]+)", text)
                ]
                unmounted = {file for file in named if not any(f"{file}/".startswith(f"{path}/") for path in mounted)}
                assert unmounted == set(), (name, each.name, container["name"])


def test_the_demo_is_allowed_where_it_is_tried_and_nowhere_else(renders):
    for name, objects in renders.items():
        settings = gateway_environment(objects)
        assert ("SYMMETRA_ALLOW_DEMO_MODEL" in settings) == (name == "overlay local")


def test_flags_of_the_model_server_are_those_of_the_image():
    image = (ROOT / "serving/deploy/Dockerfile").read_text()
    entrypoint = set(re.findall(r'"(--[a-z_0-9]+=[^"]*)"', image))
    arguments = set(workload(combine(), "model-server").container("tensorflow-serving")["args"])
    moved = {argument.replace("/etc/symmetra/model-server/", "/etc/symmetra/") for argument in arguments}
    assert moved == entrypoint


def test_the_probe_takes_its_arguments(renders):
    for objects in renders.values():
        for each in workloads(objects):
            if each.component.startswith("model-server"):
                settings = read_probe_settings(each.container("probe")["args"])
                assert settings.listen == "0.0.0.0"
                assert settings.port == 8502


@pytest.mark.parametrize("command", ["sentinel", "drift controller"])
def test_monitoring_takes_its_arguments(command, monkeypatch):
    """The command lines as they are, with --help behind: an unknown flag ends with 2 before."""
    name = command.split()[0].replace("drift", "drift-controller")
    container = workload(combine(), name).container(name)
    assert container["command"] == ["python", "-m", "monitoring", *command.split()]
    monkeypatch.setattr(sys, "argv", ["monitoring", *command.split(), "--help"])
    seen = []
    monkeypatch.setattr(
        argparse.ArgumentParser,
        "print_help",
        lambda parser, _file=None: seen.append(set(parser._option_string_actions)),
    )
    monkeypatch.delitem(
        sys.modules, "monitoring.__main__", raising=False
    )  # another test of this process may have read it
    with pytest.raises(SystemExit) as end:
        runpy.run_module("monitoring", run_name="__main__")
    assert end.value.code == 0
    assert {argument.partition("=")[0] for argument in container["args"]} <= seen[-1]


def test_flags_of_the_load_test_are_locusts_or_the_locustfiles():
    source = (ROOT / "loadtests/locustfile.py").read_text()
    ours = set(re.findall(r'"(--[a-z-]+)"', source))
    locusts = {
        "--locustfile",
        "--host",
        "--master",
        "--headless",
        "--expect-workers",
        "--expect-workers-max-wait",
        "--worker",
    }
    locusts |= {"--master-host", "--master-port"}
    for name in ("load-test-master", "load-test-worker"):
        arguments = workload(combine("load-test"), name).container("locust")["args"]
        flags = [argument.partition("=")[0] for argument in arguments]
        assert set(flags) - locusts <= ours
        assert {"--pack", "--key-file"} <= set(flags)
    target = [argument.partition("=")[2] for argument in arguments if argument.startswith("--host=")]
    assert (
        f"--i-own-this-target={target[0]}"
        in workload(combine("load-test"), "load-test-master").container("locust")["args"]
    )


def test_commands_are_ones_that_exist():
    objects = [*combine("model-image", "training-job", "load-test"), *combine(), *overlay("local")]
    modules = {
        container["command"][2]
        for each in workloads(objects)
        for container in each.containers()
        if container.get("command", [""])[0] == "python"
    }
    assert modules == {"gateway", "locust", "monitoring", "serving.probe", "serving.repository", "training"}
    for module in modules - {"locust"}:
        assert (ROOT / module.replace(".", "/") / "__main__.py").is_file()
