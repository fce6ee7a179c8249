"""A process that trains a real network for eight batches and prints the SHA-256 of its weights; a script for the tests.

python train_digest.py ARCHITECTURE PRECISION CROPS RUN
"""

import hashlib
import sys
from pathlib import Path

from training.data.manifest import Photo
from training.data.shards import CropStore
from training.fitting.fit import fit
from training.fitting.recipe import Recipe
from training.runs import Run

TRAINING_PHOTOS = 256
VALIDATION_PHOTOS = 64


def main():
    architecture, precision, crops, run = sys.argv[1:]
    photos = [Photo(f"{n}.jpg", f"s{n}", n % 2) for n in range(TRAINING_PHOTOS + VALIDATION_PHOTOS)]
    recipe = Recipe(architecture=architecture, precision=precision, epochs=2, batch_size=64)
    folder = Path(run)
    folder.mkdir(parents=True)
    training, validation = photos[:TRAINING_PHOTOS], photos[TRAINING_PHOTOS:]
    fitted = fit(recipe, CropStore(Path(crops), 1), training, validation, Run(folder), quiet=True)
    digest = hashlib.sha256()
    for array in fitted.model.get_weights():
        digest.update(array.tobytes())
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
