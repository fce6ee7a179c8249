"""One set of tests for every server that speaks TensorFlow Serving's contract (`reference/tfs_contract.md`).

Ours is always tested. TensorFlow's own `tensorflow_model_server` is, where the variable TENSORFLOW_MODEL_SERVER or PATH
names one; where none is found, the summary says so.
"""

import importlib

import pytest

from tests.support.built_once import build_once
from tests.support.left_out import LeftOut
from tests.support.server_under_test import EMBEDDED, REAL, VARIABLE, ServerUnderTest, find_programs

PROGRAMS = find_programs()
STILL_CONFIG = """
model_config_list {{
  config {{
    name: "toys" base_path: "{root}/toys" model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
  }}
  config {{ name: "old" base_path: "{root}/old" model_platform: "tensorflow" }}
  config {{ name: "defaults" base_path: "{folder}/defaults" model_platform: "tensorflow" }}
}}
"""
USUAL_FLAGS = (
    "--grpc_socket_path={folder}/socket",
    "--monitoring_config_file={folder}/monitoring.config",
    "--enable_grpc_healthcheck_service",
    "--enable_signature_method_name_check=false",
    "--file_system_poll_wait_seconds=1",
    "--max_num_load_retries=3",
    "--load_retry_interval_micros=1000",
    "--num_load_threads=2",
    "--num_unload_threads=2",
    "--flush_filesystem_caches=false",
    "--rest_api_num_threads=8",
    "--rest_api_timeout_in_ms=20000",
    "--enable_model_warmup=1",
    "--num_request_iterations_for_warmup=2",
    "--tensorflow_session_parallelism=0",
    "--tensorflow_intra_op_parallelism=2",
    "--tensorflow_inter_op_parallelism=2",
    "--per_process_gpu_memory_fraction=0.5",
    "--remove_unused_fields_from_bundle_metagraph=true",
    "--saved_model_tags=serve",
    "--grpc_channel_arguments=grpc.max_connection_age_ms=600000",
    "--allow_version_labels_for_unavailable_models=true",
    "--enable_profiler=false",
    "--model_name=ignored",
    "--never_heard_of=1",
)


def pytest_configure(config):
    config.addinivalue_line("markers", f"ends_their_server: a call that {REAL} does not survive (section 2.7)")


def pytest_collection_modifyitems(config, items):
    """Leave out, by name, what TensorFlow's own server does not survive; or say that there is none."""
    ended = [
        item
        for item in items
        if item.get_closest_marker("ends_their_server") and item.callspec.params["program"] == REAL
    ]
    if ended:
        config.hook.pytest_deselected(items=ended)
        items[:] = [item for item in items if item not in ended]
        LeftOut(config).note(f"{REAL} would end", [item.nodeid for item in ended])
    if REAL not in PROGRAMS:
        LeftOut(config).note(
            f"no {REAL} on PATH, and {VARIABLE} is not set",
            [f"tests/conformance ran against the {EMBEDDED} server only"],
        )


@pytest.fixture(scope="session", params=list(PROGRAMS))
def program(request):
    """Command of the server under test; every test that uses it runs once per server that was found."""
    return PROGRAMS[request.param]


@pytest.fixture(scope="session")
def serve(program):
    """Start the server under test: `with serve("--model_name=...", ...) as server:`."""

    def start(*flags):
        return ServerUnderTest(*flags, program=program)

    return start


@pytest.fixture(scope="session")
def changing_server(serve, tmp_path_factory):
    """A server that begins without models; every test replaces them all by its own, under names of its own."""
    config = tmp_path_factory.mktemp("changing-server") / "models.config"
    config.write_text("model_config_list {}")
    flags = ["--max_num_load_retries=0", "--load_retry_interval_micros=0", "--grpc_max_threads=65"]
    with serve(f"--model_config_file={config}", *flags) as running:
        yield running


@pytest.fixture(scope="session")
def still_server(serve, toy_models, tmp_path_factory):
    """Versions 1 and 2 of `toys`, `old`, and `defaults`, whose signature `two_inputs` has [7] for an absent b.

    Its flags are those that many people pass; none of them may keep a server from starting.
    """
    support = importlib.import_module("tests.support.signature_edits")
    folder = tmp_path_factory.mktemp("still-server")
    support.copy_with_default(toy_models / "toys" / "1", folder / "defaults" / "1")
    (folder / "models.config").write_text(STILL_CONFIG.format(root=toy_models, folder=folder))
    (folder / "monitoring.config").write_text("prometheus_config { enable: true }")
    with serve(
        f"--model_config_file={folder / 'models.config'}", *(flag.format(folder=folder) for flag in USUAL_FLAGS)
    ) as running:
        running.socket_path = folder / "socket"
        yield running


@pytest.fixture(scope="session")
def batching_toys(tmp_path_factory):
    """A version directory to copy from, whose signatures show what was run together."""
    toys = importlib.import_module("tests.support.batching_toys")
    return build_once(tmp_path_factory, "batching-toys", lambda root: toys.save_batching_toys(root / "1")) / "1"
