"""Pairs of photos that show the same picture: copied, resized, stored again, cut a little differently, or mirrored.

Candidates are crops whose hashes differ in at most 4 of 64 bits (the hard test of `seed`, section 2); whether they show
the same picture is decided on the fine structure of the 32x32 grey crops: what is left after the 7x7 local mean is taken
away, correlated. Limits and what they find were measured on drawn faces:

* 10,555 drawn faces of 5,278 subjects have some 10,500 candidates (as they are, and mirrored) among 55.7 million pairs. The
  most alike two photos, of whichever subjects, reach 0.961; the limit is 0.965, so none is taken for a copy.
* Of copies of 200 drawn photos of 256x256 pixels, 92 % are found when stored again at JPEG quality 75, 81 % at quality 40,
  82 % at half the size, 85 % cut by up to 4 % on each side, 92 % brightened by 12 %, 97 % mirrored.

A pair that is missed costs a little optimism of the held-out figures; a pair too many keeps two subjects on one side.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from training.data.hashing import GREY_SIDE, mirror_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from training.data.shards import CropStore

BITS_APART_MAX: Final = 4
LIKENESS_MIN: Final = 0.965
_BAND_EDGES: Final = (0, 9, 18, 27, 36, 45, 55, 64)
_BANDS_EQUAL: Final = len(_BAND_EDGES) - 1 - BITS_APART_MAX
"""4 differing bits touch at most 4 of the 7 bands, so 3 bands are equal: every such pair meets in one of 35 groupings."""
_BUCKET_MAX: Final = 256
"""Different hashes that meet in one grouping and are all compared; in a larger bucket, each with its next so many."""
_SAME_HASH_MAX: Final = 32
"""More photos with one hash than this are not all compared, each only with `_COMPARED_OF_MANY` others."""
_COMPARED_OF_MANY: Final = 8
_PAIRS_AT_ONCE: Final = 8192
_UNIFORM_BELOW: Final = 1.0
"""Sum of squares of the fine structure, in squared levels: rounding, nothing to compare."""


def find_near_duplicates(store: CropStore, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of these photos that show the same picture, in the order of `paths`, each pair once.

    Of many copies of one picture, at least enough pairs to link them all are given, unless more than 32 photos have one hash
    and, between two copies, 8 or more of them that are other pictures.
    """
    found: set[tuple[int, int]] = set()
    hashes = store.hashes(paths)
    for mirrored in (False, True):
        pairs = candidate_pairs(hashes, mirrored=mirrored)
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            block = pairs[start : start + _PAIRS_AT_ONCE]
            one, other = (store.greys([paths[place] for place in side]) for side in block.T)
            alike = likeness(one, other[:, :, ::-1] if mirrored else other) >= LIKENESS_MIN
            found.update((int(first), int(second)) for first, second in block[alike])
    return [(paths[one], paths[other]) for one, other in sorted(found)]


def candidate_pairs(hashes: NDArray[np.uint64], *, mirrored: bool = False) -> NDArray[np.int64]:
    """Places (one, other), one < other, of hashes at most 4 bits apart: int64 [pairs, 2], sorted.

    Args:
        hashes: uint64 [n].
        mirrored: Compare each with the mirrored hashes of the others instead.
    """
    if len(hashes) < 2:
        return np.empty((0, 2), np.int64)
    all_hashes = np.concatenate([hashes, mirror_hashes(hashes)]) if mirrored else hashes
    unique, owner = np.unique(all_hashes, return_inverse=True)
    near = [np.stack([np.arange(len(unique))] * 2, axis=1), *_near_hashes(unique)]
    near_unique = np.unique(np.concatenate(near), axis=0)
    sizes = np.bincount(owner)
    members = np.argsort(owner, kind="stable")
    starts = np.cumsum(sizes) - sizes
    one, other = near_unique.T
    single = (sizes[one] == 1) & (sizes[other] == 1)
    pairs = [members[starts[near_unique[single]]]]  # a hash met once, paired with itself, is dropped below
    for first, second in near_unique[~single]:
        groups = (members[starts[hash_] : starts[hash_] + sizes[hash_]] for hash_ in (first, second))
        pairs.append(_pairs_between(*groups))
    places = np.concatenate(pairs)
    if mirrored:  # one side as it is, the other mirrored; the picture with itself is no pair
        places = places[(places[:, 0] < len(hashes)) != (places[:, 1] < len(hashes))] % len(hashes)
    places = np.sort(places[places[:, 0] != places[:, 1]], axis=1)
    return np.unique(places, axis=0)


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Correlation of the fine structure of grey crops [n, 32, 32], pair by pair: float64 [n], -1 to 1; 0 if uniform."""
    first, second = _fine_structure(one), _fine_structure(other)
    products, ones, others = (np.einsum("nij,nij->n", *pair) for pair in ((first, second), (first,) * 2, (second,) * 2))
    norms = np.sqrt(ones.astype(np.float64) * others)
    alike = np.zeros(len(norms))
    np.divide(products, norms, out=alike, where=np.minimum(ones, others) > _UNIFORM_BELOW)
    return alike


def cluster(items: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each item -> the smallest item that it is linked with through `pairs`, itself where it is alone."""
    parent = {item: item for item in items}

    def find(item: str) -> str:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        parent[high] = low
    return {item: find(item) for item in parent}


