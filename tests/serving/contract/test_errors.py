"""One tree of errors: every one has a code of its own, and every one a person can cause says what to do."""

from __future__ import annotations

import inspect

import pytest

from serving.contract import errors
from serving.contract.errors import ContractError, FaceError, PhotoError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ContractError)]
LEAVES = [kind for kind in ALL if not kind.__subclasses__()]


def test_the_tree_in_the_docstring_names_every_error_with_its_code() -> None:
    for kind in LEAVES:
        lines = [line for line in (errors.__doc__ or "").splitlines() if f" {kind.__name__} " in line]
        assert len(lines) == 1, kind.__name__
        assert f" {kind.code} " in lines[0] + " "


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", [kind for kind in LEAVES if issubclass(kind, PhotoError)])
def test_what_a_person_can_cause_says_what_was_wrong_and_what_to_do(kind: type[PhotoError]) -> None:
    error = kind()
    assert str(error) == kind.sentence != PhotoError.sentence
    assert error.advice != PhotoError.advice
    assert str(error).endswith(".")
    assert error.advice.endswith(".")


def test_an_error_may_carry_words_of_its_own() -> None:
    error = FaceError("This.", advice="Do that.")
    assert (str(error), error.advice) == ("This.", "Do that.")
    assert FaceError().advice == PhotoError.advice
