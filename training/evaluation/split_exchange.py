"""Validation and test are drawn alike, so accuracies further apart than chance explains point to a leak.

The paper's test accuracy (86.59 %) lies 2.6 to 4.1 standard errors above its validation accuracy (82 to 83 %), which
exchangeable splits would not do (`seed`, ambiguity E).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from training.evaluation.bootstrap import bootstrap, defined
from training.evaluation.rates import rate_statistic

if TYPE_CHECKING:
    from training.evaluation.answers import Answers

LARGEST_STANDARD_ERRORS: Final = 3.0


def compare_splits(test: Answers, validation: Answers) -> dict[str, Any]:
    """The section "exchangeable_splits": accuracies, their difference, its standard error, and whether it is plausible.

    The standard error is that of the bootstrap of subjects. Validation chose the epoch and the temperature, so it may be
    slightly flattered; that is part of what the three standard errors allow for.
    """
    found = [
        bootstrap(answers.subjects, {"": rate_statistic(answers.depressed, answers.p)})[""]["accuracy"]
        for answers in (test, validation)
    ]
    difference = float(found[0].value - found[1].value)
    error = math.hypot(*(float(one.standard_error) for one in found))
    return {
        "accuracy_test": found[0].figure(),
        "accuracy_validation": found[1].figure(),
        "difference": difference,
        "standard_error": error,
        "standard_errors": defined(abs(difference) / error) if error else None,
        "allowed_standard_errors": LARGEST_STANDARD_ERRORS,
        "exchangeable": bool(abs(difference) <= LARGEST_STANDARD_ERRORS * error),
    }
