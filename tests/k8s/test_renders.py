"""Everything renders; nothing that is said has no effect; what is generated is current; no custom resource unless asked for."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.support.manifests.objects import name_of, of_kind, workloads
from tests.support.manifests.renders import (
    COMBINATIONS,
    KUBERNETES,
    NEEDS_BEFORE,
    OVERLAYS,
    ROOT,
    combine,
    components,
    overlay,
    render_folder,
    with_component,
    write_kustomization,
)

pytestmark = pytest.mark.needs_tool()
BUILT_IN = {"v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "networking.k8s.io/v1", "scheduling.k8s.io/v1"}
NO_DASHBOARDS = set() if list((ROOT / "monitoring/dashboards").glob("*.json")) else {"grafana-dashboards"}


@pytest.mark.point(1)
def test_every_overlay_and_every_combination_renders(renders):
    assert len(renders) == len(OVERLAYS) + len(COMBINATIONS)
    assert all(objects for objects in renders.values())


@pytest.mark.point(1)
def test_every_overlay_and_component_that_is_there_is_in_some_render():
    assert {path.parent.name for path in KUBERNETES.glob("overlays/*/kustomization.yaml")} == set(OVERLAYS)
    used = {name.removeprefix("site:") for names in COMBINATIONS.values() for name in names}
    assert used == set(components())


@pytest.mark.point(1)
@pytest.mark.parametrize("name", sorted(set(components()) - {"site", "private-registry", *NO_DASHBOARDS}))
def test_every_component_changes_what_is_rendered(name):
    """Those that take values from the site file: test_site_file.py."""
    before = NEEDS_BEFORE.get(name, [])
    assert combine(*before, name) != combine(*before)


@pytest.mark.point(3)
def test_base_and_the_overlays_without_an_operator_need_no_custom_resource_definition():
    for objects in (combine(), overlay("local"), combine(*COMBINATIONS["cpu-site"])):
        assert {each["apiVersion"] for each in objects} <= BUILT_IN


@pytest.mark.point(3, 34)
def test_the_base_leaves_nothing_outside_its_namespace():
    assert (
        of_kind(combine(), "ClusterRole", "ClusterRoleBinding", "PriorityClass", "PersistentVolume", "StorageClass")
        == []
    )
    assert [name_of(each) for each in of_kind(combine("training-job"), "PriorityClass")] == [
        "PriorityClass/symmetra-training"
    ]


@pytest.mark.point(5)
@pytest.mark.parametrize("name", ["base", *OVERLAYS])
def test_one_namespace_moves_everything(name, tmp_path):
    write_kustomization(tmp_path, ["base" if name == "base" else f"overlays/{name}"], (), "elsewhere")
    objects = render_folder(tmp_path)
    placed = [each for each in objects if each["kind"] not in ("Namespace", "PriorityClass")]
    assert {each["metadata"].get("namespace") for each in placed} == {"elsewhere"}
    assert {each["metadata"]["name"] for each in of_kind(objects, "Namespace")} <= {"elsewhere"}
    # Nothing goes on speaking of the namespace of the overlay by name: no selector, no address.
    text = yaml.safe_dump(objects)
    assert "symmetra.svc" not in text
    assert "metadata.name: symmetra" not in text
    assert "namespace: symmetra" not in text


@pytest.mark.point(1)
def test_the_table_of_components_has_each_of_them_once():
    table = (KUBERNETES / "components/README.md").read_text()
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", table, flags=re.MULTILINE)) == components()


@pytest.mark.point(6)
def test_no_component_labels_everything_that_is_there():
    """What a component transforms is all objects so far: a version of its own on the Job of a model would change that Job."""
    transforming = {"labels", "commonLabels", "commonAnnotations", "namePrefix", "nameSuffix", "namespace"}
    for file in KUBERNETES.glob("components/*/kustomization.yaml"):
        assert not transforming & set(yaml.safe_load(file.read_text())), file


@pytest.mark.point(33)
def test_jobs_are_named_after_what_they_run_because_they_can_never_be_changed(renders):
    for objects in renders.values():
        for job in of_kind(objects, "Job"):
            spec = job["spec"]
            tags = {
                container["image"].rpartition(":")[2].removesuffix("-gpu")
                for container in spec["template"]["spec"]["containers"]
            }
            named = any(job["metadata"]["name"].endswith(f"-{tag.replace('.', '-')}") for tag in tags)
            assert named or "ttlSecondsAfterFinished" in spec, name_of(job)
            # Nor may anything else in the template move with another release than the name does.
            versions = {spec["template"]["metadata"]["labels"]["app.kubernetes.io/version"]}
            assert not named or versions == tags, name_of(job)


@pytest.mark.point(2)
def test_names_of_what_runs_pods_are_dns_labels_or_the_api_server_warns(renders):
    label = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")
    for objects in renders.values():
        assert [each.name for each in workloads(objects) if not label.fullmatch(each.owner["metadata"]["name"])] == []


@pytest.mark.point(1)
def test_generated_files_are_current():
    done = subprocess.run(
        [sys.executable, "k8s/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_generated_file_that_is_not_current_is_named(tmp_path):
    for folder in ("k8s", "serving/deploy", "monitoring/rules"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "k8s/base/model-server/files/batching.config").write_text("other")
    done = subprocess.run(
        [sys.executable, "k8s/generate.py", "--check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "k8s/base/model-server/files/batching.config is not current" in done.stderr


@pytest.mark.point(1)
def test_a_further_component_fits_onto_an_overlay():
    assert with_component("site-template", "quota") != overlay("site-template")
