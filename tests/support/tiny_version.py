"""A real exported model version for tests that need one: built once per machine and source state, then copied.

    from tests.support.tiny_version import copy_tiny_repository
    root = copy_tiny_repository(tmp_path / "models")       # root/depression_severity/1, pinned

A real network, exported through the real gates (`tiny_version_build`), in about 30 seconds of processor time the first time
and in milliseconds afterwards. Its answers cover all three bands and mean even less than the demo model's.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = (
    "training/architectures",
    "training/export",
    "training/synthetic",
    "training/evaluation",
    "serving/contract",
    "serving/wire",
    *(
        f"serving/repository/{name}.py"
        for name in ("approval", "durable", "history", "manifest", "pin", "repository", "staging")
    ),
    "tests/support/tiny_faces.py",
    "tests/support/tiny_version_build.py",
)
LIBRARIES = ("tensorflow-cpu", "keras", "numpy", "pillow", "ai-edge-litert")


def copy_tiny_repository(root: Path) -> Path:
    """Copy the repository, with version 1 pinned, to `root` (which must not exist) and return `root`."""
    shutil.copytree(tiny_repository(), root)
    return root


def tiny_repository() -> Path:
    """The shared repository root, built where it is missing. Never write into it: other tests read it too."""
    folder = Path(tempfile.gettempdir()) / f"symmetra-tiny-{os.getuid()}-{_fingerprint()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    root, done = folder / "models", folder / "done"
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)
            # A process of its own: the caller may be a test that must not have TensorFlow loaded.
            program = [sys.executable, "-W", "ignore", "-m", "tests.support.tiny_version_build", str(root)]
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
            finished = subprocess.run(
                program, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
            )
            if finished.returncode != 0:
                message = f"the tiny version could not be built:\n{finished.stderr[-4000:]}"
                raise RuntimeError(message)
            done.touch()
    return root


def _fingerprint() -> str:
    digest = hashlib.sha256(" ".join(f"{name}=={version(name)}" for name in LIBRARIES).encode())
    for source in SOURCES:
        path = PROJECT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(PROJECT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
