"""What other people's validators say of the renders: at three versions of Kubernetes, of others' kinds, of the YAML itself."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.manifests.custom_resources import mistakes, read_schemas
from tests.support.manifests.objects import name_of
from tests.support.manifests.renders import CHECKOV, COMBINATIONS, KUBERNETES, OVERLAYS, ROOT, TOOLS, combine, overlay

VERSIONS = ("1.30", "1.33", "1.36")
"""The oldest, a middle and the newest Kubernetes that these manifests are for."""
CUSTOM_GROUPS = {"monitoring.coreos.com", "keda.sh", "cert-manager.io", "gateway.networking.k8s.io"}


CHECKED_BY_CHECKOV = {
    "hospital": lambda: overlay("hospital"),
    "local": lambda: overlay("local"),
    "everything": lambda: combine(*COMBINATIONS["everything-private"]),
}


def validate(folder, version):
    """Exit code and output of kubernetes-validate, for everything in a folder."""
    files = sorted(str(path) for path in folder.glob("*.yaml"))
    done = subprocess.run(
        [TOOLS / "kubernetes-validate", "-k", version, "--strict", "--quiet", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def unknown_kinds(output):
    """Kinds without a schema that belong to no group of others: a removed API is only a warning there."""
    warnings = [line for line in output.splitlines() if "WARN" in line]
    return [line for line in warnings if not any(group in line for group in CUSTOM_GROUPS)]


TOLD_APART: Final = {
    "apiVersion", "kind", "type", "operator", "effect", "medium", "protocol", "pathType", "scheme", "whenUnsatisfiable",
}  # fmt: skip
"""Keys whose values a schema may list; of all others it knows the type of the value alone."""


def shape(each):
    """What a schema sees of an object: which keys, and values of which types, each once where a list repeats it."""
    if each["apiVersion"].partition("/")[0] in CUSTOM_GROUPS:
        return (each["apiVersion"], each["kind"])
    return json.dumps(_shape({key: value for key, value in each.items() if key != "data"}), sort_keys=True)


def _shape(value, key=""):
    if isinstance(value, dict):
        return {name: _shape(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(_shape(inner, key), sort_keys=True) for inner in value})
    return value if key in TOLD_APART or key.endswith(("Policy", "Types", "Mode", "Modes")) else type(value).__name__


@pytest.mark.parametrize("key", ["whenUnsatisfiable", "completionMode", "accessModes", "scheme", "imagePullPolicy"])
def test_objects_that_differ_in_a_word_of_which_schemas_have_a_list_are_not_alike(key):
    one, other = ({"apiVersion": "v1", "kind": "Pod", "spec": {key: word}} for word in ("Right", "Wrong"))
    assert shape(one) != shape(other)


@pytest.fixture(scope="module")
def written(tmp_path_factory, renders):
    """Every render as one file, of objects that are alike to a schema the first one."""
    folder = tmp_path_factory.mktemp("renders")
    seen = set()
    for name, objects in renders.items():
        new = []
        for each in objects:
            if shape(each) not in seen:
                seen.add(shape(each))
                new.append(each)
        if new:
            (folder / f"{name.replace(' ', '-')}.yaml").write_text(yaml.dump_all(new, Dumper=yaml.CSafeDumper))
    return folder


@pytest.mark.point(2)
@pytest.mark.needs_tool
@pytest.mark.needs_tool("kubernetes-validate")
@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_for_the_oldest_a_middle_and_the_newest_kubernetes(written, version):
    code, output = validate(written, version)
    assert unknown_kinds(output) == []
    assert code == 0, output


@pytest.mark.needs_tool("kubernetes-validate")
@pytest.mark.parametrize(
    "wrong",
    [
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {prots: []}\n",
        "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {}\n",
    ],
    ids=["unknown field", "removed API"],
)
def test_a_mistake_is_found_at_every_version(tmp_path, wrong):
    (tmp_path / "wrong.yaml").write_text(wrong)
    for version in VERSIONS:
        code, output = validate(tmp_path, version)
        assert code != 0 or unknown_kinds(output) != []


@pytest.mark.needs_tool("yamllint")
def test_the_files_are_clean_yaml_without_a_key_twice(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "extends: default\nrules:\n  document-start: disable\n  line-length: {max: 160}\n  comments: {min-spaces-from-content: 1}\n"
        "  truthy: {check-keys: false}\n  braces: {max-spaces-inside: 1}\n  indentation: {indent-sequences: whatever}\n"
    )
    files = sorted(
        path for path in KUBERNETES.rglob("*.yaml") if "files" not in path.parts and path.name != "rules.yaml"
    )
    done = subprocess.run(
        [TOOLS / "yamllint", "--strict", "-c", rules, "--format", "parsable", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.stdout == ""
    twice = tmp_path / "twice.yaml"
    twice.write_text("a: 1\na: 2\n")
    done = subprocess.run([TOOLS / "yamllint", "-c", rules, twice], capture_output=True, text=True, check=False)
    assert "duplication of key" in done.stdout


@pytest.mark.point(2, 28)
@pytest.mark.needs_tool
@pytest.mark.needs_crds
def test_others_kinds_are_valid_by_their_own_definitions_with_no_unknown_field(renders):
    schemas = read_schemas(Path(os.environ["SYMMETRA_CRDS"]))
    checked = set()
    for objects in renders.values():
        for each in objects:
            key = (each["apiVersion"], each["kind"])
            if key in schemas:
                assert mistakes(schemas[key], each) == [], name_of(each)
                checked.add(each["kind"])
    assert {"ServiceMonitor", "PrometheusRule", "ScaledObject"} <= checked


@pytest.mark.needs_tool
@pytest.mark.needs_crds
def test_a_mistake_in_others_kinds_is_found():
    schemas = read_schemas(Path(os.environ["SYMMETRA_CRDS"]))
    monitor = next(each for each in combine("prometheus-operator") if each["kind"] == "ServiceMonitor")
    schema = schemas[monitor["apiVersion"], "ServiceMonitor"]
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"
    assert mistakes(schema, monitor) != []
    del monitor["spec"]["endpoints"][0]["intervall"]
    monitor["spec"]["endpoints"][0]["interval"] = "soon"
    assert mistakes(schema, monitor) != []


@pytest.mark.needs_tool("checkov")
@pytest.mark.needs_tool
def test_checkov_finds_nothing_but_what_is_left_out_with_a_reason_and_each_of_those(tmp_path):
    skips = dict(
        re.findall(r"^(CKV2?_K8S_\d+) +# (.+)$", (KUBERNETES / "checkov-skips.txt").read_text(), flags=re.MULTILINE)
    )
    files = []
    for name, objects in CHECKED_BY_CHECKOV.items():
        files += ["-f", tmp_path / f"{name}.yaml"]
        # As an overlay would: checkov finds fault with the default namespace. Dashboards are long, and no matter of its.
        files[-1].write_text(
            yaml.dump_all(
                [
                    each | {"metadata": {"namespace": "symmetra"} | each["metadata"]}
                    for each in objects()
                    if not each["metadata"]["name"].startswith("dashboard-")
                ],
                Dumper=yaml.CSafeDumper,
            )
        )
    # All at once: it takes longer to start than to look.
    done = subprocess.run(
        [CHECKOV / "checkov", *files, "--framework", "kubernetes", "--skip-download", "--quiet", "--compact"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Passed checks: " in done.stdout
    found = set(re.findall(r"^Check: (\w+):", done.stdout, flags=re.MULTILINE))
    places = set(re.findall(r"File: \S*?(\w+)\.yaml", done.stdout))
    assert places == set(CHECKED_BY_CHECKOV)
    assert found == set(skips)


def test_every_overlay_is_among_those_that_are_rendered():
    assert {"local", "hospital", "hospital-one-gpu", "airgap", "site-template"} == set(OVERLAYS)
