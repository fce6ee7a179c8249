"""The profile of a version: found inside it, held against its digest, or a stated reason why there is none to compare with.

A version without a profile is an honest version whose drift nobody can see: that is a state, shown as one, and never an error for
whoever sends a photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from serving.contract.errors import ContractInvalid
from serving.contract.profile import IMAGE_STATS, PROFILE_NAME, SCORE_EDGES_PPM, Profile
from serving.repository import ModelRepository, VersionDamaged, VersionMissing
from serving.repository.manifest import read_listed

PROFILE_PATH: Final = f"assets.extra/{PROFILE_NAME}"
MOST_BINS: Final = 10
"""Of a measure of photos: its deciles, or fewer where it has few values."""


class ProfileState(StrEnum):
    """What is known of a version's profile; the closed set of a label."""

    LOADED = "loaded"
    MISSING = "missing"
    """The version was published without one."""
    REFUSED = "refused"
    """It is not the one that was published, is of another version, or has other bins than are counted here."""
    UNREADABLE = "unreadable"
    """The version's files are not here, or cannot be read: nothing is known."""


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """What a look found.

    Attributes:
        state: What is known.
        says: Why, in words; empty where the profile was loaded.
        profile: Where it was loaded.
    """

    state: ProfileState
    says: str = ""
    profile: Profile | None = None


def read_profile(repository: ModelRepository, version: int, digest: str) -> ProfileReading:
    """Read the profile of a version. Whatever is wrong with it is said, and never raised.

    Args:
        repository: Where the version is; read access is enough.
        version: Its number.
        digest: Of the version, as the pin names it: the manifest must have it, and the profile must be as the manifest lists it.
    """
    try:
        content = read_listed(repository.version_path(version), version, digest, PROFILE_PATH)
    except (VersionMissing, OSError):
        return ProfileReading(ProfileState.UNREADABLE, f"the files of version {version} cannot be read here")
    except VersionDamaged as error:
        # Where something could not be read, nothing is known; otherwise it is another file than the one that was published.
        unreadable = isinstance(error.__cause__, OSError)
        return ProfileReading(ProfileState.UNREADABLE if unreadable else ProfileState.REFUSED, str(error))
    if content is None:
        return ProfileReading(ProfileState.MISSING, f"version {version} was published without a profile")
    try:
        profile = Profile.from_json(content.decode())
        _require_fitting(profile, version)
    except (ContractInvalid, UnicodeDecodeError) as error:
        return ProfileReading(ProfileState.REFUSED, str(error))
    return ProfileReading(ProfileState.LOADED, profile=profile)


def _require_fitting(profile: Profile, version: int) -> None:
    """Hold a profile against what is counted here.

    Raises:
        ContractInvalid: it is of another version, or has other bins.
    """
    if profile.model_version != version:
        message = f"{PROFILE_NAME} is of version {profile.model_version}, and lies in version {version}"
        raise ContractInvalid(message)
    if profile.score.edges != SCORE_EDGES_PPM[1:-1]:
        message = f"{PROFILE_NAME}: severity must be counted in ten bins of 0.1"
        raise ContractInvalid(message)
    wide = [
        name
        for name, histogram in profile.image_stats.items()
        if name not in IMAGE_STATS or not 2 <= len(histogram.counts) <= MOST_BINS
    ]
    if wide:
        message = (
            f"{PROFILE_NAME}: {', '.join(wide)} cannot be counted here: unknown, or not in two to {MOST_BINS} bins"
        )
        raise ContractInvalid(message)
