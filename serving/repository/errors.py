"""What can go wrong in a model repository. `str(error)` is a sentence that says what to do where there is a choice.

RepositoryError
├── ModelNameInvalid     a name that cannot be a directory of its own
├── VersionMissing       no such version, or nothing was published yet
├── VersionTaken         the number is published or being written already
├── VersionIncomplete    what was staged cannot become a version
├── VersionDamaged       a published version that differs from its manifest
├── NothingPinned        there is no pin.json yet
├── NotApproved          only an approved version can be made live
├── ApprovalInvalid      a decision without a name or a reason, or of other content than was judged
├── PolicyOutdated       a policy whose number does not rise
├── PromotionNeeded      `promote` owns what is live here: a pin alone would name a version that no server has loaded
├── PromotionRunning     another process promotes, rolls back or collects in this repository
├── PromotionAbandoned   nothing went live and everything is as it was; the sentence says what was wrong
├── PromotionUnfinished  the new version is live, but the old one could not be unloaded yet
├── NothingToRollBackTo  no version was live before the one that is
├── ServerNameInvalid    an address of a model server or gateway that cannot be one
└── RecordUnreadable     a file that this repository writes for itself cannot be read; it is named
"""

from __future__ import annotations


class RepositoryError(Exception):
    """Root of the tree."""


class ModelNameInvalid(RepositoryError):
    """A model name that cannot be a directory of its own."""


class VersionMissing(RepositoryError):
    """No such version."""


class VersionTaken(RepositoryError):
    """The number is published, being written, or was used before."""


class VersionIncomplete(RepositoryError):
    """What was staged lacks something that every version must have."""


class VersionDamaged(RepositoryError):
    """A published version differs from its manifest. Paths are relative to the version directory, sorted.

    Args:
        version: The version.
        missing: Files that the manifest lists and that are not there.
        changed: Files whose content is not the one listed.
        extra: Files that the manifest does not list.
        reason: What is wrong with the manifest itself, where it cannot be used.
    """

    def __init__(
        self,
        version: int,
        *,
        missing: tuple[str, ...] = (),
        changed: tuple[str, ...] = (),
        extra: tuple[str, ...] = (),
        reason: str = "",
    ) -> None:
        found = [
            f"{word} {', '.join(paths)}"
            for word, paths in (("missing", missing), ("changed", changed), ("not in the manifest", extra))
            if paths
        ]
        sentence = "; ".join([reason, *found] if reason else found)
        super().__init__(f"Version {version} is not what was published: {sentence}. Publish it again as a new version.")
        self.version = version
        self.missing = missing
        self.changed = changed
        self.extra = extra


class NothingPinned(RepositoryError):
    """No version is pinned yet."""


class NotApproved(RepositoryError):
    """A version that nobody approved, that was refused, or whose approval is of other content."""


class ApprovalInvalid(RepositoryError):
    """A decision that cannot be kept: nobody or no reason named, or the version is not the one that was judged."""


class PolicyOutdated(RepositoryError):
    """A policy must have a higher number than the one it replaces."""


class PromotionNeeded(RepositoryError):
    """`promote` owns what is live in this repository."""


class PromotionRunning(RepositoryError):
    """Another process holds the lock of promotions; the sentence says which one."""


class PromotionAbandoned(RepositoryError):
    """Nothing went live, and `models.config` is as it was."""


class PromotionUnfinished(RepositoryError):
    """The version is live, and running the command again does what is left."""


class NothingToRollBackTo(RepositoryError):
    """No version was live before the one that is."""


class ServerNameInvalid(RepositoryError):
    """Not host:port, dns:///name:port or unix:path; or not http://host:port for a gateway."""


class RecordUnreadable(RepositoryError):
    """A record of the repository that cannot be read."""
