"""What TF_CONFIG says, and how a batch is divided."""

import json

import pytest
import tensorflow as tf

from training.errors import WorkersFailed
from training.fitting.devices import find_devices, is_chief, read_tf_config
from training.fitting.pipeline import Share, training_batches
from training.fitting.ranges import Augmentation

pytestmark = pytest.mark.tensorflow


def tf_config(index, kind="worker", **cluster):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def test_one_process_is_no_cluster(monkeypatch):
    assert read_tf_config("") is None
    assert read_tf_config(tf_config(0, worker=["a:1"])) is None
    monkeypatch.delenv("TF_CONFIG", raising=False)
    devices = find_devices()
    assert devices.chief
    assert devices.workers is None
    assert is_chief()


def test_chief_is_counted_before_the_workers(monkeypatch):
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}
    assert read_tf_config(tf_config(1, **cluster)) == (2, ("a:1", "b:1", "c:1"))
    assert read_tf_config(tf_config(0, "chief", **cluster)) == (0, ("a:1", "b:1", "c:1"))
    monkeypatch.setenv("TF_CONFIG", tf_config(0, **cluster))
    assert not is_chief()


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", tf_config(2, worker=["a:1", "b:1"]), tf_config(0, "ps", worker=["a:1", "b:1"])]
)
def test_tf_config_that_cannot_be_used_is_refused_with_an_example(text):
    with pytest.raises(WorkersFailed, match="must look like"):
        read_tf_config(text)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 32])
@pytest.mark.parametrize("count", [2, 3])
def test_shares_hold_every_row_once_and_weigh_so_that_their_mean_is_that_of_the_batch(rows, count):
    losses = [float(row + 1) for row in range(rows)]
    means, seen = [], []
    for index in range(count):
        first, end, weight = (part.numpy() for part in Share(index, count).rows(tf.constant(rows)))
        assert end > first
        means.append(float(weight) * sum(losses[first:end]) / (end - first))
        seen += range(first, end) if weight > 0 else []
    assert seen == list(range(rows))
    assert sum(means) / count == pytest.approx(sum(losses) / rows)


def test_shared_batches_are_the_whole_ones_augmented_alike(easy_store, easy_photos):
    options = {"batch_size": 11, "seed": 4, "epochs": range(1, 2)}
    whole = list(training_batches(easy_store, easy_photos[:25], Augmentation(), **options))
    weights = {0: 2.0, 1: 0.5}
    shares = (Share(0, 2), Share(1, 2))
    parts = iter(
        training_batches(easy_store, easy_photos[:25], Augmentation(), **options, shares=shares, class_weights=weights)
    )
    for crops, targets in whole:
        (crops0, targets0, weights0), (crops1, targets1, weights1) = next(parts), next(parts)
        tf.debugging.assert_equal(crops, tf.concat([crops0, crops1], 0))
        tf.debugging.assert_equal(targets, tf.concat([targets0, targets1], 0))
        by_row = [weights[int(target)] for target in targets[:, 0]]
        total = sum(float(part.numpy().mean()) for part in (weights0, weights1)) / 2
        assert total == pytest.approx(sum(by_row) / len(by_row))
    assert next(parts, None) is None
