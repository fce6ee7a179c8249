"""The architectures on another Keras backend, by hand: trains there, answers the same under TensorFlow.

    KERAS_BACKEND=jax python tests/training/other_backend.py train FOLDER          (an environment with keras and jax, or torch)
    KERAS_BACKEND=tensorflow python tests/training/other_backend.py compare FOLDER  (the development environment)

TensorFlow has no GPU on Windows and on Macs; a site there trains with JAX or PyTorch below Keras. `train` learns dark crops
from bright ones with both networks, in `KERAS_BACKEND`, until they are told apart, and leaves `.keras` files, weights and
answers to crops of every brightness between in FOLDER. `compare` loads both kinds of file in another backend and exits with 1
where an answer differs by more than 1e-4.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.architectures import ARCHITECTURES, build

LARGEST_DIFFERENCE = 1e-4
UNSURE = 0.01
STEPS = 60
BATCH = 16
LEARNED_LOSS = 0.1
"""Mean over the last ten steps; a coin has 0.69."""


def draw_crops(rng: np.random.Generator, brightness: np.ndarray) -> np.ndarray:
    """Noise, uint8 [n, 128, 128, 3], as bright as `brightness` (0 to 1 for each) says."""
    crops = rng.integers(0, 128, (len(brightness), 128, 128, 3), dtype=np.uint8)
    return crops + (100 * brightness[:, None, None, None]).astype(np.uint8)


def draw_batch(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Dark crops (target 0) and bright ones (target 1)."""
    targets = rng.integers(0, 2, count).astype(np.float32)
    return draw_crops(rng, targets), targets[:, None]


def train(folder: Path) -> int:
    """Train both networks; 1 where one did not learn."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    crops, targets = draw_batch(rng, 32)
    between = draw_crops(rng, np.linspace(0.0, 1.0, 64))
    np.save(folder / "between.npy", between)
    failed = False
    for name in ARCHITECTURES:
        keras.utils.set_random_seed(1)
        model = build(name)
        model.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
        losses = []
        for step in range(STEPS):
            model.optimizer.learning_rate = 1e-3 * min(1.0, (step + 1) / 20)  # as the recipe's warm-up
            model.reset_metrics()
            losses.append(float(model.train_on_batch(*draw_batch(rng, BATCH))))
        answers = np.asarray(model.predict_on_batch(crops))
        accuracy = float(((answers > 0.5) == (targets > 0.5)).mean())
        model.save(folder / f"{name}.keras")
        model.save_weights(folder / f"{name}.weights.h5")
        between_answers = np.asarray(model.predict_on_batch(between))
        np.save(folder / f"{name}.npy", between_answers)
        learned = np.mean(losses[-10:]) < LEARNED_LOSS and accuracy == 1.0
        failed |= not learned
        print(
            f"{name} on {keras.backend.backend()}: loss {np.mean(losses[:10]):.3f} -> {np.mean(losses[-10:]):.4f}, "
            f"accuracy on {len(crops)} other crops {accuracy:.3f}: {'learned' if learned else 'NOT LEARNED'}; "
            f"{int(((between_answers > UNSURE) & (between_answers < 1 - UNSURE)).sum())} answers to compare are unsure"
        )
    return int(failed)


def compare(folder: Path) -> int:
    """Load what another backend trained; 1 where it answers otherwise here."""
    crops = np.load(folder / "between.npy")
    failed = False
    for name in ARCHITECTURES:
        theirs = np.load(folder / f"{name}.npy")
        rebuilt = build(name)
        rebuilt.load_weights(folder / f"{name}.weights.h5")
        for kind, model in ((".keras", keras.saving.load_model(folder / f"{name}.keras")), (".weights.h5", rebuilt)):
            difference = float(np.abs(np.asarray(model.predict_on_batch(crops)) - theirs).max())
            failed |= not difference <= LARGEST_DIFFERENCE
            print(f"{name}{kind} on {keras.backend.backend()}: largest difference {difference:.1e}")
    return int(failed)


if __name__ == "__main__":
    sys.exit({"train": train, "compare": compare}[sys.argv[1]](Path(sys.argv[2])))
