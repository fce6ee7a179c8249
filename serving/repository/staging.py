"""A version while it is being written: `tmp-<n>/`, and `tmp-<n>.lock` held by the process that writes it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from serving.contract.errors import ContractInvalid
from serving.contract.model import ModelContract
from serving.repository.durable import is_locked
from serving.repository.errors import VersionIncomplete

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT_PATH: Final = "assets.extra/contract.json"
SAVED_MODEL_NAME: Final = "saved_model.pb"
_STAGING_NAME: Final = re.compile(r"tmp-([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Staging:
    """A directory to write a version into.

    Attributes:
        version: The number it will have; the contract inside must name it.
        path: The directory, empty at first. Model servers skip it, because its name is no number.
    """

    version: int
    path: Path

    @property
    def lock_path(self) -> Path:
        """The file whose lock says that the writer lives."""
        return self.path.with_name(f"{self.path.name}.lock")

    @property
    def is_abandoned(self) -> bool:
        """Whether the process that wrote it is gone."""
        return not is_locked(self.lock_path)

    def remove(self) -> None:
        """Remove the directory and its lock file; nothing happens where they are gone."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock_path.unlink(missing_ok=True)

    def read_contract(self, model_name: str) -> ModelContract:
        """The staged contract, checked against the staged number.

        Raises:
            VersionIncomplete: No SavedModel, no readable contract, or the contract of another model or version.
        """
        if not (self.path / SAVED_MODEL_NAME).is_file():
            message = f"{SAVED_MODEL_NAME} is missing: export the model into {self.path.name}/ before publishing."
            raise VersionIncomplete(message)
        try:
            contract = ModelContract.from_json((self.path / CONTRACT_PATH).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            message = f"{CONTRACT_PATH} is missing: every version carries its contract."
            raise VersionIncomplete(message) from error
        except (ContractInvalid, UnicodeDecodeError) as error:
            message = f"{CONTRACT_PATH} cannot be used: {error}"
            raise VersionIncomplete(message) from error
        if (contract.model_name, contract.version) != (model_name, self.version):
            message = (
                f"The contract is for {contract.model_name} version {contract.version}, but this would become "
                f"{model_name} version {self.version}."
            )
            raise VersionIncomplete(message)
        return contract


def find_stagings(directory: Path) -> tuple[Staging, ...]:
    """All stagings below a model's directory, of living and of dead writers, by number.

    A lock file without its directory counts too: its writer died between creating the two.
    """
    numbers = set()
    for path in directory.iterdir():
        if match := _STAGING_NAME.fullmatch(path.name.removesuffix(".lock")):
            numbers.add(int(match[1]))
    return tuple(Staging(number, staging_path(directory, number)) for number in sorted(numbers))


def staging_path(directory: Path, version: int) -> Path:
    """Where a version is written before it is published."""
    return directory / f"tmp-{version}"
