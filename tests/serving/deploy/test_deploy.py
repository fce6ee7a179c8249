"""What the real model server runs with: the very files and flags, tried on the embedded one, and what the image promises."""

import json
import re
import shutil

import pytest
from google.protobuf import text_format

from serving.contract.model import MODEL_NAME, SERVING_SIGNATURE
from serving.probe.server_metrics import DEFAULT_PATH
from serving.wire.server_config_pb2 import BatchingParameters, ModelServerConfig, MonitoringConfig
from serving.wire.warmup import WARMUP_PATH, read_warmup
from tests.support.model_server_process import PROJECT, ModelServerProcess
from tests.support.probe_process import run_probe
from tests.support.tiny_version import copy_tiny_repository, tiny_repository

DEPLOY = PROJECT / "serving" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
README = (DEPLOY / "README.md").read_text()
BATCHING_FILES = ("batching.config", "batching.gpu.config")
GATEWAY_PHOTOS = 32
"""In flight at one gateway, its default."""


def instructions():
    """Keyword and rest of every instruction, comments gone and continued lines joined."""
    text = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    return [tuple(line.split(maxsplit=1)) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def only(keyword):
    (rest,) = [rest for name, rest in instructions() if name == keyword]
    return rest


def server_flags():
    _, *flags = json.loads(only("ENTRYPOINT"))
    return dict(flag.removeprefix("--").split("=", 1) for flag in flags)


def parse(name, message):
    return text_format.Parse((DEPLOY / name).read_text(), message)


def test_the_image_is_pinned_by_a_digest_that_the_builder_must_give():
    keywords = [name for name, _ in instructions()]
    assert keywords[:2] == ["ARG", "FROM"]
    assert instructions()[0][1] == "TENSORFLOW_SERVING_IMAGE", "no default: a digest that nobody looked up is no pin"
    assert only("FROM") == "${TENSORFLOW_SERVING_IMAGE}"
    command, option, script = json.loads(only("RUN"))
    assert (command, option) == ("/bin/bash", "-c")
    assert r"=~ @sha256:[0-9a-f]{64}$ ]]" in script


def test_the_server_is_process_one_without_a_shell_and_runs_as_a_numbered_user():
    program, *flags = json.loads(only("ENTRYPOINT"))
    assert program == "/usr/bin/tensorflow_model_server"
    assert all(re.fullmatch(r"--[a-z_]+=\S+", flag) for flag in flags)
    user, group = only("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert only("CMD") == "[]"
    after = [name for name, _ in instructions()]
    assert after.index("USER") > after.index("RUN")


def test_what_is_copied_is_there_and_every_flag_that_names_a_file_names_one_of_them():
    copied = dict(rest.split() for name, rest in instructions() if name == "COPY")
    assert copied == {
        "${BATCHING}": "/etc/symmetra/batching.config",
        "monitoring.config": "/etc/symmetra/monitoring.config",
    }
    assert ("ARG", "BATCHING=batching.config") in instructions()
    named = {value for value in server_flags().values() if value.startswith("/etc/")}
    assert named == set(copied.values())


def test_the_flags_are_the_safe_ones():
    flags = server_flags()
    assert flags["enable_profiler"] == "false"
    assert flags["enable_grpc_healthcheck_service"] == "true"
    assert int(flags["model_config_file_poll_wait_seconds"]) > 0, "a config that nothing polls never loads"
    assert int(flags["file_system_poll_wait_seconds"]) > 0
    assert flags["max_num_load_retries"] == "0", "five retries of a minute look like a silent hang"
    assert 0 < float(flags["per_process_gpu_memory_fraction"]) < 1
    assert not {name for name in flags if "label" in name}
    assert {"model_name", "model_base_path"}.isdisjoint(flags)


@pytest.mark.parametrize("name", BATCHING_FILES)
def test_every_photo_in_flight_finds_a_thread_and_a_full_queue_is_reached_before_the_threads_end(name):
    parameters = parse(name, BatchingParameters())
    rows = parameters.max_batch_size.value * (
        parameters.max_enqueued_batches.value + parameters.num_batch_threads.value
    )
    threads = int(server_flags()["grpc_max_threads"])
    assert threads >= 6 * GATEWAY_PHOTOS + 32, "six gateways, and room for the probe and a promotion"
    assert rows >= GATEWAY_PHOTOS * 6, "six gateways fit into the queue as well"


def test_a_gpu_pads_to_the_sizes_that_every_version_is_warmed_up_for():
    parameters = parse("batching.gpu.config", BatchingParameters())
    logs = read_warmup(tiny_repository() / MODEL_NAME / "1" / WARMUP_PATH)
    requests = [log.predict_log.request for log in logs]
    warmed = {
        request.inputs["crop"].tensor_shape.dim[0].size
        for request in requests
        if request.model_spec.signature_name == SERVING_SIGNATURE
    }
    assert set(parameters.allowed_batch_sizes) == warmed
    assert max(warmed) == parameters.max_batch_size.value


def test_the_example_of_models_names_versions_by_number_and_no_labels():
    (entry,) = parse("models.config", ModelServerConfig()).model_config_list.config
    assert (entry.name, entry.model_platform) == (MODEL_NAME, "tensorflow")
    assert f"{entry.base_path}/models.config" == server_flags()["model_config_file"]
    assert list(entry.model_version_policy.specific.versions) == [1]
    assert not entry.version_labels


def test_monitoring_is_on_at_the_path_that_the_probe_asks():
    config = parse("monitoring.config", MonitoringConfig()).prometheus_config
    assert (config.enable, config.path) == (True, DEFAULT_PATH)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The repository as it is mounted at /models."""
    root = copy_tiny_repository(tmp_path_factory.mktemp("deploy") / "models")
    text = (DEPLOY / "models.config").read_text().replace('"/models/', f'"{root}/')
    (root / MODEL_NAME / "models.config").write_text(text)
    return root


@pytest.mark.parametrize("batching", BATCHING_FILES)
def test_a_server_starts_with_exactly_these_flags_and_files_and_answers_rightly(batching, models, tmp_path):
    shutil.copy(DEPLOY / batching, tmp_path / "batching.config")
    shutil.copy(DEPLOY / "monitoring.config", tmp_path)
    flags = {name: value for name, value in server_flags().items() if name not in {"port", "rest_api_port"}}
    moved = [
        f"--{name}={value}".replace("=/models/", f"={models}/").replace("=/etc/symmetra/", f"={tmp_path}/")
        for name, value in flags.items()
    ]
    with ModelServerProcess(*moved) as server:
        assert "unknown argument" not in server.stdout()
        code, out, _ = run_probe(
            "check", f"--repository={models}", f"--server=127.0.0.1:{server.port}", "--crops=64", "--deadline=60"
        )
        assert (code, json.loads(out)["outcome"]) == (0, "right"), out
        status, _, page = server.rest("GET", "/monitoring/prometheus/metrics")
        assert status == 200
        assert ":tensorflow:serving:batching_session:processed_batch_size_count{} " in page
        processed = re.search(r"processed_batch_size_sum\{\} (\d+)", page)
        assert int(processed[1]) >= 64


def test_every_flag_is_explained_and_every_file_named_in_the_readme():
    for name in server_flags():
        assert f"`--{name}" in README
    for path in DEPLOY.iterdir():
        assert f"`{path.name}`" in README or path.name == "README.md"


def test_the_readme_says_what_was_never_run_on_a_gpu():
    table = README[README.index("## Compatibility") :]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "GPU" in line.split("|")[1]]
    assert rows
    assert all("not measured on a GPU" in row for row in rows)
