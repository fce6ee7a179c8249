"""The contract of a toy version: it promises nothing but its number."""

from __future__ import annotations

from typing import Any

from serving.contract.model import Evidence, ModelContract


def toy_contract(version: int, model_name: str = "toy", **other: Any) -> ModelContract:
    """A contract that no network stands behind; `other` fields as given."""
    return ModelContract(
        version=version,
        model_name=model_name,
        architecture="none",
        evidence=Evidence.DEMO,
        training_data="none",
        limits=("it is a test",),
        tensorflow_version="0",
        keras_version="0",
        created="2026-11-22T00:00:00Z",
        **other,
    )
