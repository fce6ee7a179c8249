"""`make drift-demo`: change what the demo is asked about, and watch the alarm arrive.

Starts the demo with everything that watches it, draws faces that the model never saw, and sends them as patients' photos through the real
gateway: first as they are, then through a darker camera, a blurred one, or with more people of the group "depressed" among them. The drift
controller and its arithmetic are a site's own; looks and rules come more often, so that nobody waits. The height of the alarm is that of a
site with 2,000 photos a day and at most one false alarm in 90 days. Where other people come, how soon that is seen depends on how well the
version tells them apart, so the demo asks `drift plan` first and says it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageEnhance, ImageFilter

from serving.contract.errors import ContractError
from serving.contract.model import MODEL_NAME
from serving.contract.profile import PROFILE_NAME, Profile, Reliability
from serving.local.demo import DemoStepFailed, Stopped, prepare_model, raise_stopped, run_step, say
from serving.local.evidence_picture import Trial, draw
from serving.local.monitor import start_served
from serving.local.notices import Notices
from serving.local.ports import LOOPBACK, PortInvalid, PortTaken, WatchedPorts
from serving.local.processes import ProcessFailed, ProcessGroup
from serving.local.stack import Interpreters
from serving.local.watching import Pace, Stack, start_watching
from serving.repository import RepositoryError

SHIFTS: Final = {
    "darker": "the same faces through a darker camera (brightness x 0.6)",
    "blur": "the same faces through a blurred lens (Gaussian, 2 pixels)",
    "prevalence": "nine of ten people of the group 'depressed' instead of half",
}
PER_DAY: Final = 2000.0
TIMES_FASTER: Final = 15.0
BATCH: Final = 50
"""Photos of one update of the detector."""
QUIET_PHOTOS: Final = 250
SHIFTED_PHOTOS: Final = 300
ILL_SHARE: Final = 0.9
"""Of `prevalence`."""
ALL_SIGNALS: Final = 'symmetra_drift_log_evidence{signal="all"}'
MANIFEST: Final = "manifest.csv"
SEED: Final = 20_261_128
SENDERS: Final = 2
COUNTED_SECONDS: Final = 60.0
NOTICE_SECONDS: Final = 90.0
JPEG_QUALITY: Final = 90


@dataclass(frozen=True, slots=True)
class Face:
    """One drawn photo and its group."""

    path: Path
    depressed: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """What `drift plan` says of a change of prevalence.

    Attributes:
        odds: So many times as high become the odds of a high answer.
        half: Photos after which half of such changes are seen; None where fewer are, in all that was simulated.
        most: Photos after which nine of ten are; None as above.
        simulated: Photos.
    """

    odds: float
    half: int | None
    most: int | None
    simulated: int

    def expects(self, photos: int) -> bool:
        """Whether an alarm within so many is more likely than not."""
        return self.half is not None and self.half <= photos

    def sentence(self) -> str:
        """For people."""
        says = f"`drift plan`: with this version such a change makes the odds of a high answer {self.odds:.2g} times as high; "
        if self.half is None:
            return (
                says
                + f"fewer than half of such changes are seen within {self.simulated:,} photos, so do not expect an alarm"
            )
        most = "later" if self.most is None else f"within {self.most:,}"
        return (
            says
            + f"half of such changes are seen within {self.half:,} photos, nine of ten {most} (--photos says how many are sent)"
        )


def main() -> int:
    """Run the demonstration; 0 where the alarm came."""
    arguments = _parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_stopped)
    try:
        ports = WatchedPorts.from_environment(os.environ)
        ports.require_free()
        python = Interpreters.of_environments(arguments.environments)
        version = prepare_model(arguments.folder, python, arch="twin")
        drawn = "drift-faces" if arguments.photos == SHIFTED_PHOTOS else f"drift-faces-{arguments.photos}"
        faces = draw_faces(arguments.folder / drawn, python.training, arguments.photos)
        forecast = None
        if arguments.shift == "prevalence":
            forecast = ask_plan(arguments.folder / "models" / MODEL_NAME / str(version), python.monitoring)
            say(forecast.sentence())
        told: list[str] = []

        def tell(line: str) -> None:
            told.append(line)
            say(f"    {line}")

        with ProcessGroup(arguments.folder / "logs") as group, Notices(tell) as notices:
            say("starting the model server, two gateways, and what watches them")
            stack = Stack(group, arguments.folder, python, ports, Pace(TIMES_FASTER, PER_DAY))
            # What an earlier run saw would be part of this one.
            shutil.rmtree(stack.watching, ignore_errors=True)
            start_served(stack, version)
            if not start_watching(stack, notices.port, say).prometheus:
                return 1
            trial = run_trial(ports, faces, arguments.shift, arguments.photos)
            out = arguments.folder / f"drift-{arguments.shift}.svg"
            out.write_text(draw(trial))
            if trial.alarm_at is not None:
                _wait_for_notice(told)
        _tell_result(trial, out, arguments.photos, forecast)
    except Stopped:
        say("\nstopped; everything that was started has ended")
        return 0
    except (PortTaken, PortInvalid, DemoStepFailed, ProcessFailed, RepositoryError, ContractError) as error:
        print(f"\nmake drift-demo cannot go on: {error}", file=sys.stderr)  # noqa: T201 - a program for a person at a terminal
        return 1
    foretold = forecast is not None and not forecast.expects(arguments.photos)
    return 0 if trial.alarm_at is not None or foretold else 1


def ask_plan(version: Path, monitoring: Path) -> Forecast:
    """What `drift plan` says of nine of ten people of the group "depressed", with this version's own profile.

    Args:
        version: Its folder.
        monitoring: Interpreter of the monitoring.

    Raises:
        DemoStepFailed: it says nothing.
        ContractError: the profile is none.
    """
    path = version / "assets.extra" / PROFILE_NAME
    odds = odds_of_high(Profile.from_json(path.read_text()).reliability)
    command = [str(monitoring), "-m", "monitoring", "drift", "plan", f"--per-day={PER_DAY:g}", f"--profile={path}", f"--odds={odds:.3g}", "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"`drift plan` ended with exit code {done.returncode}:\n{done.stderr.strip()}"
        raise DemoStepFailed(message)
    asked = json.loads(done.stdout)["changes"][-1]
    half, most = (
        None if days is None else round(days * PER_DAY) for days in (asked["median_days"], asked["high_days"])
    )
    return Forecast(odds, half, most, round(asked["days_looked"] * PER_DAY))


def odds_of_high(reliability: Reliability) -> float:
    """How many times as high the odds of a severity above one half become, where the share of the group "depressed" becomes `ILL_SHARE`.

    From how many photos of each group the version gave such an answer when it was measured.
    """
    ill, well = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
    for p, observed, count in zip(reliability.p, reliability.observed, reliability.counts, strict=True):
        ill[p < 0.5] += count * (1.0 - observed)
        well[p < 0.5] += count * observed

    def high(share_of_ill: float) -> float:
        of_ill, of_well = (group[True] / max(sum(group.values()), 1.0) for group in (ill, well))
        share = share_of_ill * of_ill + (1.0 - share_of_ill) * of_well
        return share / (1.0 - share)

    return high(ILL_SHARE) / high(sum(ill.values()) / (sum(ill.values()) + sum(well.values())))


def draw_faces(folder: Path, training: Path, shifted: int = SHIFTED_PHOTOS) -> list[Face]:
    """Faces that the demo model never saw, each of another person, enough for so many after the change; drawn once."""
    count = QUIET_PHOTOS + 2 * shifted
    if not (folder / MANIFEST).exists():
        say(f"drawing {count} faces that the model never saw")
        run_step(
            training,
            "training",
            "synthesize",
            f"--out={folder}",
            f"--photos={count}",
            "--photos-per-subject=1",
            f"--seed={SEED}",
        )
    return read_faces(folder)


def run_trial(ports: WatchedPorts, faces: Sequence[Face], shift: str, photos: int) -> Trial:
    """Send quiet photos, then shifted ones until the alarm.

    Raises:
        DemoStepFailed: the controller does not count what was answered.
    """
    quiet, rest = faces[:QUIET_PHOTOS], list(faces[QUIET_PHOTOS:])
    shifted = choose(rest, shift)[:photos]
    say(f"sending {len(quiet)} photos as they are, then {SHIFTS[shift]}")
    evidence: list[tuple[float, float]] = []
    answered, changed_at, alarm_at, moved, height = 0, 0, None, "", 0.0
    batches = [(part, "") for part in _parts(quiet)] + [(part, shift) for part in _parts(shifted)]
    for part, applied in batches:
        answered += _send(ports.port, [photo_bytes(face.path, applied) for face in part])
        if not applied:
            changed_at = answered
        page = _wait_until_counted(ports, answered)
        if ALL_SIGNALS not in page:  # before the first update
            continue
        level = page[ALL_SIGNALS]
        height = page['symmetra_drift_alarm_height{tier="alarm"}']
        taken = page["symmetra_drift_photos"]
        evidence.append((taken, level))
        say(f"    {answered} answered{', shifted' if applied else ''}: evidence {level:.1f}, alarm at {height:.1f}")
        if page['symmetra_drift_alarm{tier="alarm"}'] == 1:
            alarm_at = answered
            moved = _moved(page)
            break
    return Trial(SHIFTS[shift], evidence, height, changed_at, alarm_at, moved)


def read_faces(folder: Path) -> list[Face]:
    """The drawn faces, in the order in which they were drawn."""
    with (folder / MANIFEST).open(newline="") as file:
        return [Face(folder / row["path"], row["label"] == "1") for row in csv.DictReader(file)]


def choose(faces: Sequence[Face], shift: str) -> list[Face]:
    """The faces to shift: as they come, but for `prevalence`, where nine of ten are of the group "depressed"."""
    if shift != "prevalence":
        return list(faces)
    ill = [face for face in faces if face.depressed]
    well = [face for face in faces if not face.depressed]
    mixed: list[Face] = []
    while len(ill) >= 9 and well:
        mixed += [*(ill.pop() for _ in range(9)), well.pop()]
    return mixed


def photo_bytes(path: Path, shift: str) -> bytes:
    """The photo as a client sends it: JPEG, changed where the shift is one of the camera."""
    if shift not in ("darker", "blur"):
        return path.read_bytes()
    with Image.open(path) as opened:
        photo = opened.convert("RGB")
    photo = (
        ImageEnhance.Brightness(photo).enhance(0.6) if shift == "darker" else photo.filter(ImageFilter.GaussianBlur(2))
    )
    kept = io.BytesIO()
    photo.save(kept, "JPEG", quality=JPEG_QUALITY)
    return kept.getvalue()


def read_controller(text: str) -> dict[str, float]:
    """Samples of the controller's page by name and labels; where the labels of place are left out, because there is one place."""
    samples = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if not name or line.startswith("#"):
            continue
        name = re.sub(r'(site|model_version)="[^"]*",?', "", name).replace(",}", "}").replace("{}", "")
        samples[name] = float(value)
    return samples


