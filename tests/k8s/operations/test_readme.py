"""The commands of k8s/README.md: few, in order, each with verbs and flags that exist; those that need no cluster are run."""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from k8s.operations.bundle import content
from k8s.operations.bundle.making import Ingredients, make
from k8s.operations.errors import SiteFileInvalid
from k8s.operations.images.program import archive_name, version
from k8s.operations.overlay import Overlay
from k8s.operations.release import images
from tests.k8s.operations.test_preflight_command import answer_as_a_cluster, answer_as_a_job
from tests.support.certificates import make_authority
from tests.support.cluster_facts import SECRETS, site_text
from tests.support.fake_kubectl import FakeKubectl
from tests.support.manifests.renders import KUBERNETES, TOOLS
from tests.support.oci import write_archive

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "k8s/README.md").read_text()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
EDITED = "k8s/overlays/mysite/site/site.env"


def commands(section):
    return [line[2:] for line in SECTIONS[section].splitlines() if line.startswith("$ ")]


EVERY = sorted({part for section in SECTIONS for command in commands(section) for part in command.split(" | ")})


def split(command):
    """The words of a command; of one that runs in a container, those outside and those inside."""
    words = shlex.split(command)
    cut = words.index("--") if "--" in words else len(words)
    return words[:cut], words[cut + 1 :]


@functools.cache
def kubectl_help(*verb):
    texts = [
        subprocess.run([TOOLS / "kubectl", *words], capture_output=True, text=True, check=False)
        for words in ((*verb, "--help"), ("options",))
    ]
    assert texts[0].returncode == 0, verb
    return texts[0].stdout + texts[1].stdout


