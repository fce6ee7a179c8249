"""What an approval reads of the baselines that a report measured."""

import hashlib
import json

import numpy as np
import pytest

from training.commands.approve import _read_baselines
from training.errors import RunInvalid
from training.evaluation.baselines import compare_with_baselines
from training.runs import Run

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    run.model.write_bytes(b"weights")
    return run


def write_probes(run, baselines, model=b"weights"):
    content = {"model_sha256": hashlib.sha256(model).hexdigest(), "probes": {}, "baselines": baselines}
    (run.folder / "probes.json").write_text(json.dumps(content))


def test_gains_are_those_that_the_report_measured_and_nothing_where_there_is_no_report(run, easy_store, easy_photos):
    assert _read_baselines(run) == {}
    parts = {"train": easy_photos, "validation": easy_photos, "test": easy_photos}
    p = np.array([1.0 - photo.label for photo in easy_photos], np.float32)
    measured = compare_with_baselines(easy_store, parts, p, None)
    write_probes(run, measured)
    found = _read_baselines(run)
    assert set(found) == {"prevalence", "logistic_grey", "logistic_colour"}, "the paper's network was not given"
    for name, low in found.items():
        assert low == measured["baselines"][name]["accuracy_gain"]["interval_95"][0]
    assert found["prevalence"] > 0


def test_figures_of_another_model_and_another_shape_are_sentences(run):
    write_probes(run, {}, model=b"older weights")
    with pytest.raises(RunInvalid, match="was measured on another model"):
        _read_baselines(run)
    write_probes(run, None)
    with pytest.raises(RunInvalid, match="run `python -m training report` again"):
        _read_baselines(run)
