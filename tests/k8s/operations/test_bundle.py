"""Bundles: made of real tar files, verified byte by byte, refused where anything is missing or changed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile

import pytest

from k8s.operations.__main__ import main
from k8s.operations.bundle import content, making
from k8s.operations.bundle.loading import in_registry
from k8s.operations.bundle.oci_archive import digest_of
from k8s.operations.errors import BundleDamaged
from k8s.operations.images.program import archive_name, version
from tests.support.oci import read_tar, write_archive, write_tar

IMAGES = ("registry.example/symmetra-gateway:0.1.0", "quay.io/prometheus/prometheus:v3.5.0")


def test_every_part_of_the_project_that_a_bundle_takes_is_there():
    assert [part for part in content.PARTS if not (content.ROOT / part).exists()] == []


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A small project, its archives and its model."""
    root = tmp_path / "project"
    files = {
        "k8s/images.txt": "# all images\n" + "".join(f"{image}\n" for image in IMAGES),
        "k8s/base/kustomization.yaml": "resources: []\n",
        "k8s/overlays/site-template/kustomization.yaml": "resources: []\n",
        "monitoring/dashboards/overview.json": "{}\n",
        "LICENSE": "licence\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(content, "ROOT", root)
    monkeypatch.setattr(content, "PARTS", ("LICENSE", "k8s", "monitoring/dashboards"))
    monkeypatch.setattr(making, "ROOT", root)
    monkeypatch.setattr("k8s.operations.release.images.__defaults__", (root / "k8s/images.txt",))
    archives = tmp_path / "archives"
    archives.mkdir()
    for image in IMAGES:
        write_archive(archives / f"{archive_name(image)}.tar", [image.encode(), b"layer"])
    model = tmp_path / "models/depression_severity/7"
    model.mkdir(parents=True)
    (model / "manifest.json").write_text("{}")
    (model / "saved_model.pb").write_bytes(b"graph")
    (model.parent / "approvals").mkdir()
    (model.parent / "approvals/7.json").write_text("{}")
    return tmp_path


def run(*arguments, environment=None):
    out, err = io.StringIO(), io.StringIO()
    return (
        main([str(argument) for argument in arguments], environment or {"SOURCE_DATE_EPOCH": "1700000000"}, out, err),
        out.getvalue(),
        err.getvalue(),
    )


def make(site, *more):
    arguments = [
        "bundle",
        "make",
        "--images",
        site / "archives",
        "--model",
        site / "models/depression_severity/7",
        "--out",
        site / "out",
    ]
    return run(*arguments, *more)


def unpack(site):
    code, out, err = make(site)
    assert (code, err) == (0, "")
    with tarfile.open(out.strip()) as tar:
        tar.extractall(site / "unpacked", filter="data")
    (folder,) = (site / "unpacked").iterdir()
    return folder


def test_a_bundle_holds_everything_and_is_found_whole(site):
    folder = unpack(site)
    assert folder.name == f"symmetra-{version()}"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "bundle.json", "SHA256SUMS", "LICENSE", "k8s/base/kustomization.yaml", "monitoring/dashboards/overview.json", "model/7/saved_model.pb", "model/approvals/7.json",
        "images/symmetra-gateway_0.1.0.tar", "images/prometheus_v3.5.0.tar", "sbom/symmetra-gateway_0.1.0.cdx.json",
    } <= there  # fmt: skip
    code, out, err = run("bundle", "verify", folder)
    assert (code, err) == (0, "")
    assert f"Bundle {version()} (complete) is whole: 2 images" in out


def test_others_tools_can_check_it_too(site):
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=unpack(site), check=True)


def test_the_same_content_gives_the_same_bytes(site):
    _, first, _ = make(site)
    before = (site / "out" / first.strip().rpartition("/")[2]).read_bytes()
    make(site)
    assert (site / "out" / first.strip().rpartition("/")[2]).read_bytes() == before


