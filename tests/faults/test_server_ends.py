"""The server is asked to end, or just ends, while callers call (issue 4, bar 4)."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import CallFailed
from tests.support.model_server_process import ModelServerProcess
from tests.support.steady_load import SteadyLoad

pytestmark = pytest.mark.tensorflow
X = {"x": np.float32([1])}
CALLERS = 6
BUSY_SECONDS = 0.3


def flags_of(toy_files):
    return ["--model_name=toys", f"--model_base_path={toy_files / 'toys'}", "--grpc_max_threads=32"]


def test_sigterm_under_load_loses_no_call_that_was_accepted(toy_files, findings):
    """Every caller says when it called; those that had called for a while when the signal came must be answered."""
    with ModelServerProcess(*flags_of(toy_files), fresh=True) as server:
        calling = threading.Barrier(CALLERS + 1)
        ended: list[tuple[float, str]] = []

        def call_until_refused() -> None:
            with open_channel(f"127.0.0.1:{server.port}") as channel:
                client = ModelServerClient(channel)
                client.predict("toys", None, X, 5.0)
                calling.wait()
                while True:
                    began = time.monotonic()
                    try:
                        client.predict("toys", None, {"seconds": np.float64([BUSY_SECONDS])}, 20.0, signature="slow")
                    except CallFailed as error:
                        ended.append((began, error.code.name))
                        return

        with ThreadPoolExecutor(CALLERS) as pool:
            callers = [pool.submit(call_until_refused) for _ in range(CALLERS)]
            calling.wait()
            time.sleep(BUSY_SECONDS / 2)  # Into the middle of the first calls.
            signalled = time.monotonic()
            code = server.stop(signal.SIGTERM)
            took = time.monotonic() - signalled
            for caller in callers:
                caller.result(30)
    assert code == 0
    assert {name for _, name in ended} == {"UNAVAILABLE"}
    assert all(began > signalled for began, _ in ended), "a call that was in flight before the signal was lost"
    findings.note("SIGTERM under load", f"calls in flight answered, later ones UNAVAILABLE; gone after {took:.1f} s")


def test_sigterm_under_a_rain_of_short_calls_answers_or_refuses_each(toy_files, findings):
    """gRPC's own shutdown cancelled some of these, and once left one hanging until its deadline."""
    with (
        ModelServerProcess(*flags_of(toy_files)) as server,
        SteadyLoad(server.port, "toys", X, callers=8) as load,
    ):
        load.wait_for_answers(300)
        assert server.stop(signal.SIGTERM) == 0
        load.stop()
        failures = load.failures()
    assert set(failures) == {"UNAVAILABLE"}
    assert max(call.seconds for call in load.calls) < 5.0
    findings.note(
        "SIGTERM under a rain of short calls", "an answer or UNAVAILABLE, nothing cancelled and nothing hangs"
    )


def test_kill_9_and_a_restart_on_the_same_ports(toy_files, findings):
    with (
        ModelServerProcess(*flags_of(toy_files)) as server,
        SteadyLoad(server.port, "toys", X, callers=2) as load,
    ):
        load.wait_for_answers(20)
        killed = time.monotonic()
        server.stop(signal.SIGKILL)
        load.wait_for_failures()
        with ModelServerProcess(*flags_of(toy_files), ports=(server.port, server.rest_port)):
            answered = load.wait_for_version(2)
            load.wait_for_answers(20)
            load.stop()
    assert set(load.failures()) == {"UNAVAILABLE"}
    findings.note("kill -9 and a restart on the same ports", "UNAVAILABLE until it was back", answered - killed)
