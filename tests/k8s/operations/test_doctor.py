"""Doctor: a right installation is silent, and each pitfall that can show has an installation that shows it."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import re
from pathlib import Path

import pytest

from k8s.operations.__main__ import main
from k8s.operations.doctor.checks import CHECKS, check_everything
from k8s.operations.doctor.facts import InstallationFacts
from k8s.operations.doctor.samples import samples, total
from tests.k8s.operations.test_needs import make_overlay
from tests.support.fake_kubectl import FakeKubectl
from tests.support.installation_facts import GATEWAY_METRICS, right_installation

PAGE = Path(__file__).parents[3] / "k8s/operations/DOCTOR.md"
PITFALLS = range(1, 37)


def server(facts):
    return facts.deployments[1]["spec"]["template"]["spec"]["containers"][0]


def gateway(facts):
    return facts.deployments[0]["spec"]["template"]["spec"]["containers"][0]


def flag(text):
    def spoil(facts):
        server(facts)["args"].append(text)

    return spoil


def metrics(component, pod, old, new):
    def spoil(facts):
        page = facts.pages[component][pod]
        assert old in page["metrics"]
        page["metrics"] = page["metrics"].replace(old, new)

    return spoil


def change(target, **values):
    def spoil(facts):
        target(facts).update(values)

    return spoil


def status(**values):
    def spoil(facts):
        facts.pods[2]["status"]["containerStatuses"][0].update(values)

    return spoil


def open_port(port, *peers):
    def spoil(facts):
        rule = {"from": list(peers), "ports": [{"port": port}]} if peers else {"ports": [{"port": port}]}
        facts.network_policies[1]["spec"]["ingress"].append(rule)

    return spoil


def second_server(facts):
    page = facts.pages["model-server"]["model-server-1"]
    facts.pages["model-server"]["model-server-2"] = page | {"metrics": page["metrics"].replace(" 1000", " 100")}


SPOILED = {
    "a shell in front of the server": (change(server, command=["/bin/sh", "-c"]), "model server's end", "started through /bin/sh"),
    "five minutes to end": (change(lambda facts: facts.deployments[1]["spec"]["template"]["spec"], terminationGracePeriodSeconds=300), "model server's end", "is given 300 s"),
    "the profiler is on": (flag("--enable_profiler=true"), "model server's flags", "--enable_profiler=true"),
    "loads are tried for five minutes": (flag("--max_num_load_retries=5"), "model server's flags", "silent hang"),
    "no batching": (flag("--enable_batching=false"), "model server's flags", "one by one"),
    "a session file": (flag("--tensorflow_session_config_file=/x"), "model server's flags", "overwritten by the defaults"),
    "more threads than cores": (flag("--tensorflow_intra_op_parallelism=64"), "model server's flags", "64 threads on 2 cores"),
    "readiness that is always right": (change(server, readinessProbe={"httpGet": {"path": "/v1/models/m"}}), "readiness", "200 while a version loads"),
    "no time to start": (change(server, startupProbe={"periodSeconds": 5, "failureThreshold": 6}), "readiness", "has 30 s to start"),
    "no probe": (lambda facts: facts.deployments[1]["spec"]["template"]["spec"]["containers"].pop(), "readiness", "no probe beside it"),
    "a wrong golden answer": (lambda facts: facts.pages["model-server"]["model-server-1"].update(ready=json.dumps({"ready": False, "reason": "golden crop 7"})), "golden answers", "not ready: golden crop 7"),
    "no GPU": (metrics("model-server", "model-server-1", "gpu_missing 0.0", "gpu_missing 1.0"), "GPU", "runs on the CPU"),
    "no metrics of the server": (metrics("model-server", "model-server-1", "server_metrics_up 1.0", "server_metrics_up 0.0"), "model server's metrics", "--monitoring_config_file"),
    "crash loop": (status(state={"waiting": {"reason": "CrashLoopBackOff"}}), "restarts", "ends again and again"),
    "out of memory": (status(lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}}), "restarts", "ran out of memory"),
    "aborted": (status(lastState={"terminated": {"reason": "Error", "exitCode": 134}}), "restarts", "aborted (exit code 134)"),
    "no default deny": (lambda facts: facts.network_policies.pop(0), "network policies", "denies everything by default"),
    "REST port open": (open_port(8501, {"podSelector": {}}), "network policies", "REST port (8501)"),
    "gRPC port open to all": (open_port(8500), "network policies", "others than the gateway"),
    "gRPC port open to a namespace": (open_port(8500, {"namespaceSelector": {}}), "network policies", "others than the gateway"),
    "policies that nobody enforces": (
        change(lambda facts: facts.forbidden, **{"sentinel to model-server-all:8500": "open"}),
        "network policies",
        "sentinel to model-server-all:8500 is open",
    ),
    "a load balancer": (change(lambda facts: facts.services[0]["spec"], type="LoadBalancer"), "network policies", "open beyond the cluster"),
    "a service with an address": (change(lambda facts: facts.services[0]["spec"], clusterIP="10.0.0.1"), "balance", "stays with one server"),
    "an address in place of a name": (change(lambda facts: facts.settings, SYMMETRA_MODEL_SERVER="model-server:8500"), "balance", "write dns:///model-server:8500"),
    "one server gets the calls": (second_server, "balance", "calls stick to one server"),
    "gateways that cut differently": (metrics("gateway", "gateway-2", "crop-3", "crop-4"), "same answers", "0.1.0 crop-3 and 0.1.0 crop-4"),
    "gateways with other versions": (metrics("gateway", "gateway-2", 'model_version="1"', 'model_version="2"'), "same answers", "different model versions"),
    "no model": (lambda facts: facts.pages["gateway"]["gateway-1"].update(model=json.dumps({"title": "No model", "detail": "The model server is away"})), "model", "The model server is away"),
    "readiness that asks the model": (change(gateway, readinessProbe={"httpGet": {"path": "/readyz/model"}}), "gateway's readiness", "asks /readyz/model"),
    "photos on a disk": (change(lambda facts: facts.deployments[0]["spec"]["template"]["spec"], volumes=[{"name": "tmp", "emptyDir": {}}]), "photos in memory", "/tmp of the gateway is on the node's disk"),
    "a root that can be written": (change(gateway, securityContext={}), "photos in memory", "may write to its root"),
    "core files": (change(lambda facts: facts.core_patterns, **{"gateway-1": "|/usr/lib/systemd/systemd-coredump %P"}), "core files", "pipe core files into /usr/lib/systemd/systemd-coredump"),
    "no intended use": (change(lambda facts: facts.settings, SYMMETRA_INTENDED_USE=""), "intended use", "name no intended use"),
    "metrics of dead processes": (change(gateway, env=[{"name": "PROMETHEUS_MULTIPROC_DIR", "value": "/tmp"}]), "metrics", "a gateway is one process"),
    "a label from outside": (lambda facts: facts.pages["gateway"]["gateway-1"].update(metrics=GATEWAY_METRICS + "".join(f'x{{path="/{n}"}} 1\n' for n in range(6000))), "metrics", "has become a label"),
    "overload": (metrics("gateway", "gateway-1", "} 3.0", "} 300.0"), "overload", "refused 300 of 900"),
    "more gateways than said": (change(lambda facts: facts.settings, SYMMETRA_REPLICAS="1"), "records", "There may be 6 gateways"),
    "receipts that fail": (metrics("gateway", "gateway-1", 'result="failed"} 0.0', 'result="failed"} 4.0'), "records", "could not keep 4 receipts"),
    "checkpoints beside the database": (lambda facts: facts.settings.pop("SYMMETRA_AUDIT_CHECKPOINT_FILE"), "records", "collect the logs"),
    "paused": (metrics("gateway", "gateway-1", 'operator"} 0.0', 'operator"} 1.0'), "stop switch", "paused (operator)"),
    "a sentinel that is off": (metrics("gateway", "gateway-1", "watching 1.0", "watching 0.0"), "sentinel", "is off"),
    "no counts for drift": (metrics("drift-controller", "drift-controller-0", 'stale"} 0.0', 'stale"} 1.0'), "drift", "got no counts lately"),
    "no figures for the autoscaler": (change(lambda facts: facts.autoscalers[0], status={"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}]}), "autoscaling", "FailedGetResourceMetric"),
    "scaled to nothing": (change(lambda facts: facts.autoscalers[0]["spec"], minReplicas=0), "autoscaling", "scale to none"),
    "a GPU scaled by processor time": (lambda facts: facts.autoscalers.append({"metadata": {"name": "gpu"}, "spec": {"scaleTargetRef": {"name": "model-server"}, "metrics": [{"resource": {"name": "cpu"}}]}}), "autoscaling", "low while a GPU is full"),
    "a lax namespace": (lambda facts: facts.namespace["metadata"]["labels"].clear(), "Pod Security", "kubectl label namespace symmetra"),
    "root": (change(lambda facts: facts.deployments[0]["spec"]["template"]["spec"], securityContext={}), "Pod Security", "gateway may run as root"),
    "a tag that moves": (change(gateway, image="registry:5000/gateway"), "images", "another image tomorrow"),
    "latest": (change(gateway, image="gateway:latest"), "images", "another image tomorrow"),
    "a claim that waits": (change(lambda facts: facts.claims[0], status={"phase": "Pending"}), "volumes", "models is Pending"),
    "no node": (lambda facts: facts.pods[2]["status"]["conditions"].append({"type": "PodScheduled", "status": "False", "message": "0/3 nodes: Insufficient nvidia.com/gpu"}), "scheduling", "Insufficient nvidia.com/gpu"),
}  # fmt: skip


def demo_for_patients(facts):
    metrics("gateway", "gateway-1", "research", "demo")(facts)
    facts.settings["SYMMETRA_INTENDED_USE"] = "clinical_decision_support_triage"


SPOILED["a demo for patients"] = (demo_for_patients, "intended use", "learned from drawn faces")


def spoiled(name):
    facts = copy.deepcopy(right_installation())
    SPOILED[name][0](facts)
    return facts


def test_a_right_installation_is_silent():
    assert check_everything(right_installation()) == []


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_wrong_is_named_in_one_sentence_and_nothing_else_is(name):
    _, check, says = SPOILED[name]
    found = check_everything(spoiled(name))
    assert [finding.check for finding in found] == [check]
    assert says in found[0].says
    assert "\n" not in found[0].says


def test_every_check_has_an_installation_that_fails_it():
    silent = {check.look for check in CHECKS}
    for name in SPOILED:
        silent -= {look for look in silent if list(look(spoiled(name)))}
    assert silent == set()


def test_the_page_has_every_pitfall_and_agrees_with_the_code():
    rows = re.findall(r"^\| (\d+) \| [^|]* \| ([^|]*) \|", PAGE.read_text(), flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(PITFALLS)
    seen = {number: {check.look.__name__ for check in CHECKS if number in check.pitfalls} for number in PITFALLS}
    for number, text in rows:
        assert set(re.findall(r"`(check_\w+)`", text)) == seen[int(number)], number


def test_facts_that_could_not_be_had_are_no_findings():
    empty = InstallationFacts(
        namespace=right_installation().namespace, network_policies=right_installation().network_policies
    )
    assert check_everything(empty) == []


def test_samples_are_read_with_their_labels():
    page = 'a{x="1",y="a b"} 2.5\n# TYPE b gauge\nb 3e2\n:t:s{model="m"} 7 1700000000\nnonsense\n'
    assert [(sample.name, sample.labels, sample.value) for sample in samples(page)] == [
        ("a", {"x": "1", "y": "a b"}, 2.5),
        ("b", {}, 300.0),
        (":t:s", {"model": "m"}, 7.0),
    ]
    assert total(page, "a", x="1") == 2.5
    assert total(page, "a", x="2") == 0


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return main([str(argument) for argument in arguments], {}, out, err), out.getvalue(), err.getvalue()


def test_facts_that_were_kept_are_judged_without_a_cluster(tmp_path):
    kept = tmp_path / "facts.json"
    kept.write_text(json.dumps(dataclasses.asdict(right_installation())))
    assert run("doctor", "--overlay", tmp_path, "--facts", kept) == (0, "No known pitfall shows.\n", "")
    kept.write_text(json.dumps(dataclasses.asdict(spoiled("paused"))))
    code, out, _ = run("doctor", "--overlay", tmp_path, "--facts", kept)
    assert code == 1
    assert out.startswith("problem  stop switch: Screening is paused (operator)")


def test_the_pods_are_asked_where_no_policy_is_in_between(tmp_path, monkeypatch):
    kubectl = FakeKubectl(tmp_path / "bin", monkeypatch)
    facts = right_installation()
    sentinel = copy.deepcopy(facts.pods[0])
    sentinel["metadata"] = {"name": "sentinel-1", "labels": {"app.kubernetes.io/component": "sentinel"}}
    kubectl.answer("get pods", {"items": [*facts.pods, sentinel]})
    kubectl.answer("get namespace symmetra", facts.namespace)
    settings = {"envFrom": [{"configMapRef": {"name": "gateway-settings-abc"}}], "name": "gateway"}
    kubectl.answer("get deployment gateway", {"spec": {"template": {"spec": {"containers": [settings]}}}})
    kubectl.answer("get configmap gateway-settings-abc", {"data": facts.settings})
    for kind, items in {
        "deployments": facts.deployments, "statefulsets": facts.stateful_sets, "services": facts.services, "endpointslices": [],
        "networkpolicies": facts.network_policies, "horizontalpodautoscalers": facts.autoscalers, "persistentvolumeclaims": facts.claims,
    }.items():  # fmt: skip
        kubectl.answer(f"get {kind}", {"items": items})
    kubectl.answer("exec sentinel-1", "open\n")
    kubectl.answer("exec gateway-1", GATEWAY_METRICS)
    kubectl.answer("exec gateway-2", GATEWAY_METRICS.replace("crop-3", "crop-4"))
    code, out, err = run("doctor", "--overlay", make_overlay(tmp_path / "hospital"))
    assert (code, err) == (1, "")
    assert "same answers: The gateways run with different releases" in out
    assert "The network does not enforce the policies: sentinel to model-server-all:8500 is open" in out
    verbs = {arguments[0] for arguments, _ in kubectl.calls()}
    assert verbs == {"get", "exec"}
    assert all("python" in arguments for arguments, _ in kubectl.calls() if arguments[0] == "exec")
