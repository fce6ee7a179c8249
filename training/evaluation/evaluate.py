"""Every figure of a model on its held-out test split, as one JSON object (`evaluation.json`)."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.severity import Band
from training.errors import DataError
from training.evaluation.abstention_figures import abstention_section, abstention_statistic
from training.evaluation.band_rule import BANDS, band_section, band_statistic, bands_of
from training.evaluation.bars import judge
from training.evaluation.bootstrap import INTERVAL_METHOD, bootstrap, defined
from training.evaluation.calibration_curve import calibration_section, calibration_statistic
from training.evaluation.class_report import class_report, class_report_statistic
from training.evaluation.curves import trace_curves
from training.evaluation.decision_curve import decision_section, decision_statistic
from training.evaluation.instability import abstains
from training.evaluation.mirrored import mirrored_section, mirrored_statistic
from training.evaluation.ranking import SPECIFICITIES, ranking_statistic
from training.evaluation.rates import RATE_NAMES, confusion, prevalence_table, rate_statistic, share_of_bayes
from training.evaluation.risk_coverage import risk_coverage_section, risk_coverage_statistic, risk_of
from training.evaluation.split_exchange import compare_splits
from training.evaluation.subgroups import measure_subgroups
from training.synthetic.corpus import SYNTHESIS_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from serving.contract.policy import Abstention
    from training.evaluation.answers import Answers
    from training.evaluation.bootstrap import Estimate, Statistic

KNOWS_NOTHING_BELOW_AUROC = 0.80
"""Under this the version says that the model knows nothing (issue 2)."""
EVALUATION_SCHEMA = "symmetra.evaluation/2"


def measure(
    answers: Answers,
    bayes_accuracy: float | None,
    *,
    abstention: Abstention | None = None,
    validation: Answers | None = None,
) -> dict[str, Any]:
    """Every figure; an undefined one (nobody called depressed) is None.

    Args:
        answers: On the held-out test split; with jittered copies where `abstention` is given.
        bayes_accuracy: Of the best possible reader, where the data are drawn; else None.
        abstention: Chosen on validation, to be measured here.
        validation: Answers of the same model on the validation split, to compare the two.
    """
    depressed, p = answers.depressed, answers.p
    bands, bands_mirrored = bands_of(p), bands_of(answers.p_mirrored)
    statistics: dict[str, Statistic] = {
        "rates": rate_statistic(depressed, p),
        "ranking": ranking_statistic(depressed, p),
        "classes": class_report_statistic(depressed, p),
        "bands": band_statistic(depressed, bands),
        "calibration": calibration_statistic(depressed, p),
        "decision": decision_statistic(depressed, p),
        "risk": risk_coverage_statistic(answers, bands == BANDS.index(Band.MILD)),
        "mirrored": mirrored_statistic(bands, bands_mirrored),
    }
    declined = None if abstention is None else abstains(answers, abstention)
    if declined is not None:
        statistics["abstention"] = abstention_statistic(answers, bands, declined)
    found = bootstrap(answers.subjects, statistics)
    rule = band_section(found["bands"], depressed, bands)
    mirrored = mirrored_section(found["mirrored"], bands, bands_mirrored, p, answers.p_mirrored)
    evaluation = {
        **_head(answers, found, bayes_accuracy),
        "bands": {band: row["photos"] for band, row in rule["bands"].items()},
        "depressed_by_band": {band: row["depressed_share"]["value"] for band, row in rule["bands"].items()},
        "band_flips_mirrored": mirrored["band_flips"],
        "largest_p_difference_mirrored": mirrored["largest_p_difference"],
        "knows_nothing": not found["ranking"]["auroc"].value >= KNOWS_NOTHING_BELOW_AUROC,
        "operating_points": _operating_points(found["rates"], found["ranking"]),
        "prevalence_table": prevalence_table(found["rates"]),
        "class_report": class_report(found["classes"], depressed),
        "band_rule": rule,
        "calibration": calibration_section(found["calibration"], answers.subjects, p),
        "decision_curve": decision_section(found["decision"]),
        "curves": trace_curves(depressed, p),
        "risk_coverage": risk_coverage_section(found["risk"], risk_of(answers)[0]),
        "mirrored": mirrored,
        "subgroups": measure_subgroups(answers, bands),
        "abstention": None
        if declined is None or abstention is None
        else abstention_section(found["abstention"], answers, bands, declined, abstention),
        "exchangeable_splits": None if validation is None else compare_splits(answers, validation),
    }
    return {**evaluation, "bars": judge(evaluation)}


def read_bayes_accuracy(data_dir: Path) -> float | None:
    """Accuracy of the best possible reader of a drawn data set; None where the data are not drawn.

    Raises:
        DataError: the drawing is not finished, or its description was damaged.
    """
    path = data_dir / SYNTHESIS_NAME
    if not path.exists():
        return None
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["bayes_accuracy"])
    except (ValueError, KeyError, TypeError) as error:
        message = (
            f"{path} does not say how well the best possible reader does; give `python -m training synthesize` again"
        )
        raise DataError(message) from error


def _head(
    answers: Answers, found: Mapping[str, Mapping[str, Estimate]], bayes_accuracy: float | None
) -> dict[str, Any]:
    """What a reader of schema 1 finds: one number per figure, intervals apart."""
    scalars = {
        **{name: found["rates"][name] for name in RATE_NAMES},
        **{name: found["ranking"][name] for name in ("auroc", "auprc")},
        **{name: found["calibration"][name] for name in ("brier", "ece")},
    }
    accuracy, share = float(scalars["accuracy"].value), float(np.mean(answers.depressed))
    return {
        "schema": EVALUATION_SCHEMA,
        "positive": "depressed (label 1), called where p_no_depression < 0.5",
        "photos": len(answers.p),
        "subjects": len(set(answers.subjects)),
        "depressed_share": share,
        "confusion": dataclasses.asdict(confusion(answers.depressed, answers.p)),
        **{name: defined(float(estimate.value)) for name, estimate in scalars.items()},
        "intervals_95": {name: estimate.interval() for name, estimate in scalars.items()},
        "interval_method": INTERVAL_METHOD,
        "bayes_accuracy": bayes_accuracy,
        "share_of_bayes": None if bayes_accuracy is None else share_of_bayes(accuracy, bayes_accuracy),
        "baseline_accuracy": max(share, 1.0 - share),
        "baseline": "always the more frequent label",
    }


def _operating_points(rates: Mapping[str, Estimate], ranking: Mapping[str, Estimate]) -> list[dict[str, Any]]:
    """Where on the ROC curve: the paper's decision, then the sensitivities at `SPECIFICITIES`.

    The thresholds of the latter are found on this very split: points of its curve, not thresholds to deploy.
    """
    decision = {
        "name": "decision at p = 0.5",
        "p_below": 0.5,
        "sensitivity": rates["recall"].figure(),
        "specificity": rates["specificity"].figure(),
    }
    return [
        decision,
        *(
            {
                "name": f"specificity {specificity:.2f}",
                "p_below": ranking["p_below"].figure(place)["value"],
                "sensitivity": ranking["sensitivity"].figure(place),
                "specificity": ranking["reached"].figure(place),
            }
            for place, specificity in enumerate(SPECIFICITIES)
        ),
    ]
