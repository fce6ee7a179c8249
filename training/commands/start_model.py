"""`--start-from`: a model that has trained on people of the new hold-out would be measured on people it knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data.split import Split
from training.errors import SplitLeaks
from training.fitting.identity import digest_model
from training.runs import Run

if TYPE_CHECKING:
    from training.fitting.recipe import Recipe

MAY_HAVE_SEEN = "the model to start from may have seen these people"
HAS_NOT_SEEN = "the model to start from has trained on nobody of the validation or test split"


def describe_start(recipe: Recipe, split: Split, data_dir: Path) -> dict[str, Any]:
    """What `run.json` says of the model to start from, under "start_model": its SHA-256 and whether it may know the hold-out.

    A run knows its own training subjects, and so does the run that it started from in turn. Of a version, of a file, and of
    a run on other data, nobody knows: names of subjects mean nothing from one data set to another.

    Returns:
        Nothing where training starts from drawn weights.

    Raises:
        SplitLeaks: it has trained on a subject of the new validation or test split.
        ExperimentInvalid: it cannot be read.
        RunInvalid: the run that it lies in cannot be read.
    """
    if recipe.initial_model is None:
        return {}
    apart = _check_apart(Path(recipe.initial_model), split, data_dir)
    statement = HAS_NOT_SEEN if apart else MAY_HAVE_SEEN
    return {
        "start_model": {
            "sha256": digest_model(recipe.initial_model),
            "subjects_apart": apart,
            "statement": statement,
        }
    }


def _check_apart(model: Path, split: Split, data_dir: Path) -> bool:
    """Whether its training subjects, and those of what it started from, are known and none is held out."""
    looked_at: set[Path] = set()
    while model not in looked_at:
        looked_at.add(model)
        run = Run(model.parent)
        if model != run.model or not run.split.exists() or not run.description.exists():
            return False
        description, earlier = run.read_description(), Split.load(run.split)
        same_people = earlier.data_digest is not None and earlier.data_digest == split.data_digest
        if not same_people and Path(description["data"]) != data_dir.resolve():
            return False
        _refuse_leak(earlier, split, model)
        before = description["recipe"].get("initial_model")
        if before is None:
            return True
        model = Path(before)
    return False


def _refuse_leak(earlier: Split, split: Split, model: Path) -> None:
    trained = set(earlier.subjects["train"])
    leaks = {name: len(trained.intersection(split.subjects[name])) for name in ("validation", "test")}
    if any(leaks.values()):
        message = (
            f"{model} has trained on {leaks['validation']} subject(s) of the new validation split and {leaks['test']} of the "
            f"new test split, so held-out figures would be too good; give the data and the --seed {earlier.seed} of that run, "
            "which draws the same split, or start from another model"
        )
        raise SplitLeaks(message)
