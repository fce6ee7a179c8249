"""Whatever a kustomization says has an effect: kustomize itself passes over a patch or an image override that matches nothing."""

import copy
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from tests.support.manifests.renders import KUBERNETES, NEEDS_BEFORE, RenderFailed, render_text

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
    tries = {}
    for file in sorted(copied.glob(pattern)):
        content = yaml.safe_load(file.read_text())
        pieces = [
            (field, index)
            for field in ("patches", "images", "configMapGenerator")
            for index in range(len(content.get(field, [])))
        ]
        for number, piece in enumerate([None, *pieces] if pieces else []):
            tries[file, piece] = _without(file.parent, content, piece, number)
    # Each in a folder of its own, so that as many are rendered at once as there are cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        effects = dict(zip(tries, pool.map(_effect, tries.values()), strict=True))
    return [
        f"{file.relative_to(copied)}: {piece[0]}[{piece[1]}]"
        for file, piece in tries
        if piece is not None and effects[file, piece] == effects[file, None]
    ]


def _without(folder, content, piece, number):
    """A kustomization beside another, without one of its pieces; of a component one that uses it after what it builds upon."""
    beside = folder.with_name(f"{folder.name}--{number}")
    shutil.copytree(folder, beside)
    less = copy.deepcopy(content)
    if piece is not None:
        del less[piece[0]][piece[1]]
    (beside / "kustomization.yaml").write_text(yaml.safe_dump(less))
    if folder.parent.name != "components":
        return beside
    names = [*NEEDS_BEFORE.get(folder.name, []), *ALSO_FOR.get(folder.name, []), beside.name]
    using = folder.parents[1] / f"try-{beside.name}"
    using.mkdir()
    (using / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": ["../base", "../overlays/site-template/site"],
                "components": [f"../components/{name}" for name in names],
            }
        )
    )
    return using


def _effect(folder):
    """What a kustomization makes, as text: kustomize writes the same in the same way."""
    try:
        return render_text(folder)
    except RenderFailed:
        # Without this piece it does not even render: it has an effect.
        return None
