"""What a run is asked to be, as `python -m loadtests run` and the locustfile take it, and the plan that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtests.arrivals import parse_plan
from loadtests.run.plan import DEFAULT_MODEL, DEFAULT_PATIENCE_SECONDS, RunPlan, parse_mix
from loadtests.run.target import parse_target, read_key, require_owned, require_owned_model_server


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The options of a run.

    Attributes:
        target: Address of the gateway.
        folder: Where the run is kept; it must hold nothing yet.
        rate: Requests per second.
        seconds: During which requests are due.
        arrivals: As `loadtests.arrivals.parse_plan` reads it.
        seed: Of the schedule and of the choice of photos.
        mix: Shares of user types, as `loadtests.run.plan.parse_mix` reads it.
        pack: Folder of the photos.
        metrics: Metrics pages of the gateway's replicas.
        workers: Processes that make load; with 1, Locust works alone.
        key_file: Of an API key of the class `loadtest`.
        ca_file: Of who signed the target's certificate.
        model_server: For `direct` users.
        model: Its model.
        patience_seconds: After which a request is given up.
        i_own_this_target: The target again, where it is not this machine.
        i_own_this_model_server: The model server again, where it is not this machine.
    """

    target: str
    folder: Path
    rate: float = 5.0
    seconds: float = 60.0
    arrivals: str = "poisson"
    seed: int = 1
    mix: str = "photo"
    pack: Path | None = None
    metrics: tuple[str, ...] = ()
    workers: int = 1
    key_file: Path | None = None
    ca_file: Path | None = None
    model_server: str | None = None
    model: str = DEFAULT_MODEL
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS
    i_own_this_target: str | None = None
    i_own_this_model_server: str | None = None

    def words(self) -> list[str]:
        """The options of the locustfile."""
        given = {
            "host": self.target,
            "run-folder": self.folder.absolute(),
            "rate": self.rate,
            "seconds": self.seconds,
            "arrivals": self.arrivals,
            "seed": self.seed,
            "mix": self.mix,
            "pack": self.pack and self.pack.absolute(),
            "metrics": ",".join(self.metrics) or None,
            "key-file": self.key_file and self.key_file.absolute(),
            "ca-file": self.ca_file and self.ca_file.absolute(),
            "model-server": self.model_server,
            "model": self.model,
            "patience": self.patience_seconds,
            "i-own-this-target": self.i_own_this_target,
            "i-own-this-model-server": self.i_own_this_model_server,
        }
        return [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]

    def plan(self) -> RunPlan:
        """The plan, checked.

        Raises:
            LoadTestError: These options say none, or one that may not be carried out.
        """
        target = parse_target(self.target)
        require_owned(target, self.i_own_this_target)
        if self.model_server is not None:
            require_owned_model_server(self.model_server, self.i_own_this_model_server)
        read_key(target, self.key_file)
        return RunPlan(
            target=target.address,
            arrivals=parse_plan(self.arrivals, self.rate, self.seconds, self.seed),
            mix=parse_mix(self.mix),
            pack_folder=self.pack,
            key_file=self.key_file,
            ca_file=self.ca_file,
            model_server=self.model_server,
            model=self.model,
            metrics=self.metrics,
            patience_seconds=self.patience_seconds,
        )
