"""What a run says against its own figures stands in the record of whoever approves it."""

import json

from training.commands.approve import _caveats_of_run
from training.runs import RUN_SCHEMA, Run


def run_that_says(folder, **notes):
    content = {"schema": RUN_SCHEMA, "data": "", "crops": None, "photos": {}, "recipe": {}, **notes}
    (folder / "run.json").write_text(json.dumps(content))
    return Run(folder)


def test_plain_run_has_none(tmp_path):
    assert _caveats_of_run(run_that_says(tmp_path, subjects_known=True)) == []


def test_start_that_may_have_seen_the_hold_out_is_named(tmp_path):
    start = {"sha256": "0", "subjects_apart": False, "statement": "The model may have seen these people."}
    (caveat,) = _caveats_of_run(run_that_says(tmp_path, start_model=start))
    assert "may have seen these people" in caveat
    assert _caveats_of_run(run_that_says(tmp_path, start_model=start | {"subjects_apart": True})) == []


def test_unknown_subjects_and_training_despite_inspection_are_named(tmp_path):
    despite = {"why": "a pilot", "findings": ["one_source_per_class"]}
    unknown, insisted = _caveats_of_run(run_that_says(tmp_path, subjects_known=False, despite_inspection=despite))
    assert "not known" in unknown
    assert "one_source_per_class" in insisted
    assert "a pilot" in insisted
