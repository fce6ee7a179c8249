"""Strict reading of a dataclass from JSON: dataclasses check no types, and a wrong one would come to light in a request."""

from __future__ import annotations

import dataclasses
import json
import math
import types
from typing import Any, Literal, get_args, get_origin, get_type_hints

from serving.contract.errors import ContractInvalid


def read_object(text: str, name: str, *schemas: str) -> dict[str, Any]:
    """The fields of a JSON object whose "schema" is one of `schemas`.

    Args:
        text: The file's content.
        name: The file's name without `.json`, for the message.
        schemas: Which are read.

    Raises:
        ContractInvalid: not JSON, not an object, or of another schema.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"{name}.json is not JSON: {error}"
        raise ContractInvalid(message) from error
    if not isinstance(content, dict) or content.get("schema") not in schemas:
        message = f"{name}.json is not of schema {' or '.join(schemas)}"
        raise ContractInvalid(message)
    return content


def require_types(record: Any) -> None:  # noqa: ANN401 - a dataclass instance, for which typing has no public name
    """Check every field of a dataclass instance against its annotation, at any depth.

    Raises:
        TypeError: a value of another type, or a number that is not finite.
    """
    for name, hint in get_type_hints(type(record)).items():
        value = getattr(record, name)
        if not _fits(value, hint):
            message = f"{name} is {value!r}, which is not {hint}"
            raise TypeError(message)


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - any type hint
    if get_origin(hint) is not None:
        return _fits_generic(value, get_origin(hint), get_args(hint))
    if dataclasses.is_dataclass(hint) and type(value) is hint:
        require_types(value)
        return True
    if isinstance(value, float):
        return hint is float and math.isfinite(value)
    # Not `isinstance`: a bool is an int, and a count of True is none. A float may be written without its point.
    return type(value) is hint or (hint is float and type(value) is int)


def _fits_generic(value: object, origin: Any, arguments: tuple[Any, ...]) -> bool:  # noqa: ANN401 - any type hint
    if origin is types.UnionType:
        return any(_fits(value, argument) for argument in arguments)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(item, arguments[1]) for item in value.values())
    return False