def _moved(page: Mapping[str, float]) -> str:
    start = 'symmetra_drift_loudest{signal="'
    return next((name[len(start) : -2] for name, value in page.items() if name.startswith(start) and value == 1), "")


def _parts(faces: Sequence[Face]) -> list[Sequence[Face]]:
    return [faces[start : start + BATCH] for start in range(0, len(faces), BATCH)]


def _send(port: int, photos: Sequence[bytes]) -> int:
    """Send patients' photos; how many were answered, with a band or without. A refused photo counts nowhere for drift."""
    with ThreadPoolExecutor(SENDERS) as senders:
        return sum(senders.map(lambda photo: _is_answered(port, photo), photos))


def _is_answered(port: int, photo: bytes) -> bool:
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}/v1/screenings", data=photo, headers={"Content-Type": "image/jpeg"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60.0) as answer:  # noqa: S310 - our own gateway
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def _wait_until_counted(ports: WatchedPorts, answered: int) -> dict[str, float]:
    """The controller's page, as soon as its detectors took what was answered, but for less than one update."""
    url = f"http://{LOOPBACK}:{ports.drift_controller_port}/metrics"
    deadline = time.monotonic() + COUNTED_SECONDS
    while time.monotonic() < deadline:
        with urllib.request.urlopen(url, timeout=10.0) as answer:
            page = read_controller(answer.read().decode())
        if page.get("symmetra_drift_photos", 0.0) > answered - BATCH:
            return page
        time.sleep(0.2)
    message = (
        f"{answered} photos were answered, and after {COUNTED_SECONDS:.0f} s the drift controller has not counted them"
    )
    raise DemoStepFailed(message)


