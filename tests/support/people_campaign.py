"""Screening, review and outcome, over and over, while the gateway and PostgreSQL are killed: what callers were told, and what is kept.

A session has a database of its own and several kills. Before each kill everything that is down is started again, callers send what
they got no answer to once more under the same key, and everything acknowledged so far is looked for.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.access.secret_keys import SecretKeys
from gateway.records.backup.verification import verify_records
from gateway.records.database import open_database
from gateway.records.tables import AUDIT_EVENTS, OUTCOMES, RECEIPTS, REVIEWS
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import make_repository
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.records import make_records, rows_of

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.support.postgresql import PostgresqlServer
    from tests.support.stub_model_server import StubModelServer

CALLERS = 4
MOST_FLOWS = 12
"""That end before a kill, at most: its moment then lies at the same place of the work however busy the machine is."""
LATEST_KILL_SECONDS = 0.05
AWAY_SECONDS = 0.3
"""PostgreSQL stays away, at most, while callers go on."""
JSON = {"Content-Type": "application/json"}
VICTIMS = {"sqlite": ("gateway",), "postgresql": ("gateway", "postgresql", "both")}
RETRY = (429, 502, 503, 504)


@dataclass(frozen=True)
class Scenario:
    """Which database, and what happens while it is away."""

    database: str
    when_away: str

    @property
    def name(self) -> str:
        return f"{self.database}, {self.when_away}"


@dataclass
class Acknowledged:
    """What callers were told: the ids of answers, and of reviews and outcomes those whose answer arrived whole."""

    screenings: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    unanswered: list[tuple[str, str]] = field(default_factory=list)
    """What was sent and not answered: `review` or `outcome`, and the id of the screening."""


class Session:
    """One database, one gateway, several kills.

    Args:
        folder: Of everything that outlives a kill.
        scenario: What is tried.
        stub: The model server.
        postgresql: Where the scenario needs it.
        moments: Where kills fall.
    """

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        *,
        stub: StubModelServer,
        postgresql: PostgresqlServer | None,
        moments: random.Random,
    ) -> None:
        self.folder, self.scenario, self.moments = folder, scenario, moments
        self.postgresql = postgresql if scenario.database == "postgresql" else None
        self.local_disk = folder / "local"
        make_repository(folder)
        self.settings = make_records(folder, url=self.postgresql.new_database() if self.postgresql else None)
        self.journal = folder / "journal"
        spooling = {"records_when_away": scenario.when_away}
        if scenario.when_away == "spool":
            spooling["records_journal_file"] = self.journal
        self._new_local_disk()
        self.gateway = GatewayProcess(
            folder,
            stub.address,
            environment={"TMPDIR": str(self.local_disk), "HOME": str(self.local_disk)},
            **self.settings,
            **spooling,
        )
        self.photo = drawn_face()
        self.acknowledged = Acknowledged()
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._gone = threading.Event()

    def run(self, kills: int) -> Counter[str]:
        """So many kills, and everything looked at in the end; what was counted."""
        try:
            for _ in range(kills):
                self._start_what_is_down()
                self._look()
                self._work_until_a_kill()
                self.counts["kills"] += 1
            self._start_what_is_down()
            self._look(thoroughly=True)
        finally:
            self.gateway.stop() if hasattr(self.gateway, "_process") else None
            self.gateway.log_path.unlink(missing_ok=True)
            if self.postgresql:
                self.postgresql.drop(self.settings["records_url"])
        self.counts["screenings"] = len(self.acknowledged.screenings)
        self.counts["reviews"] = len(self.acknowledged.reviews)
        self.counts["outcomes"] = len(self.acknowledged.outcomes)
        return self.counts

    def _start_what_is_down(self) -> None:
        if self.postgresql and self.postgresql._process.poll() is not None:
            self.postgresql.start()
        if not hasattr(self.gateway, "_process") or self.gateway._process.poll() is not None:
            self.gateway.__enter__()
        again, self.acknowledged.unanswered = self.acknowledged.unanswered, []
        for what, screening_id in again:
            self.counts["sent_again"] += 1
            wait_until(lambda what=what, screening_id=screening_id: self._put(what, screening_id) == 200)
        if self.scenario.when_away == "spool":
            wait_until(lambda: self.journal.stat().st_size == 0)

    def _work_until_a_kill(self) -> None:
        victim = self.moments.choice(VICTIMS[self.scenario.database])
        flows, seconds = self.moments.randrange(MOST_FLOWS + 1), self.moments.uniform(0.0, LATEST_KILL_SECONDS)
        self._gone.clear()
        before = len(self.acknowledged.outcomes)
        with ThreadPoolExecutor(CALLERS) as threads:
            asking = [threads.submit(self._call) for _ in range(CALLERS)]
            try:
                wait_until(
                    lambda: len(self.acknowledged.outcomes) >= before + flows or all(each.done() for each in asking)
                )
                time.sleep(seconds)  # the moment of the kill is what is varied here
                if victim != "gateway":
                    self.postgresql.kill()
                if victim != "postgresql":
                    self._kill_gateway()
                else:
                    time.sleep(self.moments.uniform(0.0, AWAY_SECONDS))  # how long it is away is varied, too
            finally:
                self._gone.set()
            for future in asking:
                future.result(60)
        self.counts[f"kills_of_{victim}"] += 1

    def _kill_gateway(self) -> None:
        os.killpg(self.gateway._process.pid, signal.SIGKILL)
        self.gateway._process.wait()
        if self.scenario.when_away == "refuse" and self.scenario.database == "postgresql":
            shutil.rmtree(self.local_disk)
            self._new_local_disk()
            self.counts["local_disks_deleted"] += 1

    def _new_local_disk(self) -> None:
        self.local_disk.mkdir()

    def _call(self) -> None:
        """Flow after flow until the kill."""
        while not self._gone.is_set():
            screening_id = self._screen()
            if screening_id is None:
                continue
            for what in ("review", "outcome"):
                if self._gone.is_set():
                    return
                with self._lock:
                    self.acknowledged.unanswered.append((what, screening_id))
                if self._put(what, screening_id) != 200:
                    break
                with self._lock:
                    self.acknowledged.unanswered.remove((what, screening_id))

    def _screen(self) -> str | None:
        try:
            status, body = self.gateway.screen(self.photo)
        except (OSError, ValueError, http.client.HTTPException):
            return None
        if status != 200:
            assert status in RETRY, body
            with self._lock:
                self.counts["refused"] += 1
            return None
        with self._lock:
            self.acknowledged.screenings.append(body["id"])
        return body["id"]

    def _put(self, what: str, screening_id: str) -> int | None:
        """Send a review or an outcome, always under the same key; the status, None where no answer came whole."""
        body = {"verdict": "agree"}
        if what == "outcome":
            body = {"instrument": "phq9", "score": 7, "assessed_on": time.strftime("%Y-%m-%d", time.gmtime())}
        headers = {**JSON, "Idempotency-Key": f"{what}-{screening_id}"}
        try:
            status, _, content = self.gateway.request(
                "PUT", f"/v1/screenings/{screening_id}/{what}", json.dumps(body), headers
            )
            json.loads(content)
        except (OSError, ValueError, http.client.HTTPException):
            return None
        # A receipt in the journal is not in the database yet, so that nothing can be said of it: 404 until it is.
        assert status in (200, *RETRY) or (status == 404 and self.scenario.when_away == "spool"), content
        if status == 200:
            with self._lock:
                getattr(self.acknowledged, what + "s").append(screening_id)
        return status

    def _look(self, *, thoroughly: bool = False) -> None:
        """Everything that was acknowledged is there, and nothing twice."""
        engine = open_database(self.settings["records_url"])
        try:
            kept = [row["id"] for row in rows_of(engine, RECEIPTS)]
            _require_kept("screenings", self.acknowledged.screenings, kept)
            for name, table in (("reviews", REVIEWS), ("outcomes", OUTCOMES)):
                _require_kept(
                    name, getattr(self.acknowledged, name), [row["receipt_id"] for row in rows_of(engine, table)]
                )
            events = [row["receipt_id"] for row in rows_of(engine, AUDIT_EVENTS) if row["kind"] == "screening"]
            assert sorted(events) == sorted(kept), "each receipt has its event, once"
            if thoroughly:
                assert verify_records(engine, SecretKeys.read(self.settings["record_key_file"], most=8), None) == []
                self.counts["audit_events_verified"] += len(rows_of(engine, AUDIT_EVENTS))
                self.counts["receipts"] += len(kept)
                self.counts["receipts_nobody_got_an_answer_for"] += len(kept) - len(self.acknowledged.screenings)
        finally:
            engine.dispose()


def _require_kept(what: str, acknowledged: list[str], kept: list[str]) -> None:
    missing = set(acknowledged) - set(kept)
    assert not missing, f"{len(missing)} {what} were acknowledged and are not there"
    assert len(kept) == len(set(kept)), f"{what} are there twice"
