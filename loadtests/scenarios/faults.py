"""Parts that fail, and how each is mended: what `kinds` describes, done to a running site."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.model_door import ModelDoor, other_weights
from loadtests.scenarios.photos import PatientPhotos
from loadtests.scenarios.scenario import Change, Scenario
from loadtests.scenarios.sending import PhotoSender
from loadtests.scenarios.site import GATEWAYS, Site
from serving.local.stack import model_server_address
from serving.repository import Statement

PERSON: Final = "--by=a scenario"
ATTACHED_SECONDS: Final = 10.0
GRACE_SECONDS: Final = 2.0
"""From the move of the pin to the unloading of the old version: a scenario's photos arrive within milliseconds."""


class Doing(Protocol):
    """A change that can be made and ended."""

    def begin(self) -> None:
        """Make it.

        Raises:
            ScenarioFailed: It cannot be made here.
        """
        ...

    def end(self) -> None:
        """End it, and mend what it broke; also where it was never begun.

        Raises:
            ScenarioFailed: It cannot be mended.
        """
        ...


class GatewayKilled:
    """The second gateway is killed, and started again at the end."""

    def __init__(self, site: Site) -> None:
        self._site, self._is_dead = site, False

    def begin(self) -> None:
        """SIGKILL."""
        self._site.kill(GATEWAYS[1])
        self._is_dead = True

    def end(self) -> None:
        """Start it where it was."""
        if self._is_dead:
            self._is_dead = False
            self._site.start_gateway(GATEWAYS[1])


class ModelServerHung:
    """The model server keeps its ports and does nothing."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def begin(self) -> None:
        """SIGSTOP."""
        self._site.signal("model-server", signal.SIGSTOP)

    def end(self) -> None:
        """SIGCONT, which harms nobody who runs."""
        self._site.signal("model-server", signal.SIGCONT)


class DiskSlow:
    """Every flush of a gateway's database takes long: strace holds the call back in the kernel, as a disk would.

    Args:
        site: Whose gateways.
        flush_seconds: For each, in real time.
    """

    def __init__(self, site: Site, flush_seconds: float) -> None:
        self._site, self._flush_seconds = site, flush_seconds
        self._tracers: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        """Attach to both gateways."""
        program = shutil.which("strace")
        if program is None:
            message = "strace is not installed, and disk_slow needs it; get it with: sudo make system-deps"
            raise ScenarioFailed(message)
        wait = f"fsync,fdatasync:delay_enter={round(self._flush_seconds * 1_000_000)}"
        for name in GATEWAYS:
            pid = _worker_of(self._site.stack.group.pid(name))
            command = [
                program,
                "-f",
                "-qq",
                "-e",
                "trace=fsync,fdatasync",
                "-e",
                f"inject={wait}",
                "-o",
                "/dev/null",
                "-p",
                str(pid),
            ]
            tracer = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            self._tracers.append(tracer)
            _wait_until_traced(tracer, pid)

    def end(self) -> None:
        """Detach."""
        while self._tracers:
            tracer = self._tracers.pop()
            tracer.terminate()
            try:
                tracer.wait(timeout=ATTACHED_SECONDS)
            except subprocess.TimeoutExpired:
                tracer.kill()
                tracer.wait()
            if tracer.stderr is not None:
                tracer.stderr.close()


class WrongAnswersAfterPromotion:
    """A version is published, approved and promoted as always, and answers differently once it is live.

    The weights in its files are the first version's; what answers are altered by is between gateway and model server, because `promote`
    asks every golden crop and would let no version go live whose answers are wrong.
    """

    def __init__(self, site: Site, door: ModelDoor) -> None:
        self._site, self._door, self._is_promoted = site, door, False

    def begin(self) -> None:
        """Promote, then alter."""
        version = self._publish_again()
        self._site.run_program(
            self._site.stack.python.monitoring,
            "serving.repository",
            "promote",
            str(version),
            *self._how(),
            "--why=a newer version",
        )
        self._is_promoted = True
        self._door.alter = other_weights

    def end(self) -> None:
        """Roll back, and resume: what the runbook says."""
        self._door.alter = None
        if self._is_promoted:
            self._is_promoted = False
            python = self._site.stack.python
            self._site.run_program(
                python.monitoring, "serving.repository", "rollback", *self._how(), "--why=wrong golden answers"
            )
            self._site.run_program(python.gateway, "gateway", "resume", PERSON)

    def _how(self) -> tuple[str, ...]:
        return (
            f"--repository={self._site.stack.models}",
            f"--server={model_server_address(self._site.ports)}",
            f"--grace-seconds={GRACE_SECONDS:g}",
            PERSON,
        )

    def _publish_again(self) -> int:
        models = self._site.models
        live = models.pin().version
        with models.staging() as staging:
            shutil.copytree(models.directory / str(live), staging.path, dirs_exist_ok=True)
            for name in ("contract.json", "profile.json"):
                path = staging.path / "assets.extra" / name
                content = json.loads(path.read_text())
                path.write_text(
                    json.dumps(content | {"version" if name == "contract.json" else "model_version": staging.version})
                )
            (staging.path / "manifest.json").unlink()
            models.publish(staging)
        models.approve(staging.version, Statement("a scenario", "the same network again", {}))
        return staging.version


class SingleFailures:
    """Now and then one patient's photo fails, because the model server refuses it, and nothing else does.

    Args:
        door: Refuses, for as long as that photo takes.
        sender: Sends it.
        photos: It comes from.
        every_seconds: Of real time.
    """

    def __init__(self, door: ModelDoor, sender: PhotoSender, photos: PatientPhotos, every_seconds: float) -> None:
        self._door, self._sender, self._photos, self._every_seconds = door, sender, photos, every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fail_again_and_again, daemon=True)

    def begin(self) -> None:
        """The first fails now."""
        self._thread.start()

    def end(self) -> None:
        """No more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _fail_again_and_again(self) -> None:
        while True:
            photo = self._photos.take()
            self._door.is_refusing = True
            try:
                self._sender.send(photo)
            finally:
                self._door.is_refusing = False
            if self._stop.wait(self._every_seconds):
                return


