"""One file says everything of a site: each value goes where it belongs, and nothing of the example is left."""

import re
import shutil

import pytest
import yaml

from tests.support.manifests.names import PUBLIC_HOSTS
from tests.support.manifests.objects import find, images, of_kind, settings_of, strings, workload, workloads
from tests.support.manifests.renders import KUBERNETES, overlay, render_folder

pytestmark = pytest.mark.needs_tool()
SITE_FILE = KUBERNETES / "overlays/site-template/site/site.env"
VALUES = {
    "SITE_HOST": "faces.clinic.test",
    "SITE_INTENDED_USE": "clinical_decision_support_triage",
    "SITE_REGISTRY": "harbor.clinic.test/team/mirror",
    "SITE_PULL_SECRET": "harbor-pull",
    "SITE_MODEL_VERSION": "7",
    "SITE_STORAGE_CLASS": "cephfs",
    "SITE_GPU_RESOURCE": "nvidia.com/mig-1g.10gb",
    "SITE_GPU_SELECTOR": "pool=a100",
    "SITE_GPU_RUNTIME_CLASS": "nvidia-cdi",
    "SITE_OIDC_ISSUER": "https://sso.clinic.test/realm",
    "SITE_OIDC_RANGE": "10.1.0.1/32",
    "SITE_DATABASE": "pg.clinic.test:6432",
    "SITE_DATABASE_RANGE": "10.1.0.2/32",
    "SITE_PROMETHEUS_URL": "http://prom.watch.svc:9091",
    "SITE_PROMETHEUS_NAMESPACE": "watch",
    "SITE_PROMETHEUS_LABEL": "team=platform",
    "SITE_INGRESS_CLASS": "traefik",
    "SITE_INGRESS_NAMESPACE": "edge",
    "SITE_INGRESS_RANGE": "10.42.0.0/16",
    "SITE_HOST_RANGE": "10.1.0.3/32",
    "SITE_CA_BUNDLE": "clinic-roots",
}


