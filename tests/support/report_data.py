"""A whole report of an imagined model, in the forms that evaluation, probes and baselines give."""

import copy
from functools import cache

import numpy as np

from tests.support.probe_data import build_store, divide, noise_crops, plan_photos
from tests.support.training_answers import noisy_answers
from training.data.split import SPLIT_NAMES, Split
from training.evaluation.baselines import compare_with_baselines
from training.evaluation.evaluate import measure
from training.evaluation.probes.probes import run_probes
from training.evaluation.probes.streaming import ask
from training.reporting.data_facts import describe_parts
from training.reporting.report import assemble_report

SYNTHESIS = {"assumption": "Drawn faces only.", "seed": 4, "bayes_accuracy": 0.9}
DESCRIPTION = {
    "schema": "symmetra.run/1",
    "data": "/secret/folder",
    "crops": None,
    "photos": {"train": 3},
    "refused": {"patient-7.jpg": "no_face"},
    "recipe": {"architecture": "twin", "seed": 1},
    "epochs_run": 2,
    "training_seconds": 3.0,
    "photos_per_second": 100.0,
}


@cache
def _evaluation(bayes_accuracy):
    return measure(noisy_answers(separation=2.0), bayes_accuracy)


@cache
def _measured(folder):
    photos = plan_photos(subjects=40, per_subject=2)
    store = build_store(folder, photos, noise_crops(len(photos)))
    parts = divide(photos)

    def scorer(crops):
        return (crops[:, 20:44, 20:44].mean(axis=(1, 2, 3)) / 255).astype(np.float32)

    plain = ask(scorer, store, parts["test"])
    split = Split(
        1, {name: tuple(sorted({p.subject_id for p in parts[name]})) for name in SPLIT_NAMES}, "0123456789abcdef"
    )
    return (
        describe_parts(parts, split, {"patient-7.jpg": "no_face", "patient-8.jpg": "no_face"}),
        run_probes(scorer, store, parts, plain, lambda _sentence: None),
        compare_with_baselines(store, parts, plain, None),
    )


def build_report(folder, *, drawn=True, **changes):
    """The report; `changes` replace arguments of `assemble_report`."""
    data, probes, baselines = copy.deepcopy(_measured(folder))
    arguments = {
        "written": "2026-01-02",
        "data": data,
        "synthesis": SYNTHESIS if drawn else None,
        "limits": ("Never a diagnosis.",),
        "history": {name: [0.7, 0.6] for name in ("loss", "val_loss", "accuracy", "val_accuracy")},
        "evaluation": copy.deepcopy(_evaluation(0.9 if drawn else None)),
        "calibration": {"temperature": 1.2},
        "probes": probes,
        "baselines": baselines,
        "examples": [{"severity_ppm": 250_000, "band": "none", "label": "depressed"}] if drawn else None,
    }
    return assemble_report(DESCRIPTION, **(arguments | changes))
