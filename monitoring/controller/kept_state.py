"""What the other commands read of the controller's state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monitoring.controller.errors import NothingWatched, StateUnreadable
from monitoring.controller.history import Event
from monitoring.controller.places import Place
from monitoring.controller.state_file import read_state
from monitoring.controller.watch import Watch, WatchSettings
from monitoring.drift.errors import DriftError


@dataclass(frozen=True, slots=True)
class KeptState:
    """A state as it lies on disk.

    Attributes:
        until: Until when everything was counted, seconds since 1970.
        watches: By place.
        history: What happened, oldest first.
    """

    until: float
    watches: dict[Place, Watch]
    history: tuple[Event, ...]

    def choose(self, site: str | None, version: str | None) -> list[Watch]:
        """Those of a site and a version; None for all.

        Raises:
            NothingWatched: there is none.
        """
        found = [
            watch
            for place, watch in self.watches.items()
            if site in (None, place.site) and version in (None, place.version)
        ]
        if not found:
            there = ", ".join(str(place) for place in self.watches) or "none yet"
            message = f"no such version or site is watched; there is: {there}"
            raise NothingWatched(message)
        return found


def read_kept(path: Path, settings: WatchSettings | None = None) -> KeptState:
    """Read the controller's state.

    Raises:
        StateUnreadable: there is none, or it is damaged.
    """
    kept = read_state(path)
    if kept is None:
        message = f"there is no state at {path}; is the controller running, and is --state its file?"
        raise StateUnreadable(message)
    try:
        watches = [Watch.from_json(each, settings or WatchSettings()) for each in kept["watches"]]
        history = tuple(Event(**each) for each in kept["history"])
        return KeptState(float(kept["until"] or 0.0), {each.place: each for each in watches}, history)
    except (DriftError, KeyError, TypeError, ValueError) as error:
        message = f"{path} cannot be read as a state: {error}"
        raise StateUnreadable(message) from error
