"""A run directory: what `fit` leaves and `evaluate` and `export` read.

run.json         recipe, data, whether subjects are known, library versions, seconds and photos per second
split.json       subjects by split
history.csv      one line per epoch
curves.png       the same as a picture
best.weights.h5  the weights with the lowest validation loss so far, replaced while training
checkpoint/      the state after the last whole epoch, while training (`training.fitting.checkpoint`)
elsewhere/       weights that another Keras backend trained (`training.elsewhere`)
model.keras      the finished model, its temperature folded into the last layer
calibration.json temperature and abstention, chosen on validation
evaluation.json  every figure measured on the held-out test split
confusion.png    its confusion matrix
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.errors import RunInvalid

if TYPE_CHECKING:
    from pathlib import Path

RUN_SCHEMA = "symmetra.run/1"
NEEDED = ("data", "crops", "photos", "recipe")
"""What `evaluate` and `export` read of `run.json`."""


@dataclass(frozen=True, slots=True)
class Run:
    """Paths of one run directory."""

    folder: Path

    @property
    def description(self) -> Path:
        """`run.json`."""
        return self.folder / "run.json"

    @property
    def split(self) -> Path:
        """`split.json`."""
        return self.folder / "split.json"

    @property
    def history(self) -> Path:
        """`history.csv`."""
        return self.folder / "history.csv"

    @property
    def curves(self) -> Path:
        """`curves.png`."""
        return self.folder / "curves.png"

    @property
    def best(self) -> Path:
        """`best.weights.h5`."""
        return self.folder / "best.weights.h5"

    @property
    def checkpoint(self) -> Path:
        """`checkpoint/`."""
        return self.folder / "checkpoint"

    @property
    def elsewhere(self) -> Path:
        """`elsewhere/`."""
        return self.folder / "elsewhere"

    @property
    def elsewhere_weights(self) -> Path:
        """`elsewhere/best.weights.h5`."""
        return self.elsewhere / "best.weights.h5"

    @property
    def elsewhere_description(self) -> Path:
        """`elsewhere/fitted.json`."""
        return self.elsewhere / "fitted.json"

    @property
    def model(self) -> Path:
        """`model.keras`."""
        return self.folder / "model.keras"

    @property
    def calibration(self) -> Path:
        """`calibration.json`."""
        return self.folder / "calibration.json"

    @property
    def evaluation(self) -> Path:
        """`evaluation.json`."""
        return self.folder / "evaluation.json"

    @property
    def confusion(self) -> Path:
        """`confusion.png`."""
        return self.folder / "confusion.png"

    def write_description(self, content: dict[str, Any]) -> None:
        """Write `run.json`."""
        write_json(self.description, {"schema": RUN_SCHEMA, **content})

    def read_description(self) -> dict[str, Any]:
        """Read `run.json`.

        Raises:
            RunInvalid: `fit` has not finished here, or with another schema, or an entry of `NEEDED` is missing.
        """
        content = read_json(self.description, "python -m training fit")
        if content.get("schema") != RUN_SCHEMA:
            message = f"{self.description} is not of schema {RUN_SCHEMA}; run `python -m training fit` again"
            raise RunInvalid(message)
        missing = [name for name in NEEDED if name not in content]
        if missing:
            message = f"{self.description} lacks {', '.join(missing)}; run `python -m training fit` into a new folder"
            raise RunInvalid(message)
        return content

    def read_evaluation(self) -> dict[str, Any]:
        """Read `evaluation.json`.

        Raises:
            RunInvalid: `evaluate` has not run here.
        """
        return read_json(self.evaluation, "python -m training evaluate")


def read_json(path: Path, maker: str) -> dict[str, Any]:
    """Read a JSON object; `maker` is the command that writes it, named where it is missing.

    Raises:
        RunInvalid: missing, or not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error}); `{maker}` writes it"
        raise RunInvalid(message) from error
    if not isinstance(content, dict):
        message = f"{path} is not a JSON object; `{maker}` writes it"
        raise RunInvalid(message)
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object, readable, replacing the file in one step."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text, replacing the file in one step."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
