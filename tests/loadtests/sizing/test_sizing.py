"""The sizing page is what the raw results say: recalculated here by other code, cell by cell, and it says where a figure is missing."""

import io
import json
import math
import re
import shutil
import statistics
from pathlib import Path

import pytest

from loadtests.__main__ import run as loadtests
from loadtests.sizing.cores import CROPS_OF_ABSTENTION
from loadtests.sizing.page import NOT_MEASURED, PAGE, as_page
from loadtests.sizing.raw import GATEWAY_SHAPES, MODEL_SERVER, PHOTO_COSTS, PROJECT, RECORDS, read_figures
from serving.contract.jitter import JITTER_COPIES

RAW = (GATEWAY_SHAPES, MODEL_SERVER, RECORDS)
DAYS, SIZES = (50, 500, 5_000, 50_000, 500_000), (0.3, 2, 12)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Of a project with all raw results: those that are kept here, and costs of photos that are easy to calculate with."""
    for name in RAW:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    rows = [
        {
            "megapixels": size,
            "gateway_cpu_milliseconds": 30.0 + 10 * size + off,
            "model_server_cpu_milliseconds": 8.0 + off,
        }
        for size in SIZES
        for off in (-2.0, 0.0, 5.0)
    ]
    costs = {
        "at": "2026-11-28T00:00:00+00:00",
        "machine": {"cpu": "a processor", "cores": 2, "features": ["avx2"]},
        "models": {"gateway": {"architecture": "twin"}},
        "rows": rows,
    }
    (tmp_path / PHOTO_COSTS).write_text(json.dumps(costs))
    return tmp_path


def read(root: Path, name: str) -> dict:
    return json.loads((root / name).read_text())


def table(page: str, first_column: str) -> list[list[str]]:
    """The rows of the table with that first column whose other rows are figures."""
    lines = page.splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def recalculated(root: Path) -> dict[tuple[str, str], tuple[float | None, ...]]:
    """(Photos a day, megapixels) -> peak, gateway cores, gateways, model cores for 1 crop and for 9, from the raw files alone."""
    receipt = read(root, RECORDS)["gateways"]["postgresql"]["extra_cpu_milliseconds"]
    cells = read(root, MODEL_SERVER)["cells"]
    together = statistics.median(
        cell["cpu_milliseconds"]
        for cell in cells
        if cell["model"] == "twin-float32" and cell["mode"] == "greedy" and cell["clients"] == 32
    )
    gateway: dict[float, float | None] = dict.fromkeys(SIZES)
    single = None
    if (root / PHOTO_COSTS).exists():
        rows = read(root, PHOTO_COSTS)["rows"]
        single = statistics.median(row["model_server_cpu_milliseconds"] for row in rows)
        for size in SIZES:
            gateway[size] = statistics.median(
                row["gateway_cpu_milliseconds"] for row in rows if row["megapixels"] == size
            )
    else:
        shipped = [row for row in read(root, GATEWAY_SHAPES)["rows"] if row["shape"].startswith("shipped")]
        gateway[0.3] = statistics.median(row["crop_cpu"] + row["rpc_cpu"] + row["beyond"] for row in shipped)
    found = {}
    for day in DAYS:
        peak = day / (8 * 60 * 60) * 3
        for size in SIZES:
            milliseconds = gateway[size]
            cores = None if milliseconds is None else peak * (milliseconds + receipt) / 600
            found[f"{day:,}", f"{size:g}"] = (
                peak,
                cores,
                None if cores is None else max(2, math.ceil(cores / 2)),
                None if single is None else peak * single / 600,
                peak * 9 * together / 600,
            )
    return found


def shows(cell: str, value: float | None) -> bool:
    if value is None:
        return cell == NOT_MEASURED
    if cell == "under 0.1 c":
        return value < 0.1
    return bool(re.fullmatch(r"[\d.]+ c", cell)) and math.isclose(float(cell.removesuffix(" c")), value, abs_tol=0.051)


def assert_every_cell_follows(page: str, root: Path) -> None:
    rows = table(page, "photos a day")
    expected = recalculated(root)
    assert [(row[0], row[1]) for row in rows] == list(expected)
    for row in rows:
        wrong = [
            (cell, value)
            for cell, value in zip(row[2:], expected[row[0], row[1]], strict=True)
            if not shows(cell, value)
        ]
        assert not wrong, (row, wrong)


def test_the_page_that_is_kept_is_what_the_raw_results_say() -> None:
    assert PAGE.read_text() == as_page(read_figures()), "write it anew: python -m loadtests sizing"
    assert_every_cell_follows(PAGE.read_text(), PROJECT)


def test_every_cell_follows_from_raw_results_that_hold_everything(root: Path) -> None:
    page = as_page(read_figures(root))

    assert_every_cell_follows(page, root)
    assert not any(cell == NOT_MEASURED for row in table(page, "photos a day") for cell in row)


def test_every_figure_says_whether_it_was_measured_or_calculated(root: Path) -> None:
    page = as_page(read_figures(root))

    measured = [row[1] for row in table(page, "what")]
    calculated = [cell for row in table(page, "photos a day") for cell in row[2:]]
    calculated += [cell for row in table(page, "megapixels") for cell in row[1:]]
    assert len(measured) == 8
    assert all(cell.endswith(" m") for cell in measured)
    assert all(cell.endswith(" c") for cell in calculated)


@pytest.mark.parametrize("name", [*RAW, PHOTO_COSTS])
def test_without_a_raw_file_what_hangs_on_it_was_not_measured(root: Path, name: str) -> None:
    whole = as_page(read_figures(root))
    (root / name).unlink()
    page = as_page(read_figures(root))

    assert page.count(NOT_MEASURED) > whole.count(NOT_MEASURED)
    assert name not in page or name == GATEWAY_SHAPES


def test_without_the_costs_of_photos_only_the_size_that_was_measured_otherwise_has_gateways(root: Path) -> None:
    (root / PHOTO_COSTS).unlink()
    page = as_page(read_figures(root))

    assert_every_cell_follows(page, root)
    assert [row[3] == NOT_MEASURED for row in table(page, "photos a day")][:3] == [False, True, True]


def test_the_most_that_a_gpu_takes_away_is_the_model_servers_part(root: Path) -> None:
    page = as_page(read_figures(root))
    receipt = read(root, RECORDS)["gateways"]["postgresql"]["extra_cpu_milliseconds"]

    shares = {row[0]: row[1] for row in table(page, "megapixels")}
    assert shares == {f"{size:g}": f"{8 / (8 + 30 + 10 * size + receipt):.0%} c" for size in SIZES}


def test_nine_crops_say_that_the_copies_in_the_gateway_were_not_measured(root: Path) -> None:
    page = as_page(read_figures(root))
    gpu = page[page.index("## Whether a GPU") :]
    assert all("copies not counted" in part for part in re.findall(r"9 crops[^|]*", gpu))
    assert "without making the 8 copies of a crop in the gateway, which was not measured" in page


def test_check_fails_where_a_raw_figure_changed(root: Path) -> None:
    page, out, err = root / "SIZING.md", io.StringIO(), io.StringIO()
    words = ["sizing", "--root", str(root), "--page", str(page)]
    assert loadtests([*words, "--check"], {}, out, err) == 3
    assert loadtests(words, {}, out, err) == 0
    assert loadtests([*words, "--check"], {}, out, err) == 0

    content = read(root, RECORDS)
    content["gateways"]["postgresql"]["extra_cpu_milliseconds"] *= 2
    (root / RECORDS).write_text(json.dumps(content))

    assert loadtests([*words, "--check"], {}, out, err) == 3
    assert "python -m loadtests sizing" in err.getvalue()


@pytest.mark.parametrize("content", ["half a fi", "{}", '{"rows": [{}], "at": "", "machine": {}}'])
def test_a_raw_file_that_holds_something_else_is_named(root: Path, content: str) -> None:
    (root / PHOTO_COSTS).write_text(content)
    err = io.StringIO()

    assert loadtests(["sizing", "--root", str(root), "--page", str(root / "SIZING.md")], {}, io.StringIO(), err) == 1
    assert err.getvalue().startswith(PHOTO_COSTS)
    assert not (root / "SIZING.md").exists()


def test_a_photo_that_may_be_abstained_from_is_so_many_crops() -> None:
    assert CROPS_OF_ABSTENTION == 1 + JITTER_COPIES
