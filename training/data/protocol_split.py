"""The paper's test split in size, but without its likely leak: 1,031 + 1,080 photos, and no subject in two splits.

The paper's 2,111 test photos are 20 % of about 10,555 (section II, `seed` items 5 and H). It says nothing of subjects; here
they are kept apart, as everywhere in this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.data.split import SPLIT_NAMES, Split, SplitName, assemble_split, group_photos, majority_label
from training.errors import SplitImpossible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.data.manifest import Photo

PAPER_PHOTOS = 10_555
PAPER_TEST_NOT_DEPRESSED = 1_031
PAPER_TEST_DEPRESSED = 1_080
VALIDATION_SHARE = 0.15
"""Of the subjects that are not in the test split; the paper gives no number, `seed` item E takes 1,000 to 2,111 photos."""


def draw_protocol_split(
    photos: Sequence[Photo],
    seed: int,
    *,
    test_not_depressed: int = PAPER_TEST_NOT_DEPRESSED,
    test_depressed: int = PAPER_TEST_DEPRESSED,
    validation_share: float = VALIDATION_SHARE,
    links: Mapping[str, str] | None = None,
) -> Split:
    """Draw a test split of exactly so many photos of each label, as the paper's, but of subjects nobody else has.

    Subjects are drawn while they fit into what a count still lacks. Where no whole subject fits, the first of the others fills
    it, and what that one has beyond it is left out of every split. Subjects with photos of both labels are never in the test.
    Of the other subjects, `validation_share` go to the validation split.

    Raises:
        SplitImpossible: too few photos of a label for the test, or no subjects are left for training and validation.
    """
    groups = group_photos(photos, links or {})
    rng = np.random.default_rng(seed)
    drawn: dict[SplitName, list[str]] = {name: [] for name in SPLIT_NAMES}
    left_out: list[str] = []
    for label, wanted in ((0, test_not_depressed), (1, test_depressed)):
        stratum = sorted(name for name, members in groups.items() if majority_label(members) == label)
        shuffled = [stratum[index] for index in rng.permutation(len(stratum))]
        testable = [name for name in shuffled if {photo.label for photo in groups[name]} == {label}]
        test, missing = _fill(testable, {name: len(groups[name]) for name in testable}, wanted)
        filling = next((name for name in testable if name not in set(test)), None) if missing else None
        if filling is not None:
            test.append(filling)
            left_out += [photo.path for photo in groups[filling][missing:]]
        rest = len(shuffled) - len(test)
        if (missing and filling is None) or rest < 2:
            available = sum(len(groups[name]) for name in testable)
            message = (
                f"label {label} has {available} photos of subjects with one label; a test of {wanted} and subjects left to learn from "
                f"need more: draw {PAPER_PHOTOS:,} photos with `python -m training synthesize`, or bring a larger data set"
            )
            raise SplitImpossible(message)
        others = [name for name in shuffled if name not in set(test)]
        validation = min(rest - 1, max(1, round(validation_share * rest)))
        drawn["test"] += test
        drawn["validation"] += others[:validation]
        drawn["train"] += others[validation:]
    return assemble_split(seed, drawn, groups, photos, left_out)


def _fill(names: Sequence[str], sizes: Mapping[str, int], wanted: int) -> tuple[list[str], int]:
    """The names, in order, whose sizes still fit into what is wanted, and what is missing then."""
    taken = []
    for name in names:
        if sizes[name] <= wanted:
            taken.append(name)
            wanted -= sizes[name]
    return taken, wanted
