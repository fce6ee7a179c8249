"""Which versions of a model should be served: what lies on disk, and the policy of the config.

As tensorflow_serving/sources/storage_path/file_system_storage_path_source.cc: a version is a child of the base path
whose name is a number (`7`, `007` and `+7` alike); everything else, such as `tmp-7` or `pin.json`, is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from serving.server.errors import NotFound
from serving.server.logs import log

if TYPE_CHECKING:
    from pathlib import Path

    from serving.wire.server_config_pb2 import ServableVersionPolicy

_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]+\s*")
_INT64: Final = 2**63


@dataclass(frozen=True, slots=True)
class Latest:
    """The `count` highest versions."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class All:
    """Every version."""


@dataclass(frozen=True, slots=True)
class Specific:
    """These versions, where they exist."""

    numbers: frozenset[int]


VersionPolicy: TypeAlias = Latest | All | Specific


def read_policy(policy: ServableVersionPolicy) -> VersionPolicy:
    """The policy of a config message; `latest` with one version where nothing is said."""
    match policy.WhichOneof("policy_choice"):
        case "all":
            return All()
        case "specific":
            return Specific(frozenset(policy.specific.versions))
        case _:
            return Latest(policy.latest.num_versions or 1)


def find_versions(base_path: Path, model_name: str) -> dict[int, Path]:
    """Numbered children of the base path, whether complete or not: only loading can tell.

    Raises:
        NotFound: The base path does not exist or cannot be read.
    """
    try:
        names = sorted(path.name for path in base_path.iterdir())
    except OSError as error:
        message = f"Could not find base path {base_path} for servable {model_name} with error NOT_FOUND: {base_path} not found"
        raise NotFound(message) from error
    found: dict[int, Path] = {}
    for name in names:
        if _NUMBER.fullmatch(name) and -_INT64 <= int(name) < _INT64:
            if int(name) in found:
                log("duplicate version directories", model=model_name, version=int(name), served_from=name)
            found[int(name)] = base_path / name
    return found


def choose_versions(found: dict[int, Path], policy: VersionPolicy) -> dict[int, Path]:
    """Those of the found versions that the policy wants served."""
    match policy:
        case All():
            chosen = set(found)
        case Specific(numbers):
            chosen = set(found) & numbers
        case Latest(count):
            chosen = set(sorted(found, reverse=True)[:count])
    return {number: found[number] for number in sorted(chosen)}
