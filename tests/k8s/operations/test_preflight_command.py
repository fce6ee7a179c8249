"""`preflight` as it is typed: what it asks of a cluster, the Job that it runs and takes away, what it prints."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil

import pytest

from k8s.operations.__main__ import main
from k8s.operations.kubectl import Kubectl
from k8s.operations.preflight.cluster import check_refusals
from k8s.operations.preflight.facts import ClusterFacts, collect, try_applying
from k8s.operations.preflight.job import job_for, policy_for, run_job
from tests.k8s.operations.test_needs import RENDERED, make_overlay
from tests.support.certificates import make_authority
from tests.support.cluster_facts import NEEDS, SECRETS, reach_facts, right_facts, site
from tests.support.fake_kubectl import FakeKubectl
from tests.support.manifests.renders import KUBERNETES


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    return FakeKubectl(tmp_path / "bin", monkeypatch)


@pytest.fixture
def ca_pem(tmp_path):
    return make_authority(tmp_path, "hospital").certificate


def answer_as_a_cluster(kubectl: FakeKubectl, ca_pem: str) -> None:
    facts = right_facts(ca_pem)
    kubectl.answer("kustomize", RENDERED)
    kubectl.answer("apply --dry-run=server", "")
    kubectl.answer("version", {"serverVersion": {"gitVersion": facts.version}})
    kubectl.answer("api-versions", "v1\napps/v1\nmetrics.k8s.io/v1beta1\nmonitoring.coreos.com/v1\n")
    kubectl.answer("get configmap symmetra-ca", {"data": {"ca.crt": ca_pem}})
    listed = {name: ["Opaque", *keys] for name, keys in SECRETS.items()}
    listed["symmetra-registry"] = ["kubernetes.io/dockerconfigjson", ".dockerconfigjson"]
    kubectl.answer("get secrets", "".join("\t".join([name, *parts]) + "\n" for name, parts in listed.items()))
    for kind, items in {
        "nodes": facts.nodes,
        "storageclasses": facts.storage_classes,
        "runtimeclasses": facts.runtime_classes,
        "ingressclasses": facts.ingress_classes,
        "namespaces": facts.namespaces,
        "prometheuses.monitoring.coreos.com": facts.operators,
        "pods --namespace ingress-nginx": [],
        "daemonsets": [{"metadata": {"name": name}} for name in facts.agents],
    }.items():
        kubectl.answer(f"get {kind}", {"items": items})


def answer_as_a_job(kubectl: FakeKubectl) -> None:
    kubectl.answer("delete job,networkpolicy", "")
    kubectl.answer("apply", "")
    kubectl.answer("get job symmetra-preflight", {"status": {"succeeded": 1}})
    kubectl.answer("logs job/symmetra-preflight", json.dumps(reach_facts()))


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main([str(argument) for argument in arguments], {}, out, err), out.getvalue(), err.getvalue()


@pytest.fixture
def images_file(tmp_path, monkeypatch):
    path = tmp_path / "images.txt"
    path.write_text("# all\nregistry.example/symmetra-gateway:0.1.0\nregistry.example/symmetra-monitoring:0.1.0\n")
    monkeypatch.setattr("k8s.operations.release.images.__defaults__", (path,))


@pytest.mark.usefixtures("images_file")
def test_a_right_cluster_is_found_right_and_left_as_it_was(kubectl, ca_pem, tmp_path):
    answer_as_a_cluster(kubectl, ca_pem)
    answer_as_a_job(kubectl)
    assert run("preflight", "--overlay", make_overlay(tmp_path / "hospital")) == (0, "Nothing is missing.\n", "")
    changing = [
        arguments[:2]
        for arguments, _ in kubectl.calls()
        if arguments[0] not in {"get", "version", "api-versions", "kustomize", "logs"}
    ]
    both = "job,networkpolicy"
    assert changing == [["apply", "--dry-run=server"], ["delete", both], ["apply", "--namespace"], ["delete", both]]


@pytest.mark.usefixtures("images_file")
def test_no_value_of_a_secret_is_asked_for(kubectl, ca_pem, tmp_path):
    answer_as_a_cluster(kubectl, ca_pem)
    answer_as_a_job(kubectl)
    run("preflight", "--overlay", make_overlay(tmp_path / "hospital"))
    (asked,) = [arguments for arguments, _ in kubectl.calls() if arguments[:2] == ["get", "secrets"]]
    assert not any(word in {"json", "yaml"} for word in asked)
    assert "{{$key}}" in asked[-1]
    assert "{{$value}}" not in asked[-1]


@pytest.mark.usefixtures("images_file")
def test_what_is_missing_is_printed_and_the_exit_code_says_so(kubectl, ca_pem, tmp_path):
    kubectl.answer("get runtimeclasses", {"items": []})
    answer_as_a_cluster(kubectl, ca_pem)
    code, out, _ = run("preflight", "--without-job", "--overlay", make_overlay(tmp_path / "hospital"))
    assert code == 1
    assert out.splitlines()[0].startswith("problem  runtime class: There is no RuntimeClass nvidia")
    assert out.splitlines()[-1] == "1 problem."


@pytest.mark.usefixtures("images_file")
def test_facts_that_were_kept_are_judged_elsewhere(kubectl, ca_pem, tmp_path):
    answer_as_a_cluster(kubectl, ca_pem)
    answer_as_a_job(kubectl)
    overlay, kept = make_overlay(tmp_path / "hospital"), tmp_path / "facts.json"
    run("preflight", "--overlay", overlay, "--save-facts", kept)
    spoiled = json.loads(kept.read_text()) | {"version": "v1.27.0"}
    kept.write_text(json.dumps(spoiled))
    code, out, _ = run("preflight", "--overlay", overlay, "--facts", kept)
    assert code == 1
    assert "v1.27.0" in out


def test_an_operator_that_is_not_there_is_no_error(kubectl):
    kubectl.answer("get prometheuses", {"error": 'error: the server doesn\'t have a resource type "prometheuses"'})
    assert Kubectl("symmetra").items("prometheuses", absent_is_empty=True) == []


def test_a_cluster_that_does_not_answer_is_a_sentence(kubectl, tmp_path):
    kubectl.answer("kustomize", {"error": "error: connection refused"})
    code, out, err = run("preflight", "--overlay", make_overlay(tmp_path / "hospital"))
    assert (code, out) == (1, "")
    assert "connection refused" in err
    assert "Traceback" not in err


def test_a_machine_without_kubectl_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run("preflight", "--overlay", make_overlay(tmp_path / "hospital"))
    assert (code, err) == (1, "kubectl is not on this machine; install it, or run this where it is.\n")


@pytest.mark.parametrize(
    ("status", "pod", "says"),
    [
        ({}, {"waiting": {"reason": "ImagePullBackOff"}}, "ImagePullBackOff"),
        ({"failed": 1}, {"terminated": {"exitCode": 1}}, "its pod failed"),
        ({}, {}, "not finished after 120 s"),
    ],
)
def test_a_job_that_fails_says_why_and_is_taken_away(kubectl, status, pod, says, monkeypatch):
    # Each look is a process here; a few are enough.
    monkeypatch.setattr("k8s.operations.preflight.job.LOOK_EVERY_SECONDS", 40.0)
    kubectl.answer("delete", "")
    kubectl.answer("apply", "")
    kubectl.answer("get job", {"status": status})
    kubectl.answer("get pods", {"items": [{"status": {"containerStatuses": [{"state": pod}]}}]})
    naps: list[float] = []
    assert run_job(Kubectl("symmetra"), policy_for(site()), job_for(site(), "image"), sleep=naps.append) == ([], says)
    assert kubectl.calls()[-1][0][:2] == ["delete", "job,networkpolicy"]


def test_the_job_is_taken_by_restricted_pod_security_and_gets_no_token():
    job = job_for(site(), "registry.st-anna.org/symmetra/symmetra-monitoring:0.1.0")
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["imagePullSecrets"] == [{"name": "symmetra-registry"}]
    assert {entry["name"] for entry in container["env"]} == set(site().values)
    assert dataclasses.asdict(site())["values"]["SITE_CA_BUNDLE"] == pod["volumes"][0]["configMap"]["name"]


def test_the_job_gets_out_where_all_is_closed_to_what_the_site_file_names_and_no_further(kubectl, ca_pem, tmp_path):
    """At an upgrade the policies of the release before are there: nobody may talk to anybody."""
    answer_as_a_cluster(kubectl, ca_pem)
    answer_as_a_job(kubectl)
    run("preflight", "--overlay", make_overlay(tmp_path / "hospital"))
    (given,) = kubectl.objects("apply")
    policy, job = given["items"]
    assert (policy["kind"], job["kind"]) == ("NetworkPolicy", "Job")
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert policy["spec"]["podSelector"] == {"matchLabels": labels}
    assert policy["spec"]["policyTypes"] == ["Egress"]
    # Neither a Service nor a policy of the installation takes it for one of its own pods.
    assert labels["app.kubernetes.io/name"] != "symmetra"
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]
    assert ports == [[53, 53, 5353, 5353], [443], [5432], [9090]]


def test_the_job_reaches_a_provider_at_its_own_port_and_name_servers_of_openshift():
    egress = policy_for(site(oidc_issuer="https://login.st-anna.org:8443/realms/staff"))["spec"]["egress"]
    assert [port["port"] for port in egress[1]["ports"]] == [8443]
    namespaces = [peer["namespaceSelector"]["matchLabels"] for peer in egress[0]["to"] if "namespaceSelector" in peer]
    assert [labels["kubernetes.io/metadata.name"] for labels in namespaces] == ["kube-system", "openshift-dns"]


def _patch_refused(name: str, resource: str, said: str) -> str:
    """What kubectl prints of each object where the API server refuses more than one."""
    return (
        "Error from server (Invalid): error when applying patch:\n"
        f'{{"metadata":{{"annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{name} is invalid"}}}}}}\n'
        "to:\n"
        f'Resource: "{resource}", GroupVersionKind: "{resource}"\n'
        f'Name: "{name}", Namespace: "symmetra"\n'
        f'for: "k8s/overlays/mysite": error when patching "k8s/overlays/mysite": {said}\n'
    )


IMMUTABLE = "spec.template: Invalid value: core.PodTemplateSpec{}: field is immutable"
REFUSED = (
    "Warning: metadata.finalizers: prefer a domain-qualified finalizer name\n"
    + _patch_refused("publish-model-1", "batch/v1, Kind=Job", f'Job.batch "publish-model-1" is invalid: {IMMUTABLE}')
    + _patch_refused(
        "upgrade-records-0-1-0", "batch/v1, Kind=Job", f'Job.batch "upgrade-records-0-1-0" is invalid: {IMMUTABLE}'
    )
    + _patch_refused(
        "models", "/v1, Kind=PersistentVolumeClaim", 'PersistentVolumeClaim "models" is invalid: spec: Forbidden: spec'
    )
    + 'error: resource mapping not found for name: "gateway": no matches for kind "ServiceMonitor" in version "x/v1"\n'
    "ensure CRDs are installed first\n"
    "Error from server (Forbidden): exceeded quota: symmetra."
)


def test_what_the_api_server_would_refuse_is_named(kubectl, ca_pem, tmp_path):
    kubectl.answer("apply --dry-run=server", {"error": REFUSED})
    answer_as_a_cluster(kubectl, ca_pem)
    code, out, _ = run("preflight", "--without-job", "--overlay", make_overlay(tmp_path / "hospital"))
    assert code == 1
    lines = out.splitlines()
    assert "kubectl delete job publish-model-1 --namespace symmetra" in lines[0]
    assert "kubectl delete job upgrade-records-0-1-0 --namespace symmetra" in lines[1]
    assert 'Applying would be refused: PersistentVolumeClaim "models" is invalid: spec: Forbidden: spec' in lines[2]
    assert lines[3].endswith("Applying would be refused: Error from server (Forbidden): exceeded quota: symmetra.")
    assert len(lines) == 5


def test_one_job_that_cannot_be_changed_is_named_too(kubectl, tmp_path):
    said = (
        'The Job "publish-model-1" is invalid: spec.template: Invalid value: core.PodTemplateSpec{}: field is immutable'
    )
    kubectl.answer("apply", {"error": f"Warning: something is deprecated\n{said}"})
    assert try_applying(Kubectl("symmetra"), tmp_path) == [said]


def test_a_dry_run_that_does_not_end_is_no_consent(kubectl, tmp_path, monkeypatch):
    monkeypatch.setattr("k8s.operations.preflight.facts.APPLY_SECONDS", 0.001)
    kubectl.answer("apply", "")
    (said,) = refusals = try_applying(Kubectl("symmetra"), tmp_path)
    assert said.startswith("kubectl apply did not end within")
    (finding,) = check_refusals(site(), NEEDS, ClusterFacts("v1.34.2", "symmetra", refusals=refusals))
    assert finding.says.startswith("Whether applying would be refused is not known: kubectl apply did not end")


def test_the_clusters_own_pods_on_the_network_of_their_nodes_are_no_ingress_controller(kubectl, ca_pem):
    def pod(name: str, owner: str) -> dict[str, object]:
        return {"metadata": {"name": name, "ownerReferences": [{"kind": owner}]}, "spec": {"hostNetwork": True}}

    pods = [pod("apiserver-cp-1", "Node"), pod("rke2-ingress-nginx-controller-x7", "DaemonSet")]
    pods += [pod(name, "DaemonSet") for name in ("kube-proxy-a", "cilium-b", "calico-node-c", "canal-d")]
    kubectl.answer("get pods --namespace kube-system", {"items": pods})
    answer_as_a_cluster(kubectl, ca_pem)
    found = collect(Kubectl("symmetra"), frozenset(), "kube-system")
    assert found.host_network == ["rke2-ingress-nginx-controller-x7"]


def test_an_overlay_that_was_taken_along_from_another_release_is_named(kubectl, tmp_path):
    overlay = make_overlay(tmp_path / "hospital")
    shutil.copytree(KUBERNETES / "overlays/site-template/keys", overlay / "keys")
    patches = overlay / "keys/patches/patches.yaml"
    patches.write_text(patches.read_text().replace("CronJob", "Job"))
    code, out, err = run("preflight", "--overlay", overlay)
    assert (code, out) == (1, "")
    assert "keys/patches/patches.yaml in" in err
    assert "is of another release; copy the folder again: rm -r" in err
    assert kubectl.calls() == []
