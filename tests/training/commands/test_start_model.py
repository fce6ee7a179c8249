"""A model to start from must not know the people that the new one is measured on."""

import hashlib
import json

import pytest

from training.commands.start_model import HAS_NOT_SEEN, MAY_HAVE_SEEN, describe_start
from training.data.split import Split
from training.errors import SplitLeaks
from training.fitting.recipe import Recipe
from training.runs import Run

pytestmark = pytest.mark.tensorflow
SPLIT = Split(1, {"train": ("a", "b"), "validation": ("c",), "test": ("d",)}, "of the data")
OTHER_SPLIT = Split(2, {"train": ("c", "b"), "validation": ("a",), "test": ("d",)}, "of the data")


def make_run(folder, split, data, initial_model=None):
    folder.mkdir()
    run = Run(folder)
    run.model.write_bytes(b"weights")
    split.save(run.split)
    recipe = {"initial_model": initial_model}
    run.write_description({"data": str(data), "crops": None, "photos": {}, "recipe": recipe})
    return str(run.model)


def describe(model, split, data):
    return json.loads(json.dumps(describe_start(Recipe(initial_model=model), split, data)))


def test_drawn_weights_need_no_note(tmp_path):
    assert describe_start(Recipe(), SPLIT, tmp_path) == {}


def test_run_of_the_same_split_has_not_seen_the_hold_out(tmp_path):
    model = make_run(tmp_path / "run", SPLIT, tmp_path)
    digest = hashlib.sha256(b"weights").hexdigest()
    noted = {"start_model": {"sha256": digest, "subjects_apart": True, "statement": HAS_NOT_SEEN}}
    assert describe(model, SPLIT, tmp_path / "moved") == noted


def test_run_that_trained_on_people_of_the_hold_out_is_refused(tmp_path):
    model = make_run(tmp_path / "run", OTHER_SPLIT, tmp_path)
    with pytest.raises(SplitLeaks, match=r"1 subject\(s\) of the new validation split and 0 of .* --seed 2"):
        describe(model, SPLIT, tmp_path)


def test_run_that_started_from_such_a_run_is_refused_too(tmp_path):
    first = make_run(tmp_path / "first", OTHER_SPLIT, tmp_path)
    second = make_run(tmp_path / "second", SPLIT, tmp_path, initial_model=first)
    with pytest.raises(SplitLeaks, match=r"first/model\.keras has trained on"):
        describe(second, SPLIT, tmp_path)


def test_file_and_run_on_other_data_may_have_seen_these_people(tmp_path):
    other = Split(1, OTHER_SPLIT.subjects, "of other data")
    run = make_run(tmp_path / "run", other, tmp_path / "elsewhere")
    (tmp_path / "file.keras").write_bytes(b"weights")
    for model in (run, str(tmp_path / "file.keras")):
        noted = describe(model, SPLIT, tmp_path)["start_model"]
        assert (noted["subjects_apart"], noted["statement"]) == (False, MAY_HAVE_SEEN)
