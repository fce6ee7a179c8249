"""Everything that a run needs to be told, in a form that a master sends to its workers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from loadtests.arrivals import ArrivalPlan, plan_from_dict
from loadtests.errors import ArrivalsUnusable
from loadtests.run.format import USER_TYPES

DEFAULT_PATIENCE_SECONDS: Final = 30.0
DEFAULT_MODEL: Final = "depression_severity"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is to be done.

    Attributes:
        target: Address of the gateway.
        arrivals: When requests are due.
        mix: Share of each user type.
        pack_folder: Of the photos; None where none is sent.
        key_file: Of the API key, on each worker; the key itself is never sent.
        ca_file: Of who signed the target's certificate, on each worker; None for the system's own.
        model_server: Whom `direct` users ask.
        model: Name of the model there.
        metrics: Addresses of the metrics pages of the gateway's replicas.
        patience_seconds: After which a request is given up, from the moment at which it was due.
    """

    target: str
    arrivals: ArrivalPlan
    mix: dict[str, float]
    pack_folder: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    model_server: str | None = None
    model: str = DEFAULT_MODEL
    metrics: tuple[str, ...] = ()
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS

    def choose_users(self, count: int) -> list[str]:
        """The user type of each request of the run, by their shares: the same in every worker."""
        names = list(self.mix)
        shares = np.array([self.mix[name] for name in names], np.float64)
        rng = np.random.default_rng([self.arrivals.seed, 2])
        return [names[number] for number in rng.choice(len(names), size=count, p=shares / shares.sum())]

    def dump(self) -> str:
        """As text, for `load`."""
        content = {name: getattr(self, name) for name in (each.name for each in dataclasses.fields(self))}
        return json.dumps(content | {"arrivals": self.arrivals.as_dict()}, default=str)

    @classmethod
    def load(cls, text: str) -> Self:
        """What `dump` made."""
        content = json.loads(text)
        files = {
            name: None if content[name] is None else Path(content[name])
            for name in ("pack_folder", "key_file", "ca_file")
        }
        metrics = tuple(content["metrics"])
        return cls(**(content | files | {"arrivals": plan_from_dict(content["arrivals"]), "metrics": metrics}))


def parse_mix(text: str) -> dict[str, float]:
    """Shares of user types, as in `photo=0.9,page=0.1`; one alone needs no figure.

    Raises:
        ArrivalsUnusable: It says something else.
    """
    try:
        mix = {name.strip(): float(share or 1) for name, _, share in (part.partition("=") for part in text.split(","))}
    except ValueError:
        mix = {}
    if (
        not mix
        or not mix.keys() <= set(USER_TYPES)
        or min(mix.values()) < 0
        or not 0 < sum(mix.values()) < float("inf")
    ):
        message = f"{text!r} says no mix of users; give shares of {', '.join(USER_TYPES)}, as in photo=0.9,page=0.1"
        raise ArrivalsUnusable(message)
    return normalise(mix)


def normalise(mix: Mapping[str, float]) -> dict[str, float]:
    """Shares that add up to 1, without those of nobody."""
    total = sum(mix.values())
    return {name: share / total for name, share in mix.items() if share}