@pytest.mark.parametrize("image", IMAGES)
def test_a_missing_image_is_named_and_there_is_no_bundle(site, image):
    (site / "archives" / f"{archive_name(image)}.tar").unlink()
    code, out, err = make(site)
    assert (code, out) == (1, "")
    assert f"1 of 2 images are missing:\n  {image} as " in err
    assert list((site / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "says"), [("7/manifest.json", "is no model version"), ("approvals/7.json", "has no approval")]
)
def test_a_model_that_no_site_could_make_live_is_refused(site, name, says):
    (site / "models/depression_severity" / name).unlink()
    code, _, err = make(site)
    assert code == 1
    assert says in err
    assert list((site / "out").iterdir()) == []


def test_without_a_model_there_is_no_bundle(site):
    code, _, err = run("bundle", "make", "--images", site / "archives", "--out", site / "out")
    assert code == 1
    assert err.startswith("Name the directory of a model version")


def test_without_images_its_name_and_its_inside_say_so(site):
    code, out, _ = make(site, "--manifests-only")
    assert code == 0
    name = f"symmetra-{version()}-manifests-only"
    assert out.strip().endswith(f"/{name}.tar")
    with tarfile.open(out.strip()) as tar:
        assert {member.name.split("/")[0] for member in tar} == {name}
        described = json.load(tar.extractfile(f"{name}/bundle.json"))
    assert (described["kind"], described["images"]) == ("manifests-only", [])
    with tarfile.open(out.strip()) as tar:
        tar.extractall(site / "unpacked", filter="data")
    assert run("bundle", "verify", site / "unpacked" / name)[0] == 0
    code, _, err = run("bundle", "load", site / "unpacked" / name, "--registry", "registry.st-anna.org")
    assert code == 1
    assert "This bundle is manifests-only: it holds no images" in err


