"""Which directories are versions, and which of them are wanted."""

import pytest

from serving.server.errors import NotFound
from serving.server.versions import All, Latest, Specific, choose_versions, find_versions


def test_numbers_are_versions_and_everything_else_is_passed_over(tmp_path):
    for name in (
        "1",
        "00000123",
        "+5",
        " 7 ",
        "-3",
        "0",
        "1.tmp",
        "v2",
        "tmp-9",
        "1e3",
        "9223372036854775808",
        ".lock",
    ):
        (tmp_path / name).mkdir()
    (tmp_path / "pin.json").touch()
    assert sorted(find_versions(tmp_path, "m")) == [-3, 0, 1, 5, 7, 123]
    assert find_versions(tmp_path, "m")[123] == tmp_path / "00000123"


def test_of_two_directories_with_one_number_the_later_name_is_served(tmp_path, capsys):
    (tmp_path / "1").mkdir()
    (tmp_path / "01").mkdir()
    assert find_versions(tmp_path, "m") == {1: tmp_path / "1"}
    assert "duplicate version directories" in capsys.readouterr().err


def test_a_missing_base_path_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"Could not find base path .*nowhere for servable m with error NOT_FOUND"):
        find_versions(tmp_path / "nowhere", "m")


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        (Latest(1), [10]),
        (Latest(2), [9, 10]),
        (Latest(5), [1, 9, 10]),
        (All(), [1, 9, 10]),
        (Specific(frozenset({1, 10})), [1, 10]),
        (Specific(frozenset({1, 7})), [1]),
        (Specific(frozenset()), []),
    ],
)
def test_policies_choose_by_number(tmp_path, policy, chosen):
    found = {number: tmp_path / str(number) for number in (9, 10, 1)}
    assert list(choose_versions(found, policy)) == chosen
