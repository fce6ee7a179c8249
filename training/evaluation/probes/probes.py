"""Every probe of one model on one split, as one JSON object (`probes.json`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.evaluation.bootstrap import INTERVAL_METHOD
from training.evaluation.probes.background import probe_background
from training.evaluation.probes.corruptions import probe_corruptions
from training.evaluation.probes.figures import worth
from training.evaluation.probes.leakage import probe_leakage
from training.evaluation.probes.light import probe_light
from training.evaluation.probes.sides import probe_mirror_averaged, probe_mirrored
from training.evaluation.probes.streaming import count, labels_of, subjects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from training.data.manifest import Photo
    from training.data.shards import CropStore
    from training.data.split import SplitName
    from training.evaluation.probes.streaming import Scorer

PROBES_SCHEMA = "symmetra.probes/1"


def run_probes(
    scorer: Scorer,
    store: CropStore,
    parts: Mapping[SplitName, Sequence[Photo]],
    p_plain: NDArray[np.float32],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Run all probes on the test split.

    Args:
        scorer: The model.
        store: The crops.
        parts: Photos by split.
        p_plain: The model's answers on the test split as it is, [n].
        say: Told the name of each probe before it runs.
    """
    test = parts["test"]
    work: dict[str, Callable[[], dict[str, Any]]] = {
        "mirrored": lambda: probe_mirrored(scorer, store, test, p_plain),
        "mirror_averaged": lambda: probe_mirror_averaged(scorer, store, test, p_plain),
        "background": lambda: probe_background(scorer, store, parts),
        "light": lambda: probe_light(store, parts),
        "leakage": lambda: probe_leakage(store, parts),
        "corruptions": lambda: probe_corruptions(scorer, store, test, p_plain),
    }
    found: dict[str, Any] = {
        "schema": PROBES_SCHEMA,
        "interval_method": INTERVAL_METHOD,
        "tested_on": count(test),
        "plain": worth(subjects_of(test), labels_of(test), p_plain),
    }
    for name, probe in work.items():
        say(f"probe: {name.replace('_', ' ')}")
        found[name] = probe()
    return found
