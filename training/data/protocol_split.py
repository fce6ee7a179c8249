"""The paper's test split in size, but without its likely leak: 1,031 + 1,080 photos, and no subject in two splits.

The paper's 2,111 test photos are 20 % of about 10,555 (section II, `seed` items 5 and H). It says nothing of subjects; here
they are kept apart, as everywhere in this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.data.split import SPLIT_NAMES, Split, SplitName, digest_subjects
from training.errors import SplitImpossible
from training.polarity import DEPRESSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.manifest import Photo

PAPER_PHOTOS = 10_555
PAPER_TEST_NOT_DEPRESSED = 1_031
PAPER_TEST_DEPRESSED = 1_080
VALIDATION_SHARE = 0.15
"""Of the subjects that are not in the test split; the paper gives no number."""


def draw_protocol_split(
    photos: Sequence[Photo],
    seed: int,
    test_not_depressed: int = PAPER_TEST_NOT_DEPRESSED,
    test_depressed: int = PAPER_TEST_DEPRESSED,
) -> Split:
    """Draw subjects until the test split has exactly these photo counts, then 15 % of the others for validation.

    Args:
        photos: Every photo of a subject must have the same label.
        seed: Another seed draws other subjects.
        test_not_depressed: Photos of label 0 in the test split.
        test_depressed: Photos of label 1 in the test split.

    Raises:
        SplitImpossible: the counts cannot be met by whole subjects, or a subject has photos of both labels.
    """
    owned: dict[str, list[int]] = {}
    for photo in photos:
        owned.setdefault(photo.subject_id, []).append(photo.label)
    if any(len(set(labels)) > 1 for labels in owned.values()):
        message = "a subject has photos of both labels; the paper's protocol needs one label per subject"
        raise SplitImpossible(message)
    rng = np.random.default_rng(seed)
    subjects: dict[SplitName, list[str]] = {name: [] for name in SPLIT_NAMES}
    for label, wanted in ((1 - DEPRESSED, test_not_depressed), (DEPRESSED, test_depressed)):
        stratum = sorted(subject for subject, labels in owned.items() if labels[0] == label)
        missing = wanted
        rest: list[str] = []
        for index in rng.permutation(len(stratum)):
            subject = stratum[index]
            count = len(owned[subject])
            if count <= missing:
                subjects["test"].append(subject)
                missing -= count
            else:
                rest.append(subject)
        if missing or len(rest) < len(SPLIT_NAMES) - 1:
            message = (
                f"the paper's test split needs {wanted} photos of label {label} by whole subjects, and some left to learn "
                f"from; draw {PAPER_PHOTOS:,} photos with `python -m training synthesize --photos-per-subject 2`"
            )
            raise SplitImpossible(message)
        held_out = max(1, round(VALIDATION_SHARE * len(rest)))
        subjects["validation"] += rest[:held_out]
        subjects["train"] += rest[held_out:]
    return Split(seed, {name: tuple(sorted(members)) for name, members in subjects.items()}, digest_subjects(photos))
