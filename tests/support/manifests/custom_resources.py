"""Strict schemas from custom resource definitions: what the API server would prune or refuse is an error here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml


def read_schemas(folder: Path) -> dict[tuple[str, str], Any]:
    """(apiVersion, kind) -> a schema that refuses unknown fields, for every definition in a folder."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        definition = yaml.safe_load(path.read_text())["spec"]
        for version in definition["versions"]:
            key = (f"{definition['group']}/{version['name']}", definition["names"]["kind"])
            found[key] = _strict(version["schema"]["openAPIV3Schema"], top=True)
    return found


def mistakes(schema: Any, each: dict[str, Any]) -> list[str]:
    """One sentence per mistake of an object."""
    validator = jsonschema_rs.validator_for(schema)
    return [
        f"{'/'.join(str(part) for part in error.instance_path)}: {error.message}"
        for error in validator.iter_errors(each)
    ]


def _strict(schema: Any, *, top: bool = False) -> Any:
    """The same in plain JSON Schema."""
    if not isinstance(schema, dict):
        return schema
    strict = {
        key: value
        for key, value in schema.items()
        if key in ("type", "enum", "pattern", "required", "minimum", "maximum", "minLength")
    }
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("type", None)
        strict["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(strict.get("type"), str):
        strict["type"] = [strict["type"], "null"]
    if "items" in schema:
        strict["items"] = _strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        strict["additionalProperties"] = _strict(schema["additionalProperties"])
    if "properties" in schema:
        strict["properties"] = {name: _strict(value) for name, value in schema["properties"].items()}
        if top:
            strict["properties"]["metadata"] = {"type": "object"}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            strict["additionalProperties"] = False
    return strict
