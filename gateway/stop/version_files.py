"""The pinned version's own files: are they the ones that were published, and what are its golden crops?

A gateway needs no access to them to answer; where it has none, nothing can be compared and the sentinel is off. What cannot be
read is never taken for a change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.pin import PinnedModel
from serving.repository import ModelRepository, VersionDamaged, VersionMissing
from serving.repository.fingerprints import Fingerprint, fingerprint_files
from serving.wire.errors import GoldenUnreadable
from serving.wire.golden_check import GoldenCrops, read_golden

READINGS_PER_FULL_COMPARISON: Final = 60
"""Files whose sizes and times have not changed are read again only so often: their content may rot all the same."""


class FilesUnreadable(Exception):
    """The version is not here, or nobody lets us read it: nothing is known."""


class FilesDiffer(Exception):
    """The version is here and is not what was published and pinned; the message names the files."""


@dataclass(frozen=True, slots=True)
class VersionContent:
    """A version whose every file is as its manifest says.

    Attributes:
        golden: Its golden crops; None where it has none.
    """

    golden: GoldenCrops | None


class VersionFiles:
    """Reads versions, and remembers the latest.

    Args:
        repository: Where they are; read access is enough.
    """

    def __init__(self, repository: ModelRepository) -> None:
        self._repository = repository
        self._known: _Known | None = None

    def read(self, model: PinnedModel, *, anew: bool = False) -> VersionContent:
        """The content of a version, compared with its manifest where a file changed, or where `anew` asks for it.

        Raises:
            FilesUnreadable: it cannot be looked at.
            FilesDiffer: it is another than the pin says.
        """
        identity = model.version, model.digest
        try:
            files = fingerprint_files(self._repository.version_path(model.version))
        except (VersionMissing, OSError) as error:
            message = f"the files of version {model.version} cannot be read here"
            raise FilesUnreadable(message) from error
        known = self._known
        if known is not None and not anew and (known.identity, known.files) == (identity, files) and known.readings > 0:
            known.readings -= 1
            return known.content
        self._known = None
        content = self._compare(model)
        self._known = _Known(identity, files, content, READINGS_PER_FULL_COMPARISON)
        return content

    def _compare(self, model: PinnedModel) -> VersionContent:
        unreadable = f"the files of version {model.version} cannot be read here"
        try:
            digest = self._repository.verify(model.version)
        except (VersionMissing, OSError) as error:
            raise FilesUnreadable(unreadable) from error
        except VersionDamaged as error:
            if isinstance(error.__cause__, OSError):  # no manifest to compare with
                raise FilesUnreadable(unreadable) from error
            raise FilesDiffer(str(error)) from error
        if digest != model.digest:
            message = f"Version {model.version} has the digest {digest}, and {model.digest} was pinned."
            raise FilesDiffer(message)
        try:
            return VersionContent(read_golden(self._repository.version_path(model.version)))
        except (GoldenUnreadable, VersionMissing):
            return VersionContent(None)


@dataclass(slots=True)
class _Known:
    """What was read last; `readings` is how often it may be handed out before it is compared again."""

    identity: tuple[int, str]
    files: dict[str, Fingerprint]
    content: VersionContent
    readings: int
