"""Constructed crops and a store of them, for tests of probes and baselines: what gives the label away is known."""

import numpy as np

from training.data.manifest import Photo
from training.data.shards import CropStore, Shard, write_shard
from training.evaluation.probes.light import MEASURES

SIZE = 64


def noise_crops(count, seed=0):
    """Grey noise without any cue, uint8 [count, 64, 64, 3]."""
    return np.random.default_rng(seed).integers(90, 160, (count, SIZE, SIZE, 3), dtype=np.uint8)


def plan_photos(subjects, per_subject):
    """Every second subject is depressed."""
    return [
        Photo(f"{subject:03d}-{number}.jpg", f"s{subject:03d}", subject % 2)
        for subject in range(subjects)
        for number in range(per_subject)
    ]


def build_store(folder, photos, crops, quality=None):
    """A store of one shard; quality measures are noise unless given."""
    rng = np.random.default_rng(1)
    measured = {name: tuple(rng.normal(size=len(photos))) for name in MEASURES} | (quality or {})
    folder.mkdir(parents=True, exist_ok=True)
    write_shard(folder, 0, Shard("probe", tuple(photo.path for photo in photos), {}, measured), crops)
    return CropStore(folder, 1)


def divide(photos, train=0.6, validation=0.2):
    """Whole subjects, in order."""
    names = sorted({photo.subject_id for photo in photos})
    first, second = round(train * len(names)), round((train + validation) * len(names))
    chosen = {"train": set(names[:first]), "validation": set(names[first:second]), "test": set(names[second:])}
    return {part: tuple(photo for photo in photos if photo.subject_id in members) for part, members in chosen.items()}