def _near_hashes(unique: NDArray[np.uint64]) -> list[NDArray[np.int64]]:
    """Pairs of places in `unique`, at most 4 bits apart, one array for each grouping."""
    widths = np.diff(_BAND_EDGES)
    bands = [(np.uint64(2 ** int(w)) - np.uint64(1)) << np.uint64(e) for w, e in zip(widths, _BAND_EDGES, strict=False)]
    found = []
    for chosen in combinations(bands, _BANDS_EQUAL):
        keys = unique & np.bitwise_or.reduce(np.array(chosen))
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        for step in range(1, min(_BUCKET_MAX, len(unique) - 1) + 1):
            together = np.nonzero(ordered[step:] == ordered[:-step])[0]
            if not len(together):
                break
            pairs = np.stack([order[together], order[together + step]], axis=1)
            found.append(pairs[np.bitwise_count(unique[pairs[:, 0]] ^ unique[pairs[:, 1]]) <= BITS_APART_MAX])
    return [np.sort(pairs, axis=1) for pairs in found]


def _pairs_between(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """All pairs of two groups of places (or of one with itself); of large groups, each place with a few."""
    if max(len(ones), len(others)) > _SAME_HASH_MAX:
        return np.concatenate([_with_some(ones, others), _with_some(others, ones)])
    return np.stack(np.meshgrid(ones, others, indexing="ij"), axis=-1).reshape(-1, 2)


def _with_some(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each of `others` with the first of `ones`, and with a few from the same place on: the first may be another picture."""
    same_place = np.arange(len(others)) * len(ones) // len(others)
    chosen = (same_place + np.arange(_COMPARED_OF_MANY)[:, None]) % len(ones)
    chosen = np.concatenate([np.zeros((1, len(others)), np.int64), chosen])
    return np.stack([ones[chosen], np.broadcast_to(others, chosen.shape)], axis=-1).reshape(-1, 2)


def _fine_structure(greys: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is left of [n, 32, 32] after the 7x7 local mean (pixels beyond the edge are the nearest inside), mean 0."""
    pixels = greys.astype(np.float32)
    local: NDArray[np.float32] = np.matmul(np.matmul(_LOCAL_MEAN, pixels), _LOCAL_MEAN.T)
    fine = pixels - local
    fine -= fine.mean(axis=(1, 2), keepdims=True)
    return fine


def _local_mean(reach: int) -> NDArray[np.float32]:
    """Rows that take the mean of a pixel and `reach` neighbours on each side."""
    matrix = np.zeros((GREY_SIDE, GREY_SIDE), np.float32)
    for offset in range(-reach, reach + 1):
        places = np.arange(GREY_SIDE)
        matrix[places, np.clip(places + offset, 0, GREY_SIDE - 1)] += 1 / (2 * reach + 1)
    return matrix


_LOCAL_MEAN: Final[NDArray[np.float32]] = _local_mean(3)
