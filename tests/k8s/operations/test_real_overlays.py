"""Preflight and doctor against the overlays as they are: what they need is known, and what they install has no known pitfall."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from k8s.operations.doctor.checks import check_everything
from k8s.operations.doctor.facts import InstallationFacts
from k8s.operations.finding import Level
from k8s.operations.overlay import Needs, Overlay
from k8s.operations.preflight.cluster import KEYS_OF_SECRETS
from k8s.operations.site_file import Site
from tests.support.manifests.renders import KUBERNETES, TOOLS, render_text, write_kustomization

pytestmark = pytest.mark.needs_tool()
TEMPLATE = Site.read(KUBERNETES / "overlays/site-template/site/site.env")
OVERLAYS = ("hospital", "hospital-one-gpu", "airgap", "local", "site-template")


@pytest.fixture(scope="module")
def rendered():
    texts = {}
    for name in OVERLAYS:
        command = [TOOLS / "kubectl", "kustomize", KUBERNETES / "overlays" / name]
        texts[name] = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return texts


@pytest.mark.point(13, 35)
@pytest.mark.parametrize("name", OVERLAYS)
def test_every_secret_that_an_overlay_needs_is_one_that_preflight_knows(rendered, name):
    needs = Needs.of(rendered[name], TEMPLATE)
    assert needs.secrets <= KEYS_OF_SECRETS.keys() | {TEMPLATE["pull_secret"]}
    assert needs.config_maps <= {TEMPLATE["ca_bundle"]}


@pytest.mark.point(35)
def test_what_the_hospital_needs_is_seen_and_the_laptop_needs_less(rendered):
    hospital, local = (Needs.of(rendered[name], TEMPLATE) for name in ("site-template", "local"))
    assert (hospital.shared_volume, hospital.gpu, hospital.ingress, hospital.processor_time) == (True, True, True, True)
    assert hospital.groups == {"monitoring.coreos.com"}
    assert hospital.secrets >= {"symmetra-records", "symmetra-session-key", "symmetra-record-key", "symmetra-api-keys"}
    assert (hospital.database_in_clear, hospital.from_nodes) == (False, False)
    assert (local.shared_volume, local.gpu, local.processor_time, local.groups) == (False, False, False, frozenset())


def test_what_a_site_says_with_a_component_is_seen(tmp_path):
    write_kustomization(tmp_path, ["overlays/hospital"], ["database-in-clear", "ingress-host-network"])
    needs = Needs.of(render_text(tmp_path), TEMPLATE)
    assert (needs.database_in_clear, needs.from_nodes) == (True, True)


def test_the_template_is_of_this_release():
    Overlay.read(KUBERNETES / "overlays/site-template").require_current_keys()


@pytest.mark.parametrize("name", ["hospital", "hospital-one-gpu", "airgap", "site-template"])
def test_what_an_overlay_installs_shows_no_pitfall(rendered, name):
    objects = [item for item in yaml.safe_load_all(rendered[name]) if item]

    def of(kind):
        return [item for item in objects if item["kind"] == kind]

    (settings,) = [item["data"] for item in of("ConfigMap") if item["metadata"]["name"].startswith("gateway-settings")]
    (namespace,) = of("Namespace")
    facts = InstallationFacts(
        namespace=namespace,
        deployments=of("Deployment"),
        stateful_sets=of("StatefulSet"),
        services=of("Service"),
        network_policies=of("NetworkPolicy"),
        autoscalers=of("HorizontalPodAutoscaler"),
        settings=settings,
    )
    assert facts.container("model-server", "tensorflow-serving")
    assert facts.container("gateway", "gateway")
    problems = [finding.says for finding in check_everything(facts) if finding.level is Level.PROBLEM]
    assert problems == []
