"""A run replaces what an earlier run left, and nothing else."""

import pytest

from loadtests.errors import ScenarioFailed
from loadtests.scenarios.folder import make_anew
from loadtests.scenarios.report import SCHEMA


def test_a_run_replaces_an_earlier_one_whether_it_ended_or_not(tmp_path):
    folder = tmp_path / "runs" / "some"
    make_anew(folder)
    (folder / "models").mkdir()
    make_anew(folder)
    assert not (folder / "models").exists()


def test_a_result_of_a_scenario_shows_a_run_too(tmp_path):
    (tmp_path / "result.json").write_text(f'{{"schema": "{SCHEMA}"}}')
    (tmp_path / "logs").mkdir()
    make_anew(tmp_path)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("name", ["code.py", "result.json", "models"])
def test_what_is_no_run_stays_and_is_named(tmp_path, name):
    kept = tmp_path / "gateway" / name
    kept.parent.mkdir()
    kept.write_text("[]")
    with pytest.raises(ScenarioFailed, match="gateway is there and is no run of a scenario"):
        make_anew(tmp_path / "gateway")
    assert kept.read_text() == "[]"


def test_neither_a_file_nor_a_link_is_replaced(tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("file", "link"):
        with pytest.raises(ScenarioFailed, match="is no run of a scenario"):
            make_anew(tmp_path / name)
