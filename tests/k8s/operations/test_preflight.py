"""Preflight: a right site is silent, and each thing that is wrong is named in one sentence (issue 9, bar 6)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace

import pytest

from k8s.operations.finding import Finding, Level
from k8s.operations.preflight.checks import CHECKS, check_everything
from k8s.operations.preflight.facts import ClusterFacts
from tests.support.certificates import make_authority, make_certificate
from tests.support.cluster_facts import DEFAULT_CLASS, NEEDS, named, reach_facts, right_facts, site


@pytest.fixture(scope="module")
def ca_pem(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("ca"), "hospital").certificate


@pytest.fixture
def facts(ca_pem):
    return right_facts(ca_pem)


def problems(of_site, facts, needs=NEEDS):
    return [finding for finding in check_everything(of_site, needs, facts) if finding.level is Level.PROBLEM]


def reach(target, **changes):
    return [fact | changes if fact["target"] == target else fact for fact in reach_facts()]


def without(facts, field, name):
    return replace(facts, **{field: [item for item in getattr(facts, field) if item["metadata"]["name"] != name]})


def test_a_right_site_is_silent(facts):
    assert check_everything(site(), NEEDS, facts) == []


WRONG = {
    # What bar 6 names, and what sites get wrong.
    "wrong CA": (
        {},
        lambda facts: replace(
            facts, reach=reach("identity provider", error="tls", detail="unable to get local issuer certificate")
        ),
        "certificates",
        "put the authority that signed it into ca.crt of the ConfigMap symmetra-ca",
    ),
    "no CA bundle": (
        {"ca_bundle": "hospital-ca"},
        lambda facts: facts,
        "CA bundle",
        "There is no ConfigMap hospital-ca",
    ),
    "one node at a time for many": (
        {"storage_class": "fast"},
        lambda facts: facts,
        "storage class",
        "fast (ebs.csi.aws.com) gives volumes to one node at a time",
    ),
    "no such storage class": (
        {"storage_class": "slow"},
        lambda facts: facts,
        "storage class",
        "There is no StorageClass slow (there is: fast, shared-files)",
    ),
    "no GPU label": (
        {"gpu_selector": "gpu=yes"},
        lambda facts: facts,
        "GPU label",
        "No node has the label gpu=yes; gpu-1 offers nvidia.com/gpu without it",
    ),
    "no such GPU resource": (
        {"gpu_resource": "nvidia.com/mig-1g.10gb"},
        lambda facts: facts,
        "GPU resource",
        "offers nvidia.com/mig-1g.10gb (they offer: nvidia.com/gpu)",
    ),
    "GPU node that lets nobody in": (
        {},
        lambda facts: replace(
            facts, nodes=[facts.nodes[0] | {"spec": {"taints": [{"key": "dedicated", "effect": "NoSchedule"}]}}]
        ),
        "GPU taint",
        "(dedicated)",
    ),
    "no runtime class": (
        {"gpu_runtime_class": "nvidia-cdi"},
        lambda facts: facts,
        "runtime class",
        "There is no RuntimeClass nvidia-cdi (there is: nvidia)",
    ),
    "no route to the identity provider": (
        {},
        lambda facts: replace(facts, reach=reach("identity provider", error="connect", detail="timed out")),
        "route to the identity provider",
        "Pods have no route to the identity provider at login.st-anna.org:443 (timed out)",
    ),
    "a host that no name server knows": (
        {},
        lambda facts: replace(
            facts, reach=reach("database", error="dns", detail="Name or service not known", addresses=[])
        ),
        "route to the database",
        "Pods cannot find the name of the database (postgres.st-anna.org)",
    ),
    "another provider than its tokens say": (
        {},
        lambda facts: replace(facts, reach=reach("identity provider", issuer="https://login.st-anna.org/realms/Staff")),
        "identity provider",
        "calls itself https://login.st-anna.org/realms/Staff",
    ),
    "egress range beside the address": (
        {"oidc_range": "10.9.0.0/16"},
        lambda facts: facts,
        "ranges",
        "is at 10.1.2.9, outside SITE_OIDC_RANGE (10.9.0.0/16)",
    ),
    "egress range for everybody": (
        {"ingress_range": "0.0.0.0/0"},
        lambda facts: facts,
        "ranges",
        "SITE_INGRESS_RANGE is 0.0.0.0/0, which is every address",
    ),
    "no secret of the records": (
        {},
        lambda facts: replace(
            facts, secrets={name: entry for name, entry in facts.secrets.items() if name != "symmetra-record-key"}
        ),
        "Secrets",
        "Missing in the namespace: symmetra-record-key",
    ),
    "a secret without its key": (
        {},
        lambda facts: replace(facts, secrets=facts.secrets | {"symmetra-records": {"type": "Opaque", "keys": ["uri"]}}),
        "Secrets",
        "The Secret symmetra-records has no key url",
    ),
    "a pull secret of another type": (
        {},
        lambda facts: replace(
            facts, secrets=facts.secrets | {"symmetra-registry": {"type": "Opaque", "keys": ["password"]}}
        ),
        "Secrets",
        "is of type Opaque, and images are pulled with",
    ),
    "a registry that cannot be reached": (
        {},
        lambda facts: replace(facts, reach=[], job_error="ImagePullBackOff"),
        "registry",
        "could not be pulled from registry.st-anna.org/symmetra",
    ),
    "a Job that does not end": (
        {},
        lambda facts: replace(facts, reach=[], job_error="its pod failed"),
        "preflight Job",
        "nothing was seen from inside",
    ),
    "a label that no operator selects": (
        {"prometheus_label": "release=prometheus"},
        lambda facts: facts,
        "Prometheus selector",
        "its serviceMonitorSelector asks for release=kube-prometheus-stack",
    ),
    "an operator elsewhere": (
        {"prometheus_namespace": "ingress-nginx"},
        lambda facts: facts,
        "Prometheus selector",
        "(there is one in: monitoring)",
    ),
    "no operator at all": (
        {},
        lambda facts: replace(facts, api_groups=["apps", "metrics.k8s.io"], operators=[]),
        "custom resources",
        "install the Prometheus operator, or leave that component out",
    ),
    "nobody measures processor time": (
        {},
        lambda facts: replace(facts, api_groups=["monitoring.coreos.com"]),
        "autoscaling",
        "install metrics-server",
    ),
    "no default storage class": (
        {},
        lambda facts: replace(facts, storage_classes=[facts.storage_classes[0]]),
        "storage class",
        "No StorageClass is the default",
    ),
    "an old cluster": (
        {},
        lambda facts: replace(facts, version="v1.28.9"),
        "Kubernetes version",
        "The cluster runs v1.28.9, and the manifests need 1.30",
    ),
    "policies that nobody enforces": (
        {},
        lambda facts: replace(facts, agents=["kube-flannel-ds", "kube-proxy"]),
        "network policies",
        "(flannel) ignores NetworkPolicies",
    ),
    "no such ingress class": (
        {"ingress_class": "traefik"},
        lambda facts: facts,
        "ingress",
        "There is no IngressClass traefik (there is: nginx)",
    ),
    "no namespace of the ingress": (
        {"ingress_namespace": "traefik"},
        lambda facts: facts,
        "namespaces",
        "set SITE_INGRESS_NAMESPACE",
    ),
    "no namespace yet": (
        {},
        lambda facts: without(facts, "namespaces", "symmetra"),
        "namespaces",
        "kubectl create namespace symmetra",
    ),
    "a template that was not edited": (
        {"host": "symmetra.hospital.example"},
        lambda facts: facts,
        "site file",
        "SITE_HOST: still the template's value",
    ),
    "an ingress controller on the network of its nodes": (
        {},
        lambda facts: replace(facts, host_network=["haproxy-ingress-x7"]),
        "ingress",
        "(haproxy-ingress-x7), and the network policies would not let it in; add the component ingress-host-network",
    ),
    "a Job that cannot be changed": (
        {},
        lambda facts: replace(
            facts,
            refusals=['The Job "publish-model-1" is invalid: spec.template: Invalid value: {}: field is immutable'],
        ),
        "Jobs",
        "kubectl delete job publish-model-1 --namespace symmetra",
    ),
    "a quota that is too small": (
        {},
        lambda facts: replace(facts, refusals=["Error from server (Forbidden): exceeded quota: symmetra"]),
        "API server",
        "Applying would be refused: Error from server (Forbidden): exceeded quota",
    ),
    "a database that speaks in clear": (
        {},
        lambda facts: replace(facts, reach=reach("database", tls=False)),
        "database",
        "does not speak TLS, so no gateway would keep receipts in it; switch ssl on there",
    ),
    "a database beside its range, which the policies close": (
        {"database_range": "10.9.0.0/16"},
        lambda facts: replace(facts, reach=reach("database", error="connect", detail="timed out")),
        "ranges",
        "outside SITE_DATABASE_RANGE (10.9.0.0/16)",
    ),
    "something that is no PostgreSQL": (
        {},
        lambda facts: replace(
            facts, reach=reach("database", error="http", detail="what answers there is no PostgreSQL")
        ),
        "route to the database",
        "correct SITE_DATABASE",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_in_one_sentence_and_nothing_else_is(name, facts):
    changes, spoil, check, says = WRONG[name]
    found = problems(site(**changes), spoil(facts))
    assert [finding.check for finding in found] == [check]
    assert says in found[0].says
    assert found[0].says.endswith(".")
    assert "\n" not in found[0].says


def test_there_are_more_wrong_sites_than_the_bar_asks_for():
    assert len(WRONG) >= 12


@pytest.mark.parametrize("kind", ["empty", "no certificate", "expired"])
def test_a_bundle_that_can_trust_nobody_is_named(kind, facts, ca_pem, monkeypatch):
    text = {"empty": "", "no certificate": "hello", "expired": ca_pem}[kind]
    if kind == "expired":
        monkeypatch.setattr("k8s.operations.preflight.authorities.time.time", lambda: 4e9)
    (finding,) = problems(site(), replace(facts, config_maps={"symmetra-ca": {"ca.crt": text}}))
    assert finding.check == "CA bundle"


def test_a_servers_own_certificate_is_no_authority(facts, tmp_path):
    make_authority(tmp_path, "authority")
    leaf = make_certificate(tmp_path, "server", "authority").certificate
    (finding,) = problems(site(), replace(facts, config_maps={"symmetra-ca": {"ca.crt": leaf}}))
    assert "certificates of servers only" in finding.says


def test_what_the_overlay_does_not_use_is_not_asked_for(facts):
    small = dataclasses.replace(
        NEEDS, shared_volume=False, gpu=False, runtime_class=False, groups=frozenset(), processor_time=False
    )
    bare = replace(facts, nodes=[], runtime_classes=[], operators=[], api_groups=[])
    assert problems(site(storage_class="fast"), bare, small) == []


def test_what_cannot_be_known_is_a_note_and_no_problem(facts):
    unknown = replace(
        facts,
        agents=["kube-proxy"],
        version="v1.99.0",
        storage_classes=[DEFAULT_CLASS, named("shared-files", provisioner="acme.io/disks")],
    )
    found = check_everything(site(), NEEDS, unknown)
    assert {finding.check for finding in found} == {"network policies", "Kubernetes version", "storage class"}
    assert {finding.level for finding in found} == {Level.NOTE}


def test_an_ingress_controller_on_its_nodes_is_named_behind_a_gateway_too_and_noted_where_it_may_be_another_pod(facts):
    needs = dataclasses.replace(NEEDS, ingress=False, http_route=True)
    on_nodes = replace(facts, host_network=["envoy-x7"])
    (finding,) = problems(site(), on_nodes, needs)
    assert "policy-cidr-match-mode=nodes" in finding.says
    (note,) = check_everything(site(ingress_namespace="kube-system"), needs, on_nodes)
    assert note.level is Level.NOTE
    assert note.says.startswith("What may be the ingress controller is on")


def test_a_database_in_clear_is_taken_where_a_site_says_so(facts):
    needs = dataclasses.replace(NEEDS, database_in_clear=True)
    assert check_everything(site(), needs, replace(facts, reach=reach("database", tls=False))) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ingress_range": "10.0.0.0/8"}, "a client with an address in it can say that it is another"),
        ({"oidc_issuer": "https://login.st-anna.org:8443/realms/staff"}, "names port 8443"),
    ],
)
def test_what_may_be_meant_so_is_a_note(facts, changes, says):
    found = check_everything(site(**changes), NEEDS, replace(facts, reach=[]))
    assert [finding.level for finding in found] == [Level.NOTE]
    assert says in found[0].says


def test_every_check_has_a_site_that_fails_it(facts):
    """A check that cannot fail would be a defect."""
    silent = set(CHECKS)
    for changes, spoil, _, _ in WRONG.values():
        silent -= {check for check in silent if list(check(site(**changes), NEEDS, spoil(facts)))}
    # These two have tests of their own: a ConfigMap that is missing, a bundle that is not one.
    assert {check.__name__ for check in silent} <= {"check_config_maps"}


def test_a_missing_config_map_is_named(facts):
    needs = dataclasses.replace(NEEDS, config_maps=NEEDS.config_maps | {"crisis-text"})
    (finding,) = problems(site(), facts, needs)
    assert finding == Finding(
        "ConfigMaps", "Missing in the namespace: crisis-text; k8s/README.md says what belongs into them."
    )


def test_facts_survive_being_kept(facts):
    assert ClusterFacts.from_json(json.dumps(dataclasses.asdict(facts))) == facts
