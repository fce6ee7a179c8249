"""Publishes, approves and pins, dying by SIGKILL at the k-th step that touches the repository, for k = 1, 2, ... until it lives.

Run as a script: `dying_publisher.py ROOT`. Each attempt is a forked child. Prints one JSON line per attempt: what the
repository looked like right after the death, as another process sees it.
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parent)]

from conftest import write_version  # noqa: E402 - the line above makes it importable from a script

from serving.repository import ModelRepository, Statement  # noqa: E402 - likewise


def publish_approve_and_pin(root):
    repository = ModelRepository(root, "toy")
    with repository.staging() as staging:
        write_version(staging.path, staging.version)
        repository.publish(staging)
    repository.approve(staging.version, Statement("a test", "it is a toy", {"accuracy": 1.0}, report="# good"))
    repository.set_pin(staging.version)


def die_at_step(fatal_step, root):
    steps = 0

    def count(*_):
        nonlocal steps
        steps += 1
        if steps == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event, arguments):
        if event in {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"} and str(arguments[0]).startswith(root):
            count()

    sys.addaudithook(watch)
    flush = os.fsync
    os.fsync = lambda descriptor: (count(), flush(descriptor))


def main(root):
    for fatal_step in range(1, 1000):
        child = os.fork()
        if not child:
            die_at_step(fatal_step, root)
            publish_approve_and_pin(root)
            os._exit(0)
        died = os.waitpid(child, 0)[1] != 0
        repository = ModelRepository(root, "toy")
        report = {
            "died": died,
            "versions": repository.versions(),
            "digests": [repository.verify(version) for version in repository.versions()],
            "being_written": [entry.version for entry in repository.list() if entry.state == "being written"],
            "approved": [version for version in repository.versions() if repository.approval(version)],
            "pinned": repository.pin().version if (repository.directory / "pin.json").exists() else None,
            "recorded": [record.number for record in repository.history()],
        }
        sys.stdout.write(json.dumps(report) + "\n")
        if not died:
            return


if __name__ == "__main__":
    main(sys.argv[1])
