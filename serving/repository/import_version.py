"""Taking in a version that was made elsewhere: a directory with a SavedModel and `assets.extra/contract.json`."""

from __future__ import annotations

import shutil
from pathlib import Path

from serving.contract.errors import ContractInvalid
from serving.contract.model import ModelContract
from serving.repository.errors import VersionIncomplete
from serving.repository.manifest import MANIFEST_NAME, check_files
from serving.repository.repository import ModelRepository
from serving.repository.staging import CONTRACT_PATH


def publish_directory(repository: ModelRepository, directory: Path) -> tuple[int, str]:
    """Copy a directory into the repository and publish it under the number that its contract names; number and digest.

    Where it holds a manifest, every byte must be the one listed, in the original and in the copy.

    Raises:
        VersionIncomplete: No SavedModel or contract, the contract of another model, a link among the files, or a file that
            cannot be copied, such as for want of space; nothing is left behind then.
        VersionDamaged: It differs from the manifest that came with it.
        VersionTaken: The number is in use or was used before.
    """
    try:
        contract = ModelContract.from_json((directory / CONTRACT_PATH).read_text(encoding="utf-8"))
    except (ContractInvalid, OSError, UnicodeDecodeError) as error:
        message = f"{directory} cannot be published: {CONTRACT_PATH} cannot be read: {error}"
        raise VersionIncomplete(message) from error
    has_manifest = (directory / MANIFEST_NAME).exists()
    with repository.staging(contract.version) as staging:
        try:
            shutil.copytree(directory, staging.path, symlinks=True, dirs_exist_ok=True)
        except shutil.Error as error:
            # One entry per file: the first one says enough.
            message = f"{directory} cannot be copied into the repository: {error.args[0][0][2]}"
            raise VersionIncomplete(message) from error
        if has_manifest:
            check_files(staging.path, contract.version)
        return contract.version, repository.publish(staging)
