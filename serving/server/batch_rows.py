"""Rows of several requests to one array and back, after tensorflow_serving/batching/batching_session.cc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from serving.server.errors import FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.wire.tensors import Array

_MAX_GROWN_RANK: Final = 6


def join_rows(name: str, arrays: Sequence[Array], *, padding_rows: int, pad_sizes: bool) -> Array:
    """One array with the rows of all, in order, and `padding_rows` more.

    Tensors are grown as tensorflow_serving/batching/batching_util.cc does it: behind what is there, with the tensor's own
    first element.

    Args:
        name: Name of the tensor, for the message.
        arrays: One per request, each with a first dimension of rows.
        padding_rows: How many rows to add, so that the batch has a size that the model was warmed up for.
        pad_sizes: Grow the other dimensions to the largest of the batch, where they differ.

    Raises:
        FailedPrecondition: The other dimensions differ and `pad_sizes` is off, or even their number differs.
        InvalidArgument: `pad_sizes` is on, and a tensor has too many dimensions to be grown or no element to grow with.
    """
    if pad_sizes and any(array.ndim > _MAX_GROWN_RANK for array in arrays):
        message = "Only tensors with rank from 1 to 6 can be padded."
        raise InvalidArgument(message)
    if len({array.shape[1:] for array in arrays}) > 1:
        if not pad_sizes or len({array.ndim for array in arrays}) > 1:
            message = (
                f"Tensors with name '{name}' from different tasks have different shapes and padding is turned off. "
                "Set pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal "
                "dimensions starting with the first dim."
            )
            raise FailedPrecondition(message)
        largest = tuple(int(size) for size in np.max([array.shape[1:] for array in arrays], axis=0))
        arrays = [_grow(array, largest) for array in arrays]
    if padding_rows:
        # The first row of the last request, so that padding is always a value that the model can meet.
        last = next((array for array in reversed(arrays) if len(array)), arrays[-1])
        fill = last[:1] if len(last) else np.zeros((1, *last.shape[1:]), last.dtype)
        arrays = [*arrays, np.broadcast_to(fill, (padding_rows, *fill.shape[1:]))]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def check_rows(outputs: Sequence[Array], rows: int) -> None:
    """Refuse outputs that cannot be split into the requests' rows again.

    Raises:
        FailedPrecondition: A scalar, or another number of rows than went in.
    """
    for array in outputs:
        if array.ndim == 0:
            message = "Batched output tensor has 0 dimensions"
            raise FailedPrecondition(message)
        if len(array) != rows:
            message = (
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the "
                "input tensors"
            )
            raise FailedPrecondition(message)


def _grow(array: Array, sizes: tuple[int, ...]) -> Array:
    if (len(array), *sizes) == array.shape:
        return array
    if not array.size:
        if not len(array):
            return np.empty((0, *sizes), array.dtype)
        message = "Got empty tensor in batch of non-empty tensors."
        raise InvalidArgument(message)
    grown = np.full((len(array), *sizes), array.flat[0], array.dtype)
    grown[tuple(slice(size) for size in array.shape)] = array
    return grown