@pytest.mark.parametrize(
    "name", ["model/7/saved_model.pb", "k8s/base/kustomization.yaml", "images/prometheus_v3.5.0.tar", "bundle.json"]
)
def test_one_changed_byte_is_found(site, name):
    folder = unpack(site)
    changed = bytearray((folder / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (folder / name).write_bytes(changed)
    code, out, err = run("bundle", "verify", folder)
    assert (code, out) == (1, "")
    assert name in err


def test_what_is_missing_or_added_is_named(site):
    folder = unpack(site)
    (folder / "model/7/saved_model.pb").unlink()
    (folder / "k8s/base/extra.yaml").write_text("kind: Pod\n")
    _, _, err = run("bundle", "verify", folder)
    assert "model/7/saved_model.pb is missing." in err
    assert "k8s/base/extra.yaml was added." in err
    assert "Do not install from this bundle" in err


def test_a_sites_own_overlay_is_no_damage(site):
    folder = unpack(site)
    (folder / "k8s/overlays/hospital").mkdir()
    (folder / "k8s/overlays/hospital/kustomization.yaml").write_text("namespace: symmetra\n")
    assert run("bundle", "verify", folder)[0] == 0


def test_an_image_that_was_taken_out_together_with_its_checksum_is_missed(site):
    folder = unpack(site)
    (folder / "images/prometheus_v3.5.0.tar").unlink()
    described = json.loads((folder / "bundle.json").read_text())
    described["images"] = [entry for entry in described["images"] if "prometheus" not in entry["image"]]
    (folder / "bundle.json").write_text(json.dumps(described))
    content.write_sums(folder)
    code, _, err = run("bundle", "verify", folder)
    assert code == 1
    assert f"The image {IMAGES[1]} is not in it." in err


def test_an_image_that_was_exchanged_together_with_its_checksum_is_found(site):
    folder = unpack(site)
    write_archive(folder / "images/prometheus_v3.5.0.tar", [b"another"])
    content.write_sums(folder)
    code, _, err = run("bundle", "verify", folder)
    assert code == 1
    assert "bundle.json says sha256:" in err


@pytest.mark.parametrize("nested", [False, True])
def test_the_digest_of_an_archive_is_that_of_its_manifest(tmp_path, nested):
    path = tmp_path / "image.tar"
    assert digest_of_written(path, nested=nested) == digest_of(path)


def digest_of_written(path, *, nested):
    return write_archive(path, [b"one", b"two"], nested=nested)


@pytest.mark.parametrize("spoil", ["layer changed", "layer missing", "no index", "two images", "no tar"])
def test_an_archive_that_is_not_whole_is_refused(tmp_path, spoil):
    path = tmp_path / "image.tar"
    write_archive(path, [b"a layer of some length"])
    files = read_tar(path)
    layer = next(name for name, text in files.items() if text == b"a layer of some length")
    if spoil == "layer changed":
        files[layer] = b"a layer of some lengtH"
    elif spoil == "layer missing":
        del files[layer]
    elif spoil == "no index":
        del files["index.json"]
    elif spoil == "two images":
        index = json.loads(files["index.json"])
        files["index.json"] = json.dumps(index | {"manifests": index["manifests"] * 2}).encode()
    write_tar(path, files)
    if spoil == "no tar":
        path.write_bytes(b"hello")
    with pytest.raises(BundleDamaged, match="make or fetch it again"):
        digest_of(path)


RECORDER = """#!{python}
import json, sys
with open({log!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def put_on_path(folder, monkeypatch, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text(RECORDER.format(python=sys.executable, log=str(folder / f"{name}.log")))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return lambda name: [json.loads(line) for line in (folder / f"{name}.log").read_text().splitlines()]


@pytest.mark.parametrize("tool", ["skopeo", "podman", "docker"])
def test_every_image_is_pushed_under_the_name_that_the_manifests_use(site, tool, monkeypatch):
    folder = unpack(site)
    calls = put_on_path(site / "bin", monkeypatch, tool)
    code, out, _ = run("bundle", "load", folder, "--registry", "registry.st-anna.org/symmetra")
    assert (code, out) == (0, "2 images loaded.\n")
    pushed = " ".join(word for call in calls(tool) for word in call)
    for image in IMAGES:
        assert in_registry(image, "registry.st-anna.org/symmetra") in pushed
    assert in_registry(IMAGES[1], "a/b") == "a/b/prometheus/prometheus:v3.5.0"
    assert len(calls(tool)) == (2 if tool == "skopeo" else 6)


def test_a_node_without_a_registry_imports_them(site, monkeypatch):
    folder = unpack(site)
    calls = put_on_path(site / "bin", monkeypatch, "ctr")
    assert run("bundle", "load", folder, "--containerd", "--registry", "registry.st-anna.org")[0] == 0
    assert all(call[:4] == ["--namespace", "k8s.io", "images", "import"] for call in calls("ctr"))


def test_a_damaged_bundle_is_not_loaded(site, monkeypatch):
    folder = unpack(site)
    (folder / "LICENSE").write_text("another")
    put_on_path(site / "bin", monkeypatch, "skopeo")
    assert run("bundle", "load", folder, "--registry", "registry.st-anna.org")[0] == 1
    assert not (site / "bin/skopeo.log").exists()


def test_without_any_program_it_says_which(site, monkeypatch):
    folder = unpack(site)
    put_on_path(site / "bin", monkeypatch)
    code, _, err = run("bundle", "load", folder, "--registry", "registry.st-anna.org")
    assert code == 1
    assert "None of skopeo, podman, docker is on this machine" in err


def test_the_block_of_digests_names_every_image_in_the_sites_registry(site):
    folder = unpack(site)
    _, out, _ = run("bundle", "digests", folder, "--registry", "registry.st-anna.org")
    described = json.loads((folder / "bundle.json").read_text())
    lines = out.splitlines()
    assert lines[:2] == ["images:", "  - name: registry.st-anna.org/symmetra-gateway"]
    assert [line.split()[-1] for line in lines if "digest" in line] == [
        entry["digest"] for entry in described["images"]
    ]
