"""The checks of doctor, and which pitfalls of the stack each can see. DOCTOR.md lists the same; a test holds both together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from k8s.operations.doctor import gateway, model_server, watching
from k8s.operations.doctor.facts import InstallationFacts
from k8s.operations.finding import Finding


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the facts.

    Attributes:
        look: Does it.
        pitfalls: Numbers of the pitfalls that it can see, as DOCTOR.md counts them.
    """

    look: Callable[[InstallationFacts], Iterator[Finding]]
    pitfalls: tuple[int, ...] = ()


CHECKS: Final = (
    Check(watching.check_paused),
    Check(watching.check_pending),
    Check(watching.check_claims),
    Check(model_server.check_restarts, (17, 18)),
    Check(model_server.check_probe_page, (5, 16)),
    Check(model_server.check_readiness, (5,)),
    Check(model_server.check_start_command, (4,)),
    Check(model_server.check_grace_period, (4,)),
    Check(model_server.check_flags, (11, 14, 18, 19)),
    Check(model_server.check_exposure, (11,)),
    Check(model_server.check_enforcement, (11,)),
    Check(model_server.check_balance, (12,)),
    Check(gateway.check_model, (1,)),
    Check(gateway.check_same_release, (1,)),
    Check(gateway.check_readiness, (6,)),
    Check(gateway.check_memory_only, (2,)),
    Check(gateway.check_core_files, (2,)),
    Check(gateway.check_intended_use, (3,)),
    Check(gateway.check_metrics, (7, 22, 23)),
    Check(gateway.check_records, (29,)),
    Check(watching.check_sentinel, (1,)),
    Check(watching.check_drift, (8,)),
    Check(watching.check_autoscaling, (27,)),
    Check(watching.check_pod_security, (36,)),
    Check(watching.check_images, (36,)),
)


def check_everything(facts: InstallationFacts) -> list[Finding]:
    """What every check found."""
    return [finding for check in CHECKS for finding in check.look(facts)]
