"""Versions that are half there, damaged, or taken away while callers call (issue 4, bar 4)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from serving.repository import ModelRepository, VersionDamaged
from tests.support.model_server_process import ModelServerProcess
from tests.support.steady_load import SteadyLoad
from tests.support.tiny_version import copy_tiny_repository

pytestmark = pytest.mark.tensorflow
PROJECT = Path(__file__).resolve().parents[2]
X = {"x": np.float32([1, 2, 3])}
PUBLISH = """
import dataclasses, resource, shutil, sys
from serving.contract.model import ModelContract
from serving.repository import ModelRepository
root, source, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
repository = ModelRepository(root)
if limit:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
with repository.staging() as staging:
    shutil.copytree(source, staging.path, dirs_exist_ok=True)
    path = staging.path / "assets.extra" / "contract.json"
    contract = dataclasses.replace(ModelContract.from_json(path.read_text()), version=staging.version)
    path.write_text(contract.to_json())
    (staging.path / "manifest.json").unlink()
    repository.publish(staging)
"""


@pytest.fixture
def toys(toy_files, tmp_path):
    """A base path with version 1 of `toys`, to be changed."""
    shutil.copytree(toy_files / "toys" / "1", tmp_path / "toys" / "1")
    return tmp_path / "toys"


@pytest.fixture
def server(toys):
    flags = [
        "--model_name=toys",
        f"--model_base_path={toys}",
        "--file_system_poll_wait_seconds=1",
        "--max_num_load_retries=1",
        "--load_retry_interval_micros=200000",
    ]
    with ModelServerProcess(*flags) as running:
        yield running


def test_a_half_copied_version_and_one_with_damaged_weights_change_nothing(server, toys, toy_files, findings, wait_for):
    def state(version):
        found = {entry.version: entry for entry in server.client.model_status("toys", None, 5.0)}
        return found.get(version)

    with SteadyLoad(server.port, "toys", X, callers=2) as load:
        (toys / "2" / "variables").mkdir(parents=True)
        wait_for(lambda: (entry := state(2)) and entry.state == "END", "the half-copied version ends")
        assert "does not appear to contain a SavedModel" in state(2).error_message
        shutil.copytree(toy_files / "toys" / "2", toys / "tmp-3")
        weights = next((toys / "tmp-3" / "variables").glob("*.data-*"))
        weights.write_bytes(bytes(len(weights.read_bytes()) // 2))
        (toys / "tmp-3").rename(toys / "3")
        wait_for(lambda: (entry := state(3)) and entry.state == "END", "the damaged version ends")
        damaged = state(3)
        began = time.monotonic()
        shutil.copytree(toy_files / "toys" / "2", toys / "tmp-4")
        (toys / "tmp-4").rename(toys / "4")
        recovered = load.wait_for_version(4) - began
    assert load.failures() == {}
    assert {call.version for call in load.calls} == {1, 4}
    findings.note("half-copied version", "nothing: the old version answers on; status END, NOT_FOUND, no SavedModel")
    code = damaged.error_code
    findings.note(f"version with half of its weights (status END, code {code})", "nothing: the old version answers on")
    findings.note("a good version after two bad ones", "the new version", recovered)


def test_a_version_removed_under_load_lets_calls_end_and_names_itself_afterwards(server, toys, findings, wait_for):
    with SteadyLoad(server.port, "toys", X, callers=4) as load:
        load.wait_for_answers(50)
        shutil.copytree(toys / "1", toys.parent / "kept")
        shutil.rmtree(toys / "1")
        gone_after = wait_for(load.failures, "calls fail once nothing is served")
        began = time.monotonic()
        shutil.copytree(toys.parent / "kept", toys / "tmp-2")
        (toys / "tmp-2").rename(toys / "2")
        recovered = load.wait_for_version(2) - began
    assert set(load.failures()) == {"NOT_FOUND"}
    findings.note(
        f"the only version removed under load (gone after {gone_after:.1f} s; calls in flight were answered)",
        "NOT_FOUND until a version was there again",
        recovered,
    )


def test_a_changed_byte_refuses_the_version_and_the_pin_stays(tmp_path, findings):
    repository = ModelRepository(copy_tiny_repository(tmp_path / "models"))
    before = repository.pin()
    weights = repository.version_path(1) / "saved_model.pb"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(VersionDamaged, match=r"saved_model\.pb"):
        repository.set_pin(1)
    assert repository.pin() == before
    findings.note("digest mismatch: one bit of saved_model.pb", "the command refuses and names the file; the pin stays")


def publish_copy(root: Path, limit_bytes: int) -> subprocess.CompletedProcess[str]:
    """Publish a copy of version 1 in a process whose files may not grow beyond the limit; 0 for none."""
    source = root / "depression_severity" / "1"
    command = [sys.executable, "-W", "ignore", "-c", PUBLISH, str(root), str(source), str(limit_bytes)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120)


def test_a_write_that_the_disk_refuses_leaves_no_version_and_the_next_publish_works(tmp_path, findings):
    root = copy_tiny_repository(tmp_path / "models")
    repository = ModelRepository(root)
    refused = publish_copy(root, limit_bytes=200_000)
    assert refused.returncode != 0
    assert "File too large" in refused.stderr
    assert repository.versions() == (1,)
    assert not list(repository.directory.glob("tmp-*/*"))
    began = time.monotonic()
    again = publish_copy(root, limit_bytes=0)
    assert again.returncode == 0, again.stderr
    number = max(repository.versions())
    assert number > 1
    repository.verify(number)
    findings.note(
        "the kernel refuses a write while publishing", "the error; no version appears", time.monotonic() - began
    )


@pytest.mark.long
def test_a_full_disk_while_publishing_leaves_no_version(tmp_path, findings):
    """On a file system of 3 MB made for it; needs `unshare` and the right to mount inside a namespace."""
    root = copy_tiny_repository(tmp_path / "models")
    full = tmp_path / "full"
    full.mkdir()
    size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
    program = tmp_path / "publish.py"
    program.write_text(
        f"import sys; sys.argv[1:] = [{str(full / 'models')!r}, {str(root / 'depression_severity' / '1')!r}, '0']\n"
        + PUBLISH
    )
    look = f"import json; print(json.dumps([str(p) for p in __import__('pathlib').Path({str(full)!r}).rglob('*')]))"
    script = (
        f"mount -t tmpfs -o size={size + size // 2} tmpfs {full} && cp -r {root} {full}/models && "
        f"{sys.executable} -W ignore {program}; echo code $?; {sys.executable} -c {json.dumps(look)}"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "No space left on device" in done.stderr, done.stderr
    code, listed = done.stdout.splitlines()
    assert code == "code 1"
    names = {Path(name).name for name in json.loads(listed)}
    assert "2" not in names
    assert "tmp-2" not in names
    findings.note("disk full while publishing", "the error; no version appears and nothing is left behind")
