"""Warnings that come out of Keras itself; ours stay errors."""

KERAS_COPIES = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
"""Saving weights with Keras 3.15 under NumPy 2.4: Keras' variables do not take NumPy's new `copy` argument."""
