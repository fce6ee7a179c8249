"""A process that holds faces leaves no core file when it dies, wherever it runs."""

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import PROJECT, GatewayProcess
from tests.support.stub_model_server import StubModelServer

NO_CORE = re.compile(r"^Max core file size +0 +0 ", re.MULTILINE)
GET_DUMPABLE = "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)"


def allow_core_files():
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def abort_after(statement, folder):
    program = f"import ctypes, os; from serving.core_dumps import *; {statement}; {GET_DUMPABLE}; os.abort()"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        preexec_fn=allow_core_files,
        stdout=subprocess.PIPE,
        check=False,
    )


@pytest.mark.parametrize(
    ("statement", "dumpable"), [("forbid_core_files()", b"1\n"), ("forbid_memory_dumps()", b"0\n")]
)
def test_an_abort_leaves_nothing(tmp_path, statement, dumpable):
    finished = abort_after(statement, tmp_path)
    assert finished.returncode == -signal.SIGABRT
    assert finished.stdout == dumpable
    assert list(tmp_path.iterdir()) == []


def test_the_gateway_that_serves_and_its_master_may_not(tmp_path):
    make_repository(tmp_path)
    with StubModelServer(VERSION) as stub, GatewayProcess(tmp_path, stub.address) as gateway:
        worker = gateway.worker()
        for process in (worker, worker.parent()):
            assert NO_CORE.search(Path(f"/proc/{process.pid}/limits").read_text())
