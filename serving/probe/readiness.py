"""From observations to ready or not: a state machine without clock, network or files.

- Becoming ready takes a full pass: every golden crop right. So a server that ever answered wrong stays out until all 64 are
  right again, and so does one that was away or restarted.
- Staying ready takes a few crops per look, going round.
- A busy server keeps the state that it had. Under load every replica is busy at once, and taking them out would leave none.
- A newly pinned version needs a full pass of its own; until it is answered, busy included, the state stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from serving.probe.observation import Outcome

if TYPE_CHECKING:
    from serving.probe.observation import Observation

Identity = tuple[int, str]
"""Version and digest."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the server should get calls.

    Attributes:
        ready: Whether it should.
        busy: Whether the latest look found it too busy to learn anything.
        reason: What the latest look found that was no mere business, for a person.
        confirmed: The version and digest that last made a full pass and has not failed since; None while not ready.
    """

    ready: bool = False
    busy: bool = False
    reason: str = "not asked yet"
    confirmed: Identity | None = None

    def needs_full_pass(self, identity: Identity) -> bool:
        """Whether a look at this version must ask about every crop."""
        return self.confirmed != identity

    def after(self, observation: Observation, identity: Identity | None) -> Readiness:
        """The state after a look at this version, which asked about every crop where `needs_full_pass` said so."""
        if observation.outcome is Outcome.BUSY:
            return replace(self, busy=True)
        if observation.outcome is Outcome.RIGHT:
            return Readiness(ready=True, reason=observation.reason, confirmed=identity)
        return Readiness(reason=observation.reason)
