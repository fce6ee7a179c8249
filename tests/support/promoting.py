"""Promotions inside the test's own process, against stubs, with a death at any step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from serving.repository.availability import ServerGroup
from serving.repository.promotion import Promoter, Step
from serving.repository.promotion_files import PromotionFiles
from serving.repository.rollout import Patience
from tests.support.toy_versions import CROPS, p_of

if TYPE_CHECKING:
    from serving.repository import ModelRepository, Pin
    from serving.repository.journal import Promotion
    from tests.support.stub_model_server import StubModelServer

QUICK = Patience(deadline_seconds=0.6, notice_seconds=0.2, grace_seconds=0.0)


class Died(BaseException):
    """Stands for SIGKILL: nothing catches it."""


class PromotionRunner:
    """Promotes and rolls back in one repository, as A. Person."""

    def __init__(self, repository: ModelRepository) -> None:
        self._repository = repository

    def __call__(self, version: int, *servers: StubModelServer, **options: Any) -> Pin:
        return self._run(servers, options, lambda promoter: promoter.promote(version, "A. Person", "a test"))

    def back(self, *servers: StubModelServer, to: int | None = None, **options: Any) -> Pin:
        return self._run(servers, options, lambda promoter: promoter.rollback("A. Person", "a test", to))

    def _run(self, servers, options, work):
        die_at, patience = options.pop("die_at", None), options.pop("patience", QUICK)

        def observe(step: Step) -> None:
            if step is die_at:
                raise Died

        with ServerGroup([stub.address for stub in servers]) as group:
            return work(Promoter(self._repository, group, patience, **{"observe": observe, **options}))


def column(kind: str = "right") -> np.ndarray:
    """What a server answers for the golden crops, float32 [n, 1]."""
    return p_of(CROPS, kind).astype(np.float32)[:, None]


def has(server: StubModelServer, version: int) -> None:
    """From now on the stub has this version, and no other."""
    server.version = server.answering_version = version


def served(repository: ModelRepository) -> tuple[int, ...]:
    return PromotionFiles(repository).read_served().versions


def journal(repository: ModelRepository) -> Promotion | None:
    return PromotionFiles(repository).read_journal()


def lived(repository: ModelRepository) -> list[tuple[str, int]]:
    """What the history tells beside publications and approvals."""
    told = [(record.action, record.number) for record in repository.history()]
    return [entry for entry in told if entry[0] not in {"publish", "approve"}]
