"""Experiment files: a recipe as a small TOML file, where every key is a field of `Recipe` and nothing else is accepted."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from training import experiments
from training.errors import ExperimentInvalid
from training.fitting.ranges import Augmentation
from training.fitting.recipe import Recipe

FOLDER = Path(experiments.__file__).parent
AUGMENTATION = "augmentation"


def experiment_names() -> tuple[str, ...]:
    """The experiments that come with the project, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_experiment(name_or_path: str) -> Recipe:
    """Read an experiment by its name, or by the path of a file of your own.

    Raises:
        ExperimentInvalid: no such experiment, not TOML, a key that is no field of `Recipe`, or a value of another type.
    """
    path = FOLDER / f"{name_or_path}.toml"
    if not path.is_file():
        path = Path(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(experiment_names())
        message = f"there is no experiment {name_or_path!r}: give one of {known}, or the path of a .toml file"
        raise ExperimentInvalid(message) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path} is not TOML: {error}"
        raise ExperimentInvalid(message) from error
    if "architecture" not in content:
        message = f'{path} names no architecture; write a line such as: architecture = "twin"'
        raise ExperimentInvalid(message)
    augmentation = content.pop(AUGMENTATION, {})
    if not isinstance(augmentation, dict):
        message = f"{path}: [{AUGMENTATION}] must be a table"
        raise ExperimentInvalid(message)
    fields = _checked(Recipe, content, path)
    return Recipe(**fields, augmentation=Augmentation(**_checked(Augmentation, augmentation, path)))


def _checked(kind: type, content: dict[str, Any], path: Path) -> dict[str, Any]:
    """The values, lists as tuples, after names and types were checked: a misspelt key would silently change nothing."""
    hints = get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind) if field.name != AUGMENTATION]
    checked: dict[str, Any] = {}
    for key, value in content.items():
        if key not in known:
            message = f"{path}: {key!r} is no setting of an experiment; known are {', '.join(known)}"
            raise ExperimentInvalid(message)
        if not _fits(value, hints[key]):
            message = f"{path}: {key} = {value!r} is not of type {_shown(hints[key])}"
            raise ExperimentInvalid(message)
        checked[key] = tuple(value) if isinstance(value, list) else value
    return checked


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - any type hint
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    allowed = get_args(hint) or (hint,)
    # Not `isinstance`: true is an int to Python, and no number of epochs.
    return type(value) in allowed or (float in allowed and type(value) is int)


def _shown(hint: Any) -> str:  # noqa: ANN401 - any type hint
    return getattr(hint, "__name__", None) or str(hint)