def fault_of(change: Change, scenario: Scenario, site: Site, sender: PhotoSender, photos: PatientPhotos) -> Doing:
    """The fault that a change names.

    Raises:
        KeyError: It is none of these.
    """
    makers: Mapping[str, Callable[[], Doing]] = {
        "gateway_killed": lambda: GatewayKilled(site),
        "model_server_hung": lambda: ModelServerHung(site),
        "disk_slow": lambda: DiskSlow(site, change.options["flush_seconds"]),
        "wrong_answers_after_promotion": lambda: WrongAnswersAfterPromotion(site, door_of(site)),
        "single_failures": lambda: SingleFailures(
            door_of(site), sender, photos, scenario.seconds(change.options["every_minutes"])
        ),
    }
    return makers[change.kind]()


NEED_MODEL_DOOR: Final = frozenset({"wrong_answers_after_promotion", "single_failures"})
"""Faults of what is between gateway and model server."""


def door_of(site: Site) -> ModelDoor:
    """The door of a site that has one.

    Raises:
        ScenarioFailed: It has none.
    """
    if site.model_door is None:
        message = "this site was started without anything between gateway and model server"
        raise ScenarioFailed(message)
    return site.model_door


def _worker_of(pid: int) -> int:
    """The process of a gateway that serves: the newest child of the one that was started, or that one itself."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[-1]) if children else pid


def _wait_until_traced(tracer: subprocess.Popen[bytes], pid: int) -> None:
    deadline = time.monotonic() + ATTACHED_SECONDS
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        if tracer.poll() is not None or time.monotonic() > deadline:
            said = tracer.stderr.read().decode(errors="replace") if tracer.poll() is not None and tracer.stderr else ""
            message = f"strace cannot slow the disk down here: it may not trace the gateway, which takes root ({said.strip()[:200]})"
            raise ScenarioFailed(message)
        time.sleep(0.05)