@functools.cache
def python_help(*words):
    """What a program of ours says of itself; None where it knows no such command."""
    done = subprocess.run([sys.executable, *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def flags(words):
    return {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}


def program_words(words):
    """`-m MODULE` and the subcommands after it, as far as their own help takes them for some."""
    found = words[1:3]
    for word in words[3:]:
        listed = re.search(rf"(?:^|[\s{{,|]){re.escape(word)}(?:[\s,}}|]|$)", python_help(*found) or "")
        if word.startswith("-") or word.isdigit() or not listed or python_help(*found, word) is None:
            break
        found = [*found, word]
    return tuple(found)


@pytest.mark.point(33, 35)
def test_from_the_bundle_to_the_first_screening_at_most_twelve_commands_and_one_file():
    steps = commands("Install")[
        : next(n for n, command in enumerate(commands("Install")) if command.startswith("curl")) + 1
    ]
    assert len(steps) <= 12
    assert not any(word in command for command in steps for word in ("&&", ";", "|"))
    assert re.findall(r"edit the one file, `([^`]+)`", SECTIONS["Install"]) == [EDITED]


@pytest.mark.point(33)
@pytest.mark.needs_tool
@pytest.mark.parametrize("command", EVERY)
def test_every_verb_and_flag_of_a_command_exists(command):
    outside, inside = split(command)
    if outside[0] == "kubectl":
        verb = tuple(outside[1:3]) if outside[1] in {"rollout", "create"} else (outside[1],)
        known = kubectl_help(*verb)
        for flag in flags(outside):
            assert re.search(rf"(?:^|\s|,){re.escape(flag)}[=,\s:]", known), flag
    elif outside[0] == "python3":
        inside = outside
    else:
        assert outside[0] in {"tar", "cd", "cp", "rm", "curl", "skopeo"}
    if inside:
        assert inside[0] in {"python", "python3"}
        found = program_words(inside)
        assert len(found) >= 3, inside
        for flag in flags(inside[1 + len(found) :]):
            assert re.search(rf"{re.escape(flag)}[\s,\]]", python_help(*found) or ""), flag


def test_every_file_that_is_linked_or_named_is_there():
    for name in re.findall(r"\]\(([\w./-]+)\)", PAGE):
        assert (ROOT / "k8s" / name).exists(), name
    for name in re.findall(r"(?:gateway|loadtests|serving)/[\w/]+\.md", PAGE):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"component[s]? `([a-z-]+)`", PAGE):
        assert (ROOT / "k8s/components" / name).is_dir(), name


def test_figures_of_the_page_are_those_of_the_measurements():
    soak = (ROOT / "loadtests/results/soak.md").read_text()
    assert "{'200': 15720, '422': 720}" in soak
    assert "15,720 answered, 720 without a face refused" in PAGE
    assert "| 176.4 |" in soak
    assert "176 MiB at most" in PAGE
    served = (ROOT / "serving/results/model_server.md").read_text()
    for network, mebibytes in (("twin-float32", "724"), ("paper-float32", "1159")):
        assert re.search(rf"^\| {network} \| [\d.]+ \| {mebibytes} \|", served, flags=re.MULTILINE)
    assert "724 MiB; the paper's network 1,159" in PAGE


def test_how_many_cores_a_site_needs_is_said_in_one_place_and_whose_figures_these_are():
    section = SECTIONS["Do I need a GPU?"]
    assert "(../loadtests/SIZING.md)" in section
    assert "**embedded server's**" in section
    assert "photos/s at their best" not in PAGE


def make_bundle(tmp_path):
    archives = tmp_path / "archives"
    archives.mkdir()
    for image in images():
        write_archive(archives / f"{archive_name(image)}.tar", [image.encode()])
    model = tmp_path / "models/depression_severity/1"
    model.mkdir(parents=True)
    (model / "manifest.json").write_text("{}")
    (model.parent / "approvals").mkdir()
    (model.parent / "approvals/1.json").write_text("{}")
    return make(Ingredients(archives, model, 0), tmp_path / "work")


STUB = '#!/bin/sh\necho "$0 $*" >> {log}\n'


@pytest.mark.point(8, 33)
def test_the_installation_runs_as_it_is_written_with_a_cluster_that_answers(tmp_path, monkeypatch):
    """tar, cp, verify, load, secrets and preflight are the real ones; kubectl, skopeo and curl only write down what they were asked."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(content, "PARTS", tuple(part for part in content.PARTS if (ROOT / part).exists()))
    bundle = make_bundle(tmp_path)
    assert bundle.name == commands("Install")[0].split()[-1] == f"symmetra-{version()}.tar"
    kubectl = FakeKubectl(tmp_path / "bin", monkeypatch)
    ca_pem = make_authority(tmp_path, "hospital").certificate
    kubectl.answer("get secrets --namespace symmetra -o name", "")
    kubectl.answer("create", "")
    answer_as_a_cluster(kubectl, ca_pem)
    answer_as_a_job(kubectl)
    for start in ("wait", "exec"):
        kubectl.answer(start, "")
    for name in ("skopeo", "curl"):
        (tmp_path / "bin" / name).write_text(STUB.format(log=tmp_path / f"{name}.log"))
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "bin/python3").symlink_to(sys.executable)
    for name in ("ca.pem", "database-url", "oidc-secret", "registry.json", "tls.crt", "tls.key", "face.jpg"):
        (work / name).write_text(name)
    (work / "database-url").write_text("postgresql+pg8000://symmetra:pw@postgres.st-anna.org/symmetra\n")
    folder = work
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
    for number, command in enumerate(commands("Install")[:12], start=1):
        if number == 5:
            (folder / EDITED).write_text(site_text())
        if command.startswith("cd "):
            folder = folder / command.split()[1]
            continue
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    pushed = (tmp_path / "skopeo.log").read_text()
    assert all(f"docker://registry.st-anna.org/symmetra/{image.partition('/')[2]}" in pushed for image in images())
    made = {item["metadata"]["name"] for item in kubectl.objects("create")}
    assert set(SECRETS) | {"symmetra-registry"} <= made
    assert (work / "first.key").read_text().startswith("sym_")
    assert (tmp_path / "curl.log").read_text().count((work / "first.key").read_text().strip()) == 1


@pytest.mark.point(33)
def test_an_upgrade_takes_the_overlay_along_and_the_keys_of_the_new_release(tmp_path):
    for release in ("0.1.0", "0.2.0"):
        shutil.copytree(KUBERNETES / "overlays", tmp_path / f"symmetra-{release}/k8s/overlays")
    old, new = (tmp_path / f"symmetra-{release}/k8s/overlays/mysite" for release in ("0.1.0", "0.2.0"))
    template = new.with_name("site-template")
    shutil.copytree(template, old)
    (old / "site/site.env").write_text(site_text())
    (old / "keys/patches/patches.yaml").write_text("# of another release\n")
    # A release may drop a file, too: copying over the old folder would keep it.
    (old / "keys/patches/gone.yaml").write_text("# of another release\n")
    taken_along, *renewed = (command for command in commands("Upgrade") if command.startswith(("cp ", "rm ")))
    subprocess.run(["bash", "-c", taken_along], cwd=tmp_path, check=True)
    with pytest.raises(SiteFileInvalid, match=r"keys/patches/gone\.yaml, .*patches\.yaml in .* are of another release"):
        Overlay.read(new).require_current_keys(template)
    for command in renewed:
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    Overlay.read(new).require_current_keys(template)
    assert (new / "site/site.env").read_text() == site_text()
