"""Run as a program in a fresh process: answer crops with an exported graph, without Keras.

    python reload.py VERSION_FOLDER CROPS.npy ANSWERS.npz

It runs by its path and imports nothing of ours, so that what it proves does not lean on this code base.
"""

from __future__ import annotations

import importlib
import sys

import numpy as np


def answer(version_folder: str, crops_path: str, answers_path: str) -> None:
    """Load the SavedModel, answer all crops in one batch, and the first of them alone; store both."""
    # TensorFlow imports Keras by itself where it can; None makes every import of it fail (language reference, 5.3.1).
    sys.modules["keras"] = None  # type: ignore[assignment]
    tf = importlib.import_module("tensorflow")
    loaded = tf.saved_model.load(version_folder)
    predict, explain, describe = (loaded.signatures[name] for name in ("serving_default", "explain", "metadata"))
    crops = np.load(crops_path)
    together = predict(crop=tf.constant(crops))
    alone = predict(crop=tf.constant(crops[:1]))
    explained = explain(crop=tf.constant(crops))
    metadata = describe(request=tf.constant([0, 0], tf.int32))["metadata"]
    np.savez(
        answers_path,
        p_no_depression=together["p_no_depression"].numpy(),
        logit=together["logit"].numpy(),
        p_alone=alone["p_no_depression"].numpy(),
        logit_alone=alone["logit"].numpy(),
        attribution=explained["attribution"].numpy(),
        asymmetry=explained["asymmetry"].numpy(),
        metadata=np.array([text.decode() for text in metadata.numpy()]),
    )


if __name__ == "__main__":
    answer(*sys.argv[1:])
