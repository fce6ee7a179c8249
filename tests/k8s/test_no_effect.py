"""Whatever a kustomization says has an effect: kustomize itself passes over a patch or an image override that matches nothing."""

import shutil

import pytest
import yaml

from tests.support.manifests.renders import KUBERNETES, NEEDS_BEFORE, RenderFailed, render_folder

pytestmark = pytest.mark.needs_tool()
ALSO_FOR = {"gpu-runtime-class": ["training-job"], "gpu-writable-root": ["training-job"]}


@pytest.mark.point(1)
def test_no_patch_and_no_image_override_has_no_effect(tmp_path):
    copied = tmp_path / "k8s"
    shutil.copytree(KUBERNETES, copied)
    assert idle_pieces(copied, "*/*/kustomization.yaml") == []


def test_a_patch_and_an_image_override_that_match_nothing_are_found(tmp_path):
    copied = tmp_path / "k8s"
    shutil.copytree(KUBERNETES, copied)
    file = copied / "components/single-gpu/kustomization.yaml"
    content = yaml.safe_load(file.read_text())
    content["images"] = [{"name": "registry.example/symmetra-nobody", "newTag": "2"}]
    content["patches"].append(
        {"target": {"kind": "Deployment", "name": "nobody"}, "patch": "- {op: remove, path: /spec/replicas}"}
    )
    file.write_text(yaml.safe_dump(content))
    found = idle_pieces(copied, "components/single-gpu/kustomization.yaml")
    assert found == [
        "components/single-gpu/kustomization.yaml: patches[1]",
        "components/single-gpu/kustomization.yaml: images[0]",
    ]


def idle_pieces(copied, pattern):
    """Each single piece of each kustomization is left out once: those without which the same is rendered."""
    idle = []
    for file in sorted(copied.glob(pattern)):
        text = file.read_text()
        pieces = [
            (field, index)
            for field in ("patches", "images", "configMapGenerator")
            for index in range(len(yaml.safe_load(text).get(field, [])))
        ]
        whole = _effect(file.parent) if pieces else None
        for field, index in pieces:
            less = yaml.safe_load(text)
            del less[field][index]
            file.write_text(yaml.safe_dump(less))
            if _effect(file.parent) == whole:
                idle.append(f"{file.relative_to(copied)}: {field}[{index}]")
        file.write_text(text)
    return idle


def _effect(folder):
    """What a kustomization makes; a component after those that it builds upon and those that it is for as well."""
    if folder.parent.name == "components":
        names = [*NEEDS_BEFORE.get(folder.name, []), *ALSO_FOR.get(folder.name, []), folder.name]
        content = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": ["../base", "../overlays/site-template/site"],
            "components": [f"../components/{name}" for name in names],
        }
        folder = folder.parents[1] / "try"
        folder.mkdir(exist_ok=True)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))
    try:
        return render_folder(folder)
    except RenderFailed:
        # Without this piece it does not even render: it has an effect.
        return None
