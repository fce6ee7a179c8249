"""A real gateway for a real browser, in front of a model that answers as told: every state of the page within reach."""

from __future__ import annotations

import contextlib
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import grpc
import numpy as np

from gateway.stop.stop_switch import StopSwitch
from serving.contract.jitter import JITTER_COPIES
from serving.contract.policy import Abstention, Policy
from serving.repository.history import HISTORY_NAME, Action, HistoryRecord, append_record
from tests.support.drawn_faces import drawn_face
from tests.support.fake_prometheus import FakePrometheus
from tests.support.gateway import DIGEST, VERSION, make_repository, write_policy
from tests.support.gateway_process import GatewayProcess
from tests.support.people import sign_in_settings
from tests.support.records import make_records
from tests.support.sign_in_provider import SignInProvider
from tests.support.stub_model_server import StubModelServer

REGIONS = ("eyes", "brows", "mouth", "jaw")
FACES = (5, 11)
"""Seeds of two drawn faces that are told apart at a look."""
P_OF_BANDS = {"none": 0.9, "mild": 0.5, "high": 0.1}
MAP = np.sin(np.linspace(-9, 9, 32 * 32, dtype=np.float32)).reshape(1, 32, 32)


class PageSite:
    """Inside the block a gateway on loopback where anybody may ask, and one where people sign in, say what they expect before they
    see a score, and confirm a notice.

    Args:
        folder: For everything that it makes.
        settings: Of both.
    """

    def __init__(self, folder: Path, **settings) -> None:
        self.folder = folder
        self._settings = settings
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.repository = make_repository(
                self.folder / "models",
                asymmetry_regions=REGIONS,
                holdout={"auroc": 0.861, "accuracy": 0.783, "photos": 1200.0, "subjects": 400.0},
            )
            promoted = HistoryRecord.now(Action.PROMOTE, VERSION, DIGEST, by="ada", why="better than version 2")
            append_record(self.repository.directory / HISTORY_NAME, promoted)
            self.switch = StopSwitch(self.repository.directory)
            self.stub = stack.enter_context(StubModelServer(VERSION))
            self.stub.explanation = {
                "attribution": MAP,
                "asymmetry": np.float32([[0.12, 0.34, 0.05, 0.21]]),
            }
            self.faces = [self.write(f"face-{seed}.jpg", drawn_face(seed)) for seed in FACES]
            prometheus = stack.enter_context(FakePrometheus())
            prometheus.tell_bands([time.time() - 60.0 * minutes for minutes in range(55, 0, -5)])
            self.provider = stack.enter_context(SignInProvider())
            # Where it offers to sign people out as well, the gateway's page leads on there at once.
            self.provider.configuration = {"end_session_endpoint": None}
            notice = self.write(
                "notice.txt", b"The person knows what the photo is for.\n\nThey may say no at any time.\n"
            )
            self.gateway = stack.enter_context(self._make("page"))
            self.ward = self._make(
                "ward",
                **sign_in_settings(self.provider, self.folder),
                shadow_version=VERSION + 1,
                prometheus_url=prometheus.url,
                view_before_score="yes",
                notice_file=notice,
                access_contact="the help desk",
            )
            # Where it listens is known only now.
            self.ward._environment["SYMMETRA_PUBLIC_URL"] = f"http://127.0.0.1:{self.ward.port}"
            stack.enter_context(self.ward)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self.gateway.port}/"

    @property
    def ward_url(self) -> str:
        """Of the page where people sign in."""
        return f"http://127.0.0.1:{self.ward.port}/"

    @property
    def operator_url(self) -> str:
        """Of the operator page."""
        return f"{self.ward_url}operator"

    def sign_in(self, driver, role: str, to: str = "/") -> None:
        """Go there as somebody with this role."""
        self.provider.roles = [role]
        driver.get(f"{self.ward_url}sign-in?to={to}")

    def write(self, name: str, content: bytes) -> Path:
        """A file that a person can choose."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def answer(self, band: str) -> None:
        """From now on every photo gets this band."""
        self.stub.p_no_depression = np.float32(P_OF_BANDS[band])

    @contextlib.contextmanager
    def abstaining(self):
        """The model wavers, and the policy gives no band for that."""
        write_policy(self.repository, Policy(abstention=Abstention(50_000, 0.9, 0.9)))
        self.stub.p_no_depression = np.float32([[0.4]] + [[0.9]] * JITTER_COPIES)
        try:
            yield
        finally:
            (self.repository.directory / "policy.json").unlink()
            self.answer("mild")

    @contextlib.contextmanager
    def paused(self):
        """An operator stopped it."""
        self.switch.pause(by="ada", why="odd_answers")
        try:
            yield
        finally:
            self.switch.resume(by="ada", why="", details={})

    @contextlib.contextmanager
    def without_model(self):
        """No version is pinned."""
        pin = self.repository.directory / "pin.json"
        kept = pin.rename(pin.with_suffix(".away"))
        try:
            yield
        finally:
            kept.rename(pin)

    @contextlib.contextmanager
    def failing(self):
        """The model server refuses the next photo."""
        self.stub.errors = [grpc.StatusCode.RESOURCE_EXHAUSTED] * 2
        try:
            yield
        finally:
            self.stub.errors = []

    def _make(self, name: str, **settings) -> GatewayProcess:
        """With a database of its own: SQLite is for one gateway."""
        folder = self.folder / name
        folder.mkdir()
        settings = {"cores": 1, **make_records(folder), **self._settings, **settings}
        return GatewayProcess(self.folder / "models", self.stub.address, **settings)
