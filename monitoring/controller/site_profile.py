"""A site's own profile: what its photos were like when a person looked at them and said that this is normal here.

It lies beside the controller's state, holds sums only, and is bound by its digest: a changed one is not followed. The version's own
profile goes on being compared, because the two say different things (`monitoring.controller.watch`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from monitoring.controller.errors import ProfileUnsignable, StateUnreadable
from monitoring.controller.places import Place
from monitoring.controller.watch import Watch
from monitoring.drift.errors import ReferenceUnusable
from monitoring.drift.reference import JEFFREYS, Reference
from monitoring.reference_metrics import SEVERITY_SIGNAL
from serving.repository.durable import write_atomically

SCHEMA: Final = "symmetra.site-profile/1"
FILE_NAME: Final = "site_profile.json"
LEAST_PHOTOS: Final = 2_000
"""Each with its weight, so that they are worth so many people where subjects are given."""


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """Of one site and version.

    Attributes:
        site: "" where sites are not told apart.
        model_version: That answered.
        began: Since when photos were counted, seconds since 1970.
        signed: When, seconds since 1970.
        by: Who.
        why: In that person's words.
        photos: Counted.
        share_with_subject: Of these, a share that came with a subject; at 0 they are photos, not people.
        counts: Signal -> weighted photos by bin.
    """

    site: str
    model_version: str
    began: float
    signed: float
    by: str
    why: str
    photos: float
    share_with_subject: float
    counts: Mapping[str, list[float]]

    @property
    def place(self) -> Place:
        """Whose it is."""
        return Place(self.site, self.model_version)

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def references(self) -> dict[str, Reference]:
        """Signal -> what is expected; signals with too few photos are left out."""
        found = {}
        for signal, counts in self.counts.items():
            try:
                found[signal] = reference_of_weighted(counts)
            except ReferenceUnusable:
                continue
        return found


def reference_of_weighted(counts: list[float]) -> Reference:
    """A reference of weighted counts; it is worth the sum of the weights, rounded down.

    Raises:
        ReferenceUnusable: too few.
    """
    whole = Reference.from_counts([int(count) for count in counts])  # holds the number against the least
    found = np.asarray(counts, np.float64)
    shares = (found + JEFFREYS) / (found.sum() + JEFFREYS * len(found))
    return Reference(whole.positions, shares, int(found.sum()))


def sign(watch: Watch, *, by: str, why: str, now: float) -> SiteProfile:
    """Make what a place has counted since it began the site's profile.

    Raises:
        ProfileUnsignable: nobody or no reason is named, or there are too few photos.
    """
    if not by.strip() or not why.strip():
        message = "say who signs and why: --by NAME --why REASON"
        raise ProfileUnsignable(message)
    counts = watch.weighted.get(SEVERITY_SIGNAL)
    worth = 0.0 if counts is None else float(counts.sum())
    if worth < LEAST_PHOTOS:
        message = f"{watch.place}: the photos since the count began are worth {worth:,.0f} people's, and a profile needs {LEAST_PHOTOS:,}"
        raise ProfileUnsignable(message)
    share = watch.with_subject / watch.photos if watch.photos else 0.0
    lists = {signal: values.tolist() for signal, values in watch.weighted.items()}
    return SiteProfile(*watch.place, watch.began, now, by.strip(), why.strip(), watch.photos, share, lists)


def write_profiles(path: Path, profiles: Mapping[Place, SiteProfile]) -> None:
    """Replace the file; readers see the old or the new.

    Raises:
        OSError: it cannot be written.
    """
    entries = [{**asdict(profile), "digest": profile.digest} for profile in profiles.values()]
    write_atomically(path, json.dumps({"schema": SCHEMA, "profiles": entries}, indent=1) + "\n")


def read_profiles(path: Path) -> dict[Place, SiteProfile]:
    """Those that were signed; none where there is no file.

    Raises:
        StateUnreadable: the file cannot be read, or one of them is not as it was signed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            message = f"{path} is not of the schema {SCHEMA}"
            raise StateUnreadable(message)
        found = {}
        for entry in content["profiles"]:
            digest = entry.pop("digest")
            profile = SiteProfile(**entry)
            if profile.digest != digest:
                message = f"{path}: the profile of {profile.place} was changed after {profile.by} signed it; sign anew"
                raise StateUnreadable(message)
            found[profile.place] = profile
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} cannot be read: {error}"
        raise StateUnreadable(message) from error
    return found
