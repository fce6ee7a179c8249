"""Labels and selectors, references that resolve, no secrets, images from where they should come."""

import re

import pytest

from tests.support.manifests import names
from tests.support.manifests.objects import find, images, of_kind, strings, workload, workloads
from tests.support.manifests.renders import KUBERNETES, combine, overlay

pytestmark = pytest.mark.needs_tool()
CHECKS = {
    "unlabelled": names.unlabelled,
    "unstable": names.unstable,
    "unresolved": names.unresolved,
    "with_secrets": names.with_secrets,
    "unused": names.unused,
}


@pytest.mark.point(6, 13)
@pytest.mark.parametrize("check", CHECKS)
def test_every_object_of_every_render(renders, check):
    assert {name: found for name, objects in renders.items() if (found := _check(check, objects))} == {}


def _check(check, objects):
    if check == "unresolved":
        # The Secret to pull with is named by the site.
        return names.unresolved(objects, ["Secret/harbor-pull"])
    return CHECKS[check](objects)


def _version_in_selector(objects):
    workload(objects, "gateway").owner["spec"]["selector"]["matchLabels"]["app.kubernetes.io/version"] = "0.1.0"


def _no_label(objects):
    del find(objects, "Service", "gateway")["metadata"]["labels"]["app.kubernetes.io/version"]


def _no_such_secret(objects):
    workload(objects, "gateway").spec["volumes"][-1]["secret"]["secretName"] = "nobody-made-this"


def _password(objects):
    find(objects, "ConfigMap", "gateway-settings")["data"]["SYMMETRA_X"] = (
        "postgresql+pg8000://symmetra:hunter2@db/records"
    )


def _url_in_the_open(objects):
    variable = workload(objects, "gateway").container("gateway")["env"][0]
    variable.pop("valueFrom")
    variable["value"] = "postgresql+pg8000://symmetra@db/records"


def _readable_secret(objects):
    workload(objects, "gateway").spec["volumes"][-1]["secret"]["defaultMode"] = 0o644


def _unused_claim(objects):
    workload(objects, "drift-controller").spec["volumes"].pop()


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("unstable", _version_in_selector),
        ("unlabelled", _no_label),
        ("unresolved", _no_such_secret),
        ("with_secrets", _password),
        ("with_secrets", _url_in_the_open),
        ("with_secrets", _readable_secret),
        ("unused", _unused_claim),
    ],
)
def test_a_mistake_is_found(check, change):
    objects = combine()
    assert CHECKS[check](objects) == []
    change(objects)
    assert CHECKS[check](objects) != []


@pytest.mark.point(13)
def test_every_secret_that_is_needed_is_on_the_list_and_the_other_way_round(renders):
    needed = {wanted for objects in renders.values() for _, wanted in names.references(objects)}
    wanted = {name.partition("/")[2] for name in needed if name.startswith("Secret/")}
    assert wanted == names.MADE_BY_THE_SITE["Secret"]


@pytest.mark.point(7, 8)
def test_the_list_of_images_is_what_the_renders_run(renders):
    lines = (KUBERNETES / "images.txt").read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert listed == sorted(set(listed))
    run = {
        image
        for objects in renders.values()
        for image in images(objects)
        if not image.startswith("registry.hospital.example/")
    }
    assert set(listed) == run


@pytest.mark.point(7)
def test_every_image_is_pinned_and_says_where_it_comes_from(renders):
    for objects in renders.values():
        assert names.unpinned(images(objects)) == []
    assert names.unpinned(["prometheus:latest"]) == [
        "prometheus:latest says not where it comes from",
        "prometheus:latest is not pinned",
    ]


@pytest.mark.point(7, 8)
def test_after_private_registry_no_image_comes_from_a_public_host(renders):
    for name, objects in renders.items():
        if "private" in name or "registry" in name or name in ("overlay airgap", "overlay site-template"):
            found = images(objects)
            assert {image for image in found if not image.startswith("registry.hospital.example/symmetra/")} == set(), (
                name
            )
            accounts = of_kind(objects, "ServiceAccount")
            assert all(account["imagePullSecrets"] == [{"name": "symmetra-registry"}] for account in accounts)


@pytest.mark.point(7)
def test_whoever_has_init_containers_says_so_to_private_registry(renders):
    for objects in renders.values():
        for each in workloads(objects):
            marked = each.owner["metadata"].get("annotations", {}).get("symmetra/init-containers") == "yes"
            assert marked == ("initContainers" in each.spec), each.name


@pytest.mark.point(8)
def test_in_an_air_gap_nothing_is_told_to_reach_outside():
    for objects in (
        overlay("airgap"),
        combine("model-image", "load-test", "training-job", "site:private-registry", "site:site"),
    ):
        assert names.outside(objects) == []


def test_an_address_outside_is_found():
    objects = overlay("airgap")
    workload(objects, "sentinel").container("sentinel")["args"].append("--url=https://updates.vendor.com/list")
    assert names.outside(objects) == ["Deployment/sentinel: updates.vendor.com"]


@pytest.mark.point(9)
def test_a_model_is_checked_before_use_and_a_damaged_one_ends_the_pod(renders):
    for name, objects in renders.items():
        for each in workloads(objects):
            if each.component.startswith("model-server"):
                first = each.spec["initContainers"]
                commands = [" ".join(container["command"]) for container in first]
                wanted = "publish /model --approval=/approval.json" if "model-image" in name else "verify"
                assert any(command.endswith(wanted) for command in commands), (name, each.name)
                # Ours, not a shell's: its exit code is the container's.
                assert all("serving.repository" in command or "write_ssl_config" in command for command in commands)


@pytest.mark.point(20)
def test_models_are_pinned_by_number_in_a_mounted_folder_that_is_polled():
    objects = combine()
    serving = workload(objects, "model-server").container("tensorflow-serving")
    assert "--model_config_file=/models/depression_severity/models.config" in serving["args"]
    assert "--model_config_file_poll_wait_seconds=2" in serving["args"]
    assert not any(
        "subPath" in mount for each in workloads(objects) for c in each.containers() for mount in c["volumeMounts"]
    )
    assert not any("label" in argument for argument in serving["args"])
    shadow = (KUBERNETES / "components/shadow-version/files/models.config").read_text()
    assert "specific" in shadow
    assert "latest" not in shadow


@pytest.mark.point(33)
def test_no_text_names_a_tag_that_moves(renders):
    moving = re.compile(r"[a-z]:(latest|nightly)\b")
    assert not [
        text for objects in renders.values() for each in objects for text in strings(each) if moving.search(text)
    ]