def read_site_file():
    lines = [line for line in SITE_FILE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def render_site(tmp_path, values, *more):
    """As a site does it: the template copied, one file edited; `more` components above the last two."""
    copied = tmp_path / "k8s"
    shutil.copytree(KUBERNETES, copied)
    site = copied / "overlays/clinic"
    shutil.copytree(copied / "overlays/site-template", site)
    (site / "site/site.env").write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    content = yaml.safe_load((site / "kustomization.yaml").read_text())
    content["components"] = [*(f"../../components/{name}" for name in more), *content["components"]]
    (site / "kustomization.yaml").write_text(yaml.safe_dump(content))
    return render_folder(site)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    return render_site(tmp_path_factory.mktemp("clinic"), VALUES)


@pytest.fixture(scope="module")
def clinic_with_more(tmp_path_factory):
    more = ("gpu-runtime-class", "training-job", "keda", "cert-manager", "gateway-api")
    return render_site(tmp_path_factory.mktemp("clinic-with-more"), VALUES, *more)


def test_the_keys_are_those_that_are_filled_in():
    assert set(read_site_file()) == set(VALUES)
    named = set(re.findall(r"data\.(SITE_\w+)", (KUBERNETES / "components/site/kustomization.yaml").read_text()))
    named |= set(
        re.findall(r"data\.(SITE_\w+)", (KUBERNETES / "components/private-registry/kustomization.yaml").read_text())
    )
    named |= set(
        re.findall(
            r"data\.(SITE_\w+)", (KUBERNETES / "overlays/site-template/keys/patches/kustomization.yaml").read_text()
        )
    )
    assert named == set(VALUES)


def test_no_value_of_the_example_is_left(clinic, clinic_with_more):
    # The pager's address, and the cluster's issuer, are no values of the site file.
    for objects in (clinic, clinic_with_more):
        rest = [each for each in objects if each["kind"] not in ("PrometheusRule", "Secret")]
        left = {
            text for each in rest for text in strings(each) if "hospital.example" in text or text.startswith("192.0.2.")
        }
        assert left == set()
        texts = {text for each in rest for text in strings(each)}
        assert not {
            "ingress-nginx",
            "monitoring-none",
            "kube-prometheus-stack",
            "shared-files",
            "symmetra-registry",
        } & {
            text
            for each in of_kind(rest, "NetworkPolicy", "PersistentVolumeClaim", "ServiceAccount", "ServiceMonitor")
            for text in strings(each)
        }
        assert "faces.clinic.test" in texts


def test_each_value_is_where_it_belongs(clinic):
    gateway = workload(clinic, "gateway")
    settings = settings_of(clinic, gateway.container("gateway"))
    assert settings["SYMMETRA_PUBLIC_URL"] == "https://faces.clinic.test"
    assert settings["SYMMETRA_INTENDED_USE"] == VALUES["SITE_INTENDED_USE"]
    assert settings["SYMMETRA_OIDC_ISSUER"] == VALUES["SITE_OIDC_ISSUER"]
    assert settings["SYMMETRA_PROMETHEUS_URL"] == VALUES["SITE_PROMETHEUS_URL"]
    assert settings["SYMMETRA_TRUSTED_PROXIES"] == VALUES["SITE_INGRESS_RANGE"]
    assert find(clinic, "PersistentVolumeClaim", "models")["spec"]["storageClassName"] == "cephfs"
    assert find(clinic, "Ingress", "gateway")["spec"]["ingressClassName"] == "traefik"
    assert "--url=https://faces.clinic.test" in workload(clinic, "sentinel").container("sentinel")["args"]
    controller = workload(clinic, "drift-controller").container("drift-controller")
    assert f"--prometheus={VALUES['SITE_PROMETHEUS_URL']}" in controller["args"]
    for name in ("gateway", "sentinel", "drift-controller"):
        volumes = {volume["name"]: volume for volume in workload(clinic, name).spec["volumes"]}
        assert volumes["ca"]["configMap"]["name"] == "clinic-roots"
    for account in of_kind(clinic, "ServiceAccount"):
        assert account["imagePullSecrets"] == [{"name": "harbor-pull"}]


def test_values_change_no_flag_and_no_setting_but_their_own(clinic):
    """Flags keep their names: a value that is put into the wrong argument would change one."""
    example = overlay("site-template")
    for each in workloads(clinic):
        name = each.owner["metadata"]["name"].replace("publish-model-7", "publish-model-1")
        for container in each.containers():
            before = workload(example, name).container(container["name"])
            flags = [argument.partition("=")[0] for argument in container.get("args", [])]
            assert flags == [argument.partition("=")[0] for argument in before.get("args", [])]
            assert set(settings_of(clinic, container)) == set(settings_of(example, before))


@pytest.mark.point(26)
def test_ranges_and_namespaces_are_in_the_policies_as_numbers_and_names(clinic):
    policy = find(clinic, "NetworkPolicy", "gateway-to-postgresql")["spec"]["egress"][0]
    assert policy == {"to": [{"ipBlock": {"cidr": "10.1.0.2/32"}}], "ports": [{"protocol": "TCP", "port": 6432}]}
    policy = find(clinic, "NetworkPolicy", "drift-controller-to-prometheus")["spec"]["egress"][0]
    assert policy["ports"] == [{"protocol": "TCP", "port": 9091}]
    assert policy["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "watch"}}}]


@pytest.mark.point(20, 33)
def test_another_version_of_the_model_is_another_job_with_another_image(clinic, tmp_path):
    job = workload(clinic, "publish-model-7")
    assert {container["image"] for container in job.containers()} == {"harbor.clinic.test/team/mirror/symmetra-model:7"}
    assert job.owner["metadata"]["labels"]["app.kubernetes.io/version"] == "7"
    assert job.labels["app.kubernetes.io/version"] == "7"
    gateway = workload(render_site(tmp_path, VALUES, "model-image"), "gateway")
    images_of_models = {container["image"] for container in gateway.spec["initContainers"]}
    assert images_of_models == {"harbor.clinic.test/team/mirror/symmetra-model:7"}
    assert gateway.container("pin-model")["command"][-1] == "7"


@pytest.mark.point(27)
def test_postgresql_is_spoken_to_over_tls_with_the_sites_bundle_by_everybody_who_does(clinic):
    for name in ("gateway", "upgrade-records-0-1-0"):
        speaking = workload(clinic, name)
        container = speaking.containers()[0]
        settings = settings_of(clinic, container)
        assert settings["SYMMETRA_RECORDS_TLS"] == "require"
        assert settings["SYMMETRA_RECORDS_CA_FILE"] == "/etc/symmetra/ca/ca.crt"
        assert {"name": "ca", "mountPath": "/etc/symmetra/ca", "readOnly": True} in container["volumeMounts"]
        volumes = {volume["name"]: volume for volume in speaking.spec["volumes"]}
        assert volumes["ca"]["configMap"]["name"] == "clinic-roots"


@pytest.mark.point(21)
def test_gpus_are_asked_for_as_the_site_calls_them(clinic, clinic_with_more):
    server = workload(clinic, "model-server")
    for which in ("requests", "limits"):
        resources = server.container("tensorflow-serving")["resources"][which]
        assert {name: count for name, count in resources.items() if "/" in name} == {"nvidia.com/mig-1g.10gb": 1}
    terms = server.spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert terms == [{"matchExpressions": [{"key": "pool", "operator": "In", "values": ["a100"]}]}]
    assert "runtimeClassName" not in server.spec
    assert workload(clinic_with_more, "model-server").spec["runtimeClassName"] == "nvidia-cdi"
    train = workload(clinic_with_more, "train")
    assert train.container("train")["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == 1
    assert "nvidia.com/gpu" not in train.container("train")["resources"]["limits"]
    assert train.spec["affinity"]["nodeAffinity"] == server.spec["affinity"]["nodeAffinity"]


@pytest.mark.point(28)
def test_monitors_and_rules_carry_the_label_that_the_operator_selects_by(clinic):
    monitors = of_kind(clinic, "ServiceMonitor", "PrometheusRule")
    assert len(monitors) >= 6
    for each in monitors:
        assert each["metadata"]["labels"]["team"] == "platform"
        assert "release" not in each["metadata"]["labels"]


@pytest.mark.point(7)
def test_every_image_comes_from_the_registry_of_the_site(clinic, clinic_with_more):
    for objects in (clinic, clinic_with_more):
        assert images(objects)
        assert {image for image in images(objects) if not image.startswith("harbor.clinic.test/team/mirror/")} == set()
        assert not any(PUBLIC_HOSTS.search(image) for image in images(objects))