def _wait_for_notice(told: Sequence[str]) -> None:
    deadline = time.monotonic() + NOTICE_SECONDS
    while time.monotonic() < deadline and not any("DriftAlarm" in line for line in told):
        time.sleep(0.2)


def _tell_result(trial: Trial, out: Path, photos: int, forecast: Forecast | None) -> None:
    say("")
    if trial.alarm_at is None:
        say(f"no alarm within {photos:,} photos of the change; the picture shows how far the evidence came")
        if forecast is not None and not forecast.expects(photos):
            say("as foretold: the demo model hardly tells the two groups apart, so who comes hardly moves its answers")
    elif trial.alarm_at <= trial.changed_at:
        say("a false alarm: it came before the change. That happens; the heights allow one in 90 days")
    else:
        say(f"alarm {trial.alarm_at - trial.changed_at} photos after the change; what moved most: {trial.moved}")
    say(f"picture: {os.path.relpath(out)}")
    say("A demo model of drawn faces, and a change made by hand: it shows the alarm at work, and nothing about people.")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m serving.local.drift_demo", description=__doc__)
    parser.add_argument("--shift", choices=sorted(SHIFTS), default="darker", help="what changes (default: %(default)s)")
    parser.add_argument(
        "--photos",
        type=int,
        default=SHIFTED_PHOTOS,
        metavar="N",
        help="sent at most after the change (default: %(default)s)",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(".run/demo"), help="the demo's, where everything it makes lies"
    )
    parser.add_argument("--environments", type=Path, default=Path(".venv"), help="one Python environment per extra")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
