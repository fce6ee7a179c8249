"""The same figures by site, source, device, sex, age band and skin tone, where there are enough people to say anything.

A group is measured where it has at least `MINIMUM_PHOTOS` photos and, of each label, `MINIMUM_SUBJECTS` people: with 20
depressed people a sensitivity of 0.85 is known to about 0.16 either way, and fewer would only feed anecdotes. Below that
no number is given (`seed`, "Subgroups") and it is counted without its name: in many data sets a folder is a person, and what
is written here travels with the version. Differences between groups of a split are not a proof of
fairness, and equal figures are none either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.evaluation.band_rule import BANDS, band_statistic
from training.evaluation.bootstrap import bootstrap
from training.evaluation.calibration_curve import ece_statistic
from training.evaluation.ranking import auroc_statistic
from training.evaluation.rates import rate_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.evaluation.answers import Answers
    from training.evaluation.bootstrap import Estimate, Statistic, Weights

MINIMUM_PHOTOS: Final = 100
MINIMUM_SUBJECTS: Final = 20
"""Of each label."""
MEASURED: Final = "measured"
NOT_STATED: Final = "not stated"
"""Group of the photos whose manifest says nothing in a column that others fill."""
_GAP: Final = "gap between groups"


def measure_subgroups(answers: Answers, bands: NDArray[np.intp], seed: int = 0) -> dict[str, Any]:
    """The section "subgroups" of an evaluation: every column of the manifest that says something.

    Each column has "groups", those measured; "unnamed", how many groups were too small and how many photos they hold; and
    "sensitivity_gap", None with fewer than two measured groups.

    Args:
        answers: Of a split.
        bands: `bands_of(answers.p)`.
        seed: Of the bootstrap; the groups of a column share their resamples, so that the gap is one of the same people.
    """
    return {
        "minimum_photos": MINIMUM_PHOTOS,
        "minimum_subjects_per_label": MINIMUM_SUBJECTS,
        "columns": {
            column: _measure_column(answers, bands, groups, seed)
            for column, groups in answers.groups.items()
            if any(groups)
        },
    }


def _measure_column(answers: Answers, bands: NDArray[np.intp], groups: Sequence[str], seed: int) -> dict[str, Any]:
    stated = np.array([group or NOT_STATED for group in groups])
    members = {name: stated == name for name in sorted(set(stated.tolist()))}
    enough = {name: member for name, member in members.items() if _is_enough(answers, member)}
    statistics = {name: _group_statistic(answers, bands, member) for name, member in enough.items()}
    if len(enough) > 1:
        statistics[_GAP] = _gap_statistic(answers, list(enough.values()))
    found = bootstrap(answers.subjects, statistics, seed=seed) if statistics else {}
    return {
        "groups": [
            {
                "group": name,
                **_sizes(answers, member),
                "verdict": MEASURED,
                "figures": _figures(found[name]),
            }
            for name, member in enough.items()
        ],
        "unnamed": {
            "groups": len(members) - len(enough),
            "photos": sum(int(member.sum()) for name, member in members.items() if name not in enough),
        },
        "sensitivity_gap": found[_GAP]["gap"].figure() if _GAP in found else None,
    }


def _is_enough(answers: Answers, member: NDArray[np.bool_]) -> bool:
    sizes = _sizes(answers, member)
    fewest = min(sizes["subjects_depressed"], sizes["subjects_not_depressed"])
    return sizes["photos"] >= MINIMUM_PHOTOS and fewest >= MINIMUM_SUBJECTS


def _sizes(answers: Answers, member: NDArray[np.bool_]) -> dict[str, int]:
    subjects = np.asarray(answers.subjects)
    return {
        "photos": int(member.sum()),
        "subjects": len(set(subjects[member].tolist())),
        "subjects_depressed": len(set(subjects[member & answers.depressed].tolist())),
        "subjects_not_depressed": len(set(subjects[member & ~answers.depressed].tolist())),
    }


def _group_statistic(answers: Answers, bands: NDArray[np.intp], member: NDArray[np.bool_]) -> Statistic:
    depressed, p = answers.depressed[member], answers.p[member]
    parts = (
        rate_statistic(depressed, p),
        auroc_statistic(depressed, p),
        ece_statistic(depressed, p),
        band_statistic(depressed, bands[member]),
    )

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        own = weights[:, member]
        found = {name: values for part in parts for name, values in part(own).items()}
        return {name: found[name] for name in ("accuracy", "recall", "specificity", "auroc", "ece", "share")}

    return statistic


def _gap_statistic(answers: Answers, members: Sequence[NDArray[np.bool_]]) -> Statistic:
    """Largest minus smallest sensitivity over the groups."""
    parts = [(member, rate_statistic(answers.depressed[member], answers.p[member])) for member in members]

    def statistic(weights: Weights) -> dict[str, NDArray[np.float64]]:
        sensitivities = np.stack([part(weights[:, member])["recall"] for member, part in parts])
        return {"gap": sensitivities.max(axis=0) - sensitivities.min(axis=0)}

    return statistic


def _figures(found: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        "accuracy": found["accuracy"].figure(),
        "sensitivity": found["recall"].figure(),
        "specificity": found["specificity"].figure(),
        "auroc": found["auroc"].figure(),
        "ece": found["ece"].figure(),
        "bands": {str(band): found["share"].figure(place) for place, band in enumerate(BANDS)},
    }
