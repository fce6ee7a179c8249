"""What `make bench-gpu` says with a GPU and without one; no figure is made up."""

import io
import json
import subprocess
from pathlib import Path

import pytest

from tests.bench import gpu
from tests.bench.gpu import Runtime, bench, limits_of

FOUND = {
    "backend": "torch",
    "paper_crops_per_second": {"1": 900.0, "512": 40_000.0},
    "twin_crops_per_second": {"1": 1_000.0, "512": 1_100.0},
    "host_photos_per_second": {"1": 100.0, "16": 1_200.0},
}


def test_without_a_gpu_it_says_so_in_a_sentence_and_keeps_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Also where there is one.
    monkeypatch.setattr(gpu, "DEVICES", ())
    for name, nothing in {
        "CUDA_VISIBLE_DEVICES": "",
        "HIP_VISIBLE_DEVICES": "-1",
        "ROCR_VISIBLE_DEVICES": "-1",
    }.items():
        monkeypatch.setenv(name, nothing)
    assert gpu.main(["--save", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert said.startswith("Not measured: no GPU was found on this machine (tensorflow sees no GPU, ")
    assert "It would have measured" in said
    assert (kept["measured"], kept["results"], kept["models"]) == (False, {}, {})
    assert kept["commit"]
    assert kept["machine"]["cores"]


def test_with_one_it_measures_where_keras_runs_and_says_which_side_is_the_limit() -> None:
    asked: list[str] = []

    def measure_on(runtime: Runtime) -> dict:
        asked.append(runtime.name)
        return FOUND

    seen = [
        Runtime("tensorflow", "", "sees no GPU"),
        Runtime("torch", "A Card", "sees A Card"),
        Runtime("onnxruntime", "CUDAExecutionProvider", "sees CUDAExecutionProvider"),
    ]
    out = io.StringIO()
    report = bench(out, lambda: seen, measure_on)
    assert asked == ["torch"]
    assert report["measured"]
    assert "paper on A Card by torch: 40000 crops/s" in out.getvalue()
    assert limits_of(FOUND)["paper"] == {
        "gpu_crops_per_second": 40_000.0,
        "host_photos_per_second": 1_200.0,
        "limit": "host",
        "host_cores_that_feed_one_gpu": 400.0,
    }
    assert limits_of(FOUND)["twin"]["limit"] == "gpu"


def test_a_gpu_that_only_onnx_runtime_sees_is_named_and_not_measured() -> None:
    seen = [Runtime("onnxruntime", "CUDAExecutionProvider", "sees CUDAExecutionProvider")]
    report = bench(io.StringIO(), lambda: seen)
    assert not report["measured"]
    assert "onnxruntime sees CUDAExecutionProvider" in str(report["says"])


def test_a_runtime_that_fails_says_why_and_takes_nothing_from_the_others() -> None:
    def measure_on(runtime: Runtime) -> dict:
        if runtime.name == "torch":
            raise subprocess.CalledProcessError(1, ["python"], stderr="Traceback\nout of memory\n")
        if runtime.name == "jax":
            raise subprocess.TimeoutExpired(["python"], 900.0)
        return FOUND

    out = io.StringIO()
    report = bench(
        out, lambda: [Runtime(name, "A Card", "sees A Card") for name in ("torch", "tensorflow", "jax")], measure_on
    )
    assert list(report["results"]) == ["tensorflow"]
    assert report["failed"] == {
        "torch": "could not be measured: it ended with exit code 1: out of memory",
        "jax": "could not be measured: it took longer than 900 s",
    }
    assert "torch could not be measured" in out.getvalue()
