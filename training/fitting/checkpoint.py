"""A training that was killed goes on: after every epoch its whole state lies complete on the disk.

    checkpoint/epoch-0003/arrays.npz   every variable of model (seeds of dropout included) and optimizer, in order
    checkpoint/epoch-0003/state.json   what it is a training of, and the memory of the rules (patience, best loss, history)

A directory is written beside the others under another name and renamed when it is whole; the one before is removed after
that. At most one epoch is lost, and the batches of the repeated epoch are the same (`training.fitting.pipeline`), so on one
machine the end is the one of a training that was never killed, to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from training.errors import RunInvalid
from training.fitting.callbacks import HistoryFile, Progress, TimeBudget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.data.manifest import Photo

CHECKPOINT_SCHEMA = "symmetra.checkpoint/1"
MEMORY: dict[type[keras.callbacks.Callback], tuple[str, ...]] = {
    keras.callbacks.EarlyStopping: ("wait", "best", "stopped_epoch"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
    keras.callbacks.ModelCheckpoint: ("best",),
    HistoryFile: ("epochs",),
    Progress: ("photos_seen", "training_seconds"),
}
"""Callback -> attributes that carry its memory from one epoch to the next."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A complete checkpoint."""

    folder: Path
    epochs_done: int
    finished: bool
    """Whether the rules had ended the training."""
    seconds: float
    memory: dict[str, dict[str, Any]]


def read_checkpoint(folder: Path, identity: Mapping[str, Any]) -> Saved | None:
    """The newest complete checkpoint, or None where there is none.

    Args:
        folder: `checkpoint/` of the run.
        identity: What the training is of (recipe, photos), as JSON values.

    Raises:
        RunInvalid: it is of another training, which must not be mixed with this one.
    """
    for path in sorted(folder.glob("epoch-*"), reverse=True):
        try:
            state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # only a rename that the disk lost in a power cut leaves such a one; the one before counts
        if state.get("schema") != CHECKPOINT_SCHEMA or state["identity"] != json.loads(json.dumps(identity)):
            message = (
                f"{path.parent} holds an unfinished training by another recipe, other photos or another release; "
                "give the same options to go on with it, or train into a new --out folder"
            )
            raise RunInvalid(message)
        return Saved(
            path,
            int(state["epochs_done"]),
            bool(state["finished"]),
            float(state["seconds"]),
            state["memory"],
        )
    return None


def digest_photos(photos: Sequence[Photo]) -> str:
    """SHA-256 over path, subject and label of each photo, in order."""
    rows = [(photo.path, photo.subject_id, photo.label) for photo in photos]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Saves after every epoch, and restores before the first batch. Must be the last callback: it reads the others.

    Args:
        folder: `checkpoint/` of the run.
        identity: What the training is of.
        others: The other callbacks of the training.
        budget: Whose seconds are carried on.
        saved: What to go on from; None starts anew.
    """

    def __init__(
        self,
        folder: Path,
        identity: Mapping[str, Any],
        others: Sequence[keras.callbacks.Callback],
        budget: TimeBudget,
        saved: Saved | None,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._identity = identity
        self._others = others
        self._budget = budget
        self._saved = saved

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Put everything back; the other callbacks have just forgotten what they knew."""
        del logs
        if self._saved is None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        self._budget.seconds_before = self._saved.seconds
        with np.load(self._saved.folder / "arrays.npz") as arrays:
            for number, variable in enumerate(_variables(self.model)):
                variable.assign(arrays[f"a{number}"])
        for callback, names in _with_memory(self._others):
            remembered = self._saved.memory[type(callback).__name__]
            for name in names:
                setattr(callback, name, remembered[name])

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Save, then remove the checkpoint before."""
        del logs
        if self._budget.used_up:
            return  # the epoch was cut short: it is not one to go on from
        done = epoch + 1
        complete = self._folder / f"epoch-{done:04d}"
        temporary = self._folder / f"tmp-{complete.name}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        arrays: dict[str, Any] = {
            f"a{number}": np.asarray(variable) for number, variable in enumerate(_variables(self.model))
        }
        np.savez(temporary / "arrays.npz", **arrays)
        self._write_state(temporary, done, finished=bool(self.model.stop_training))
        temporary.replace(complete)
        for path in self._folder.glob("*"):
            if path != complete:
                shutil.rmtree(path)

    def _write_state(self, folder: Path, done: int, *, finished: bool) -> None:
        memory = {
            type(callback).__name__: {name: _plain(getattr(callback, name)) for name in names}
            for callback, names in _with_memory(self._others)
        }
        state = {
            "schema": CHECKPOINT_SCHEMA,
            "identity": self._identity,
            "epochs_done": done,
            "finished": finished,
            "seconds": self._budget.seconds_spent,
            "memory": memory,
        }
        (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


def _with_memory(
    callbacks: Sequence[keras.callbacks.Callback],
) -> list[tuple[keras.callbacks.Callback, tuple[str, ...]]]:
    return [(callback, MEMORY[type(callback)]) for callback in callbacks if type(callback) in MEMORY]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a Keras callback keeps
    return value.item() if isinstance(value, np.generic) else value
