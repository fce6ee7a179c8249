"""A change policy: what may change from the champion to a candidate, and by how much. A TOML file that a site can read."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.approval.figures import FIGURES
from training.errors import ChangePolicyInvalid
from training.evaluation.baselines import NAMES as BASELINES

CHANGE_POLICY_SCHEMA: Final = "symmetra.change_policy/1"
DEFAULT_PATH: Final = Path(__file__).with_name("change_policies") / "default.toml"
_KEYS: Final = {
    "schema": str,
    "name": str,
    "allowed_loss": dict,
    "allowed_loss_in_subgroup": dict,
    "floors": dict,
    "ceilings": dict,
    "bands": dict,
    "may_change": dict,
    "first_version": dict,
}
_MAY_CHANGE: Final = ("architecture", "crop", "thresholds", "weaker_evidence")
_SMALLEST: Final = "smallest_photos"


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """The rules; `change_policies/default.toml` says what each means.

    Attributes:
        name: For people; the digest is what counts.
        digest: sha256 of the file, in hexadecimal.
        allowed_loss: Figure -> how much worse the candidate may be.
        allowed_loss_in_subgroup: The same within a subgroup.
        smallest_photos: Fewer in a subgroup are not judged.
        floors: Figure -> least value.
        ceilings: Figure -> largest value.
        largest_share_changed: Of photos whose band changes.
        largest_share_over_two: Of photos whose band changes from none to high or back.
        may_change: What may differ at all, by `_MAY_CHANGE`.
        beat: Baselines that a first version must beat.
        demo_needs_floors: Whether floors, ceilings and baselines refuse a first version of demo evidence.
    """

    name: str
    digest: str
    allowed_loss: dict[str, float]
    allowed_loss_in_subgroup: dict[str, float]
    smallest_photos: int
    floors: dict[str, float]
    ceilings: dict[str, float]
    largest_share_changed: float
    largest_share_over_two: float
    may_change: dict[str, bool]
    beat: tuple[str, ...]
    demo_needs_floors: bool


def read_change_policy(path: Path = DEFAULT_PATH) -> ChangePolicy:
    """Read a change policy.

    Raises:
        ChangePolicyInvalid: cannot be read, another schema, or a key missing, unknown or of another type.
    """
    try:
        content = path.read_bytes()
        fields = tomllib.loads(content.decode())
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read as a change policy: {error}"
        raise ChangePolicyInvalid(message) from error
    if fields.get("schema") != CHANGE_POLICY_SCHEMA:
        message = f'{path} is no change policy: it needs schema = "{CHANGE_POLICY_SCHEMA}" (copy {DEFAULT_PATH.name})'
        raise ChangePolicyInvalid(message)
    _require(path, "", fields, _KEYS)
    _require(path, "bands.", fields["bands"], dict.fromkeys(("largest_share_changed", "largest_share_over_two"), float))
    for name, share in fields["bands"].items():
        _require_share(path, f"bands.{name}", share)
    _require(path, "may_change.", fields["may_change"], dict.fromkeys(_MAY_CHANGE, bool))
    _require(path, "first_version.", fields["first_version"], {"beat": list, "demo_needs_floors": bool})
    for name in fields["first_version"]["beat"]:
        if name not in BASELINES:
            message = f"{path}: first_version.beat names {name!r}; baselines are {', '.join(BASELINES)}"
            raise ChangePolicyInvalid(message)
    subgroup = dict(fields["allowed_loss_in_subgroup"])
    smallest = subgroup.pop(_SMALLEST, None)
    if type(smallest) is not int or smallest < 1:
        message = f"{path}: allowed_loss_in_subgroup.{_SMALLEST} must be a whole number from 1 on"
        raise ChangePolicyInvalid(message)
    return ChangePolicy(
        name=fields["name"],
        digest=hashlib.sha256(content).hexdigest(),
        allowed_loss=_figures(path, "allowed_loss", fields["allowed_loss"]),
        allowed_loss_in_subgroup=_figures(path, "allowed_loss_in_subgroup", subgroup),
        smallest_photos=smallest,
        floors=_figures(path, "floors", fields["floors"]),
        ceilings=_figures(path, "ceilings", fields["ceilings"]),
        largest_share_changed=float(fields["bands"]["largest_share_changed"]),
        largest_share_over_two=float(fields["bands"]["largest_share_over_two"]),
        may_change=fields["may_change"],
        beat=tuple(fields["first_version"]["beat"]),
        demo_needs_floors=fields["first_version"]["demo_needs_floors"],
    )


def _require(path: Path, table: str, fields: dict[str, Any], types: Mapping[str, type]) -> None:
    """Every key and no other: a misspelt rule would be a rule that is not applied."""
    unknown, missing = sorted(set(fields) - set(types)), sorted(set(types) - set(fields))
    if unknown or missing:
        found = [f"{table}{name} is not known" for name in unknown] + [f"{table}{name} is missing" for name in missing]
        message = f"{path}: {'; '.join(found)}"
        raise ChangePolicyInvalid(message)
    for name, wanted in types.items():
        value = fields[name]
        if not (isinstance(value, wanted) or (wanted is float and type(value) is int)):
            message = f"{path}: {table}{name} is {value!r}, which is not a {wanted.__name__}"
            raise ChangePolicyInvalid(message)


def _figures(path: Path, table: str, fields: dict[str, Any]) -> dict[str, float]:
    for name, value in fields.items():
        if name not in FIGURES:
            message = f"{path}: {table}.{name} is not known; figures are {', '.join(FIGURES)}"
            raise ChangePolicyInvalid(message)
        _require_share(path, f"{table}.{name}", value)
    return {name: float(value) for name, value in fields.items()}


def _require_share(path: Path, name: str, value: object) -> None:
    """NaN is none: every comparison with it is false, so that the rule would hold nothing back or everything."""
    if not (isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0):
        message = f"{path}: {name} is {value!r}, which is not a number from 0 to 1"
        raise ChangePolicyInvalid(message)
