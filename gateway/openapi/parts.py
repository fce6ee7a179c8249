"""What the JSON Schemas of the description are put together from."""

from __future__ import annotations

from typing import Any, Final

from serving.contract.severity import PARTS_PER_MILLION

Schema = dict[str, Any]

SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
PPM: Final = {"type": "integer", "minimum": 0, "maximum": PARTS_PER_MILLION}
SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
TEXT: Final = {"type": "string"}
COUNT: Final = {"type": "integer", "minimum": 1}


def record(description: str, properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object whose properties are all there, but for the optional ones."""
    return {
        "type": "object",
        "description": description,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def says(schema: Schema, description: str) -> Schema:
    """The same schema with a description."""
    return {**schema, "description": description}


def refer(name: str) -> Schema:
    """A reference to a schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}
