"""Small data sets that a network learns at once: depressed photos are dark, the others bright."""

import importlib
import sys

import numpy as np
import pytest

from training.data.manifest import Photo
from training.data.shards import CropStore, Shard, write_shard

SUBJECTS = 24
PHOTOS_PER_SUBJECT = 4


@pytest.fixture(scope="module", autouse=True)
def determinism_ends_with_the_file():
    """Training asks TensorFlow for it, for the whole process; other files' models have ops that it does not allow."""
    yield
    if "tensorflow" in sys.modules:
        importlib.import_module("tensorflow.python.framework.config").disable_op_determinism()


@pytest.fixture(scope="session")
def easy_photos():
    return tuple(
        Photo(f"{subject}-{number}.jpg", f"s{subject:02d}", subject % 2)
        for subject in range(SUBJECTS)
        for number in range(PHOTOS_PER_SUBJECT)
    )


@pytest.fixture(scope="session")
def easy_store(easy_photos, tmp_path_factory):
    rng = np.random.default_rng(3)
    crops = rng.integers(0, 128, (len(easy_photos), 128, 128, 3), dtype=np.uint8)
    crops[[photo.label == 0 for photo in easy_photos]] += 100
    folder = tmp_path_factory.mktemp("easy-crops")
    write_shard(folder, 0, Shard("easy", tuple(photo.path for photo in easy_photos), {}), crops)
    return CropStore(folder, 1)
