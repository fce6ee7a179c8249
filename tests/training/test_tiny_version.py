"""The stand-in version that other tests use is a real one."""

import numpy as np

from serving.contract.severity import Band
from serving.repository import ModelRepository
from tests.support.tiny_version import copy_tiny_repository


def test_tiny_version_is_published_pinned_intact_and_covers_all_bands(tmp_path):
    repository = ModelRepository(copy_tiny_repository(tmp_path / "models"))
    assert repository.verify(1) == repository.pin().digest
    with np.load(repository.version_path(1) / "assets.extra" / "golden.npz") as golden:
        assert set(golden["band"]) == set(Band)
