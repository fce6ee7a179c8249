"""`images`: the commands for each engine, digests that must be known, and a sentence where nothing can build."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from k8s.operations.__main__ import main
from k8s.operations.errors import BaseImageUnknown
from k8s.operations.images import program
from k8s.operations.images.plan import PLANS, base_of, read_bases

ROOT = Path(__file__).parents[3]
DIGEST = "sha256:" + "a" * 64
BASES = (
    f"PYTHON_TAG=python:3.11-slim-bookworm\nPYTHON_DIGEST={DIGEST}\nTENSORFLOW_SERVING_TAG=tensorflow/serving:2.20.0\n"
    f"TENSORFLOW_SERVING_DIGEST={DIGEST}\nTENSORFLOW_SERVING_GPU_TAG=tensorflow/serving:2.20.0-gpu\nTENSORFLOW_SERVING_GPU_DIGEST=\n"
)
ENGINE = """#!{python}
import json, pathlib, sys
log = pathlib.Path({log!r})
with log.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "info":
    sys.exit({info})
for before, name in zip(sys.argv, sys.argv[1:]):
    if before == "--output":
        pathlib.Path(name).write_text("archive")
print("sha256:" + "b" * 64)
"""


@pytest.fixture
def engine(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, info=0):
        (folder / name).write_text(ENGINE.format(python=sys.executable, log=str(folder / f"{name}.log"), info=info))
        (folder / name).chmod(0o755)
        return lambda: [
            json.loads(line) for line in (folder / f"{name}.log").read_text().splitlines() if '"info"' not in line
        ]

    return put


@pytest.fixture
def bases(tmp_path, monkeypatch):
    path = tmp_path / "bases.env"
    path.write_text(BASES)
    monkeypatch.setattr(program, "BASES_FILE", path)
    return path


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return (
        main(["images", *map(str, arguments)], {"SOURCE_DATE_EPOCH": "1700000000"}, out, err),
        out.getvalue(),
        err.getvalue(),
    )


@pytest.mark.usefixtures("bases")
@pytest.mark.parametrize("name", ["docker", "podman", "buildah"])
def test_an_image_is_built_upon_a_digest_at_a_fixed_time_and_saved(engine, name, tmp_path):
    calls = engine(name)
    code, out, err = run("build", "--only", "symmetra-gateway", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert out == f"registry.example/symmetra-gateway:{program.version()}\n"
    build, save = calls()
    assert build[0] == ("bud" if name == "buildah" else "build")
    assert f"PYTHON_IMAGE=python:3.11-slim-bookworm@{DIGEST}" in build
    assert "1700000000" in " ".join(build)
    assert "CREATED=2023-11-14T22:13:20+00:00" in build
    assert build[-1] == str(ROOT)
    assert any(word.endswith(f"symmetra-gateway_{program.version()}.tar") or ".tar:" in word for word in save)
    bill = json.loads((tmp_path / "out" / f"symmetra-gateway_{program.version()}.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"


@pytest.mark.usefixtures("bases")
def test_an_engine_whose_daemon_does_not_answer_is_passed_over(engine, tmp_path):
    engine("docker", info=1)
    calls = engine("podman")
    assert run("build", "--only", "symmetra-gateway", "--out", tmp_path / "out")[0] == 0
    assert calls()


@pytest.mark.usefixtures("bases", "engine")
def test_where_nothing_builds_a_sentence_says_so(tmp_path):
    code, out, err = run("build", "--only", "symmetra-gateway", "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert err.startswith("No docker, podman or buildah works on this machine;")


@pytest.mark.usefixtures("bases")
def test_a_daemon_that_is_away_is_named(engine, tmp_path):
    engine("docker", info=1)
    _, _, err = run("build", "--only", "symmetra-gateway", "--out", tmp_path / "out")
    assert "(docker is installed and its daemon does not answer)" in err


def test_a_base_without_a_digest_stops_the_build_before_it_begins():
    gpu = next(plan for plan in PLANS if plan.name == "symmetra-model-server" and plan.suffix)
    with pytest.raises(BaseImageUnknown, match=r"has no digest in k8s/images/bases\.env"):
        base_of(gpu, read_bases(BASES))


def test_digests_are_looked_up_and_written_for_a_person_to_commit(engine, bases):
    calls = engine("skopeo")
    code, out, _ = run("pin")
    assert code == 0
    assert len(out.splitlines()) == len(calls()) == 3
    assert bases.read_text().count("sha256:" + "b" * 64) == 3


def test_the_committed_bases_claim_no_digest_that_was_not_seen():
    bases = read_bases((ROOT / "k8s/images/bases.env").read_text())
    for key, value in bases.items():
        assert key.endswith(("_TAG", "_DIGEST"))
        assert not key.endswith("_DIGEST") or value == "" or re.fullmatch(r"sha256:[0-9a-f]{64}", value)
    for plan in PLANS:
        assert bases[f"{plan.base[1]}_TAG"]


def test_a_model_image_is_built_upon_the_gateways(engine, tmp_path):
    calls = engine("podman")
    version = tmp_path / "depression_severity/7"
    version.mkdir(parents=True)
    assert "is no model version" in run("model", version, "--out", tmp_path / "out")[2]
    (version / "manifest.json").write_text("{}")
    assert "Version 7 has no approval" in run("model", version, "--out", tmp_path / "out")[2]
    (tmp_path / "depression_severity/approvals").mkdir()
    (tmp_path / "depression_severity/approvals/7.json").write_text("{}")
    assert run("model", version, "--out", tmp_path / "out")[:2] == (0, "registry.example/symmetra-model:7\n")
    assert f"GATEWAY_IMAGE=registry.example/symmetra-gateway:{program.version()}" in calls()[0]
