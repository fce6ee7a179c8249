"""The two files that a promotion writes beside the pin: `models.config` and `promotion.json`."""

from __future__ import annotations

from collections.abc import Iterable

from serving.repository.durable import flush_directory, write_atomically
from serving.repository.errors import NothingPinned, RecordUnreadable
from serving.repository.journal import JOURNAL_NAME, Promotion
from serving.repository.repository import SERVED_NAME, ModelRepository
from serving.repository.served import ServedVersions


class PromotionFiles:
    """Reads and writes them; the caller holds the promotion lock.

    Args:
        repository: Where they lie.
        served_from: The model's directory as the servers see it; "" where `models.config` or this machine knows.
    """

    def __init__(self, repository: ModelRepository, served_from: str = "") -> None:
        self._repository = repository
        self._served_from = served_from
        self.served_path = repository.directory / SERVED_NAME
        self._journal_path = repository.directory / JOURNAL_NAME

    def read_served(self) -> ServedVersions:
        """What the servers are told to load; the pinned version where no config was written yet.

        Raises:
            RecordUnreadable: `models.config` is not what this program writes, or there is none and the pin cannot be read.
        """
        model = self._repository.model_name
        try:
            return ServedVersions.from_text(self.served_path.read_text(encoding="utf-8"), model)
        except UnicodeDecodeError as error:
            message = f"{SERVED_NAME} cannot be read: {error}."
            raise RecordUnreadable(message) from error
        except FileNotFoundError:
            pass
        try:
            # Servers that were started on the directory itself have at least this one.
            return ServedVersions(model, "", (self._repository.pin().version,))
        except NothingPinned:
            return ServedVersions(model, "", ())

    def says(self, versions: Iterable[int]) -> bool:
        """Whether `models.config` is there and has the servers load exactly these."""
        return self.served_path.exists() and self.read_served() == self._wanted(versions)

    def serve(self, versions: Iterable[int]) -> None:
        """Have the servers load exactly these; nothing is written where the file says so already."""
        if not self.says(wanted := tuple(versions)):
            write_atomically(self.served_path, self._wanted(wanted).to_text())

    def _wanted(self, versions: Iterable[int]) -> ServedVersions:
        served, numbers = self.read_served(), tuple(sorted(versions))
        base_path = self._served_from or served.base_path or str(self._repository.directory)
        return ServedVersions(served.model, base_path if numbers else "", numbers)

    def read_journal(self) -> Promotion | None:
        """The promotion that is under way; None where there is none.

        Raises:
            RecordUnreadable: `promotion.json` is not what this program writes.
        """
        try:
            return Promotion.from_json(self._journal_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            message = f"{JOURNAL_NAME} cannot be read: {error}."
            raise RecordUnreadable(message) from error

    def write_journal(self, promotion: Promotion) -> None:
        """Note what is under way."""
        write_atomically(self._journal_path, promotion.to_json())

    def remove_journal(self) -> None:
        """Note that nothing is under way."""
        self._journal_path.unlink(missing_ok=True)
        flush_directory(self._journal_path.parent)
