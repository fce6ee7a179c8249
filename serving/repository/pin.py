"""`pin.json`: the one version that the gateway asks for, and everything the gateway must know about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Self

from serving.contract.errors import ContractInvalid
from serving.contract.model import ModelContract
from serving.repository.errors import RecordUnreadable

PIN_SCHEMA: Final = "symmetra.pin/1"


@dataclass(frozen=True, slots=True)
class Pin:
    """The content of `pin.json`.

    Attributes:
        model: Name of the model.
        version: The version that answers.
        digest: sha256 of the version's manifest, in hexadecimal.
        contract: The version's own contract, so that a gateway needs no access to the version directory.
    """

    model: str
    version: int
    digest: str
    contract: ModelContract

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, so that equal pins have equal bytes."""
        fields = {
            "schema": PIN_SCHEMA,
            "model": self.model,
            "version": self.version,
            "digest": self.digest,
            "contract": json.loads(self.contract.to_json()),
        }
        return json.dumps(fields, sort_keys=True, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read and check a pin.

        Raises:
            RecordUnreadable: Not JSON, another schema, a missing field, or a contract of another version or model.
        """
        try:
            fields = json.loads(text)
            if fields["schema"] != PIN_SCHEMA:
                message = f"pin.json is not of schema {PIN_SCHEMA}."
                raise RecordUnreadable(message)
            contract = ModelContract.from_json(json.dumps(fields["contract"]))
            pin = cls(fields["model"], fields["version"], fields["digest"], contract)
        except (ContractInvalid, KeyError, TypeError, ValueError) as error:
            message = f"pin.json cannot be read: {error}."
            raise RecordUnreadable(message) from error
        if (contract.model_name, contract.version) != (pin.model, pin.version) or not isinstance(pin.digest, str):
            message = (
                f"pin.json names {pin.model} version {pin.version}, but holds the contract of "
                f"{contract.model_name} version {contract.version}."
            )
            raise RecordUnreadable(message)
        return pin
