"""`slo.yaml` -> `Objectives`, every mistake named with its place in the file.

The file is written as JSON, which every YAML reader takes too: so the load tests, the dashboards and a person's own tools read the
same numbers, and nothing here needs a YAML library.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

from monitoring.objectives.errors import ObjectiveInvalid, ObjectivesIncomplete, ObjectivesUnreadable
from monitoring.objectives.objectives import Objectives

SCHEMA: Final = "symmetra.slo/1"
SLO_PATH: Final = Path(__file__).resolve().parent.parent / "slo.yaml"
REMARK: Final = "about"
"""The member of any section that is for people."""
_Section = TypeVar("_Section")


def read_objectives(path: Path = SLO_PATH) -> Objectives:
    """Read and check the objectives.

    Raises:
        ObjectivesUnreadable: no file, no JSON, or another schema.
        ObjectivesIncomplete: a member is missing, or unknown.
        ObjectiveInvalid: a number that it cannot have.
        OutcomeListedTwice: an outcome of two kinds.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise ObjectivesUnreadable(message) from error
    except json.JSONDecodeError as error:
        message = f"{path.name} must be JSON, which is YAML too, so that every program here can read it: {error}"
        raise ObjectivesUnreadable(message) from error
    if not isinstance(content, dict) or content.pop("schema", None) != SCHEMA:
        message = f"{path.name} is not of schema {SCHEMA}"
        raise ObjectivesUnreadable(message)
    return _section(Objectives, content, "")


def _section(kind: type[_Section], content: object, place: str) -> _Section:
    """A dataclass from the object at a place of the file, such as `availability.burn_rates`."""
    if not isinstance(content, dict):
        message = f"{place} must be an object"
        raise ObjectivesIncomplete(message)
    hints = get_type_hints(kind)
    given = {name: value for name, value in content.items() if name != REMARK}
    missing, unknown = sorted(hints.keys() - given.keys()), sorted(given.keys() - hints.keys())
    if missing or unknown:
        said = [f"lacks {', '.join(missing)}"] if missing else []
        said += [f"has {', '.join(unknown)}, which nothing reads"] if unknown else []
        message = f"{place or 'the file'} {' and '.join(said)}"
        raise ObjectivesIncomplete(message)
    values = {name: _value(hint, given[name], f"{place}.{name}" if place else name) for name, hint in hints.items()}
    try:
        return kind(**values)
    except ObjectiveInvalid as error:
        message = f"{place}: {error}" if place else str(error)
        raise ObjectiveInvalid(message) from None


def _value(hint: Any, value: object, place: str) -> object:  # noqa: ANN401 - any type hint
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _section(hint, value, place)
    if hint == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            message = f"{place} must be a list of names"
            raise ObjectiveInvalid(message)
        return tuple(value)
    # Not `isinstance`: JSON's true is a bool, which is an int. A float may be written without its point.
    if type(value) is hint or (hint is float and type(value) is int):
        return value
    message = f"{place} is {value!r}, which is not of the type {hint.__name__}"
    raise ObjectiveInvalid(message)
