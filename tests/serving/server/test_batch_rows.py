"""Rows of several requests to one array: growing, padding, and what cannot be put together."""

import numpy as np
import pytest

from serving.server.batch_rows import join_rows
from serving.server.errors import FailedPrecondition, InvalidArgument

WORDS = (
    "Tensors with name 'x:0' from different tasks have different shapes and padding is turned off. "
    "Set pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal dimensions "
    "starting with the first dim."
)


def join(*arrays, padding_rows=0, pad_sizes=False):
    return join_rows("x:0", [np.asarray(array) for array in arrays], padding_rows=padding_rows, pad_sizes=pad_sizes)


def test_different_shapes_are_refused_where_they_are_not_padded():
    with pytest.raises(FailedPrecondition) as error:
        join([[1]], [[2, 3]])
    assert error.value.message == WORDS


def test_a_tensor_grows_with_its_own_first_element():
    assert join([[1, 2]], [[3, 4, 5], [6, 7, 8]], [[9]], pad_sizes=True).tolist() == [
        [1, 2, 1],
        [3, 4, 5],
        [6, 7, 8],
        [9, 9, 9],
    ]


@pytest.mark.parametrize("rank", [2, 3, 4, 5, 6])
def test_up_to_six_dimensions_grow_together(rank):
    small, large = np.full([1] * rank, 7), np.full([1] + [2] * (rank - 1), 8)
    joined = join(small, large, pad_sizes=True)
    assert joined.shape == (2, *large.shape[1:])
    assert (joined[0] == 7).all()
    assert (joined[1] == 8).all()


def test_more_than_six_dimensions_are_refused_even_where_nothing_has_to_grow():
    with pytest.raises(InvalidArgument) as error:
        join(np.zeros([1] * 7), pad_sizes=True)
    assert error.value.message == "Only tensors with rank from 1 to 6 can be padded."


def test_a_row_without_elements_cannot_grow():
    with pytest.raises(InvalidArgument) as error:
        join(np.zeros([1, 0]), np.zeros([1, 2]), pad_sizes=True)
    assert error.value.message == "Got empty tensor in batch of non-empty tensors."
    assert join(np.zeros([0, 0]), np.zeros([1, 2]), pad_sizes=True).shape == (1, 2), "no rows need no elements"


def test_another_number_of_dimensions_is_refused_either_way():
    for pad_sizes in (False, True):
        with pytest.raises(FailedPrecondition):
            join([[1]], [[[2]]], pad_sizes=pad_sizes)


def test_padding_repeats_the_first_row_of_the_last_request_as_it_has_grown():
    assert join([[1, 2, 3]], [[4], [5]], padding_rows=2, pad_sizes=True).tolist() == [
        [1, 2, 3],
        [4, 4, 4],
        [5, 4, 4],
        [4, 4, 4],
        [4, 4, 4],
    ]


def test_requests_without_rows_are_padded_with_rows_of_others_or_zeros():
    assert join([[1, 2]], np.zeros([0, 2], int), padding_rows=1).tolist() == [[1, 2], [1, 2]]
    assert join(np.zeros([0, 2], int), padding_rows=1).tolist() == [[0, 0]]


def test_strings_are_joined_and_padded_as_numbers_are():
    joined = join(np.array([[b"a"]], object), np.array([[b"bb", b"c"]], object), padding_rows=1, pad_sizes=True)
    assert joined.tolist() == [[b"a", b"a"], [b"bb", b"c"], [b"bb", b"c"]]
