"""What holds for every pod of every render: security, sizes, memory instead of disks, tokens, probes, ends."""

import copy

import pytest

from tests.support.manifests import pods
from tests.support.manifests.objects import find, of_kind, settings_of, workload, workloads
from tests.support.manifests.renders import combine, overlay

pytestmark = pytest.mark.needs_tool()
CHECKS = {
    "insecure": pods.insecure,
    "unsized": pods.unsized,
    "photos_on_disk": pods.photos_on_disk,
    "with_tokens": pods.with_tokens,
    "unwatched": pods.unwatched,
    "without_budget": pods.without_budget,
}


@pytest.mark.point(11, 12, 14, 16, 22)
@pytest.mark.parametrize("check", CHECKS)
def test_every_pod_of_every_render(renders, check):
    assert {name: found for name, objects in renders.items() if (found := CHECKS[check](objects))} == {}


def _set(path, value):
    def change(objects):
        target = workload(objects, "gateway").owner
        for part in path[:-1]:
            target = target[part]
        if value is None:
            del target[path[-1]]
        else:
            target[path[-1]] = value

    return change


POD = ("spec", "template", "spec")
FIRST = (*POD, "containers", 0)
MISTAKES = [
    ("insecure", _set((*POD, "securityContext", "runAsUser"), 0), "runAsUser"),
    ("insecure", _set((*POD, "securityContext", "seccompProfile"), None), "seccomp"),
    ("insecure", _set((*FIRST, "securityContext", "capabilities"), {"drop": ["NET_RAW"]}), "capabilities"),
    ("insecure", _set((*FIRST, "securityContext", "readOnlyRootFilesystem"), False), "writable"),
    ("insecure", _set((*POD, "hostNetwork"), True), "hostNetwork"),
    ("unsized", _set((*FIRST, "resources", "limits", "memory"), None), "no memory limit"),
    ("unsized", _set((*FIRST, "resources", "requests", "memory"), "2Gi"), "more than it is limited to"),
    ("unsized", _set((*FIRST, "resources", "limits", "nvidia.com/gpu"), 1), "differs"),
    ("photos_on_disk", _set((*POD, "volumes", 1, "emptyDir"), {"sizeLimit": "64Mi"}), "not in memory"),
    ("with_tokens", _set((*POD, "automountServiceAccountToken"), None), "mounts a token"),
    ("with_tokens", _set((*POD, "serviceAccountName"), "sentinel"), "shared"),
    ("unwatched", _set((*FIRST, "startupProbe"), None), "no startupProbe"),
    ("unwatched", _set((*FIRST, "livenessProbe", "initialDelaySeconds"), 60), "blindly"),
    ("unwatched", _set((*POD, "terminationGracePeriodSeconds"), None), "grace"),
]


@pytest.mark.parametrize(("check", "change", "says"), MISTAKES, ids=[says for _, _, says in MISTAKES])
def test_a_mistake_is_found(check, change, says):
    objects = combine()
    assert CHECKS[check](objects) == []
    change(objects)
    assert any(says in sentence for sentence in CHECKS[check](objects))


def test_a_budget_that_never_lets_a_pod_go_is_found():
    objects = combine()
    find(objects, "PodDisruptionBudget", "gateway")["spec"]["maxUnavailable"] = 0
    assert pods.without_budget(objects) == ["PodDisruptionBudget/gateway never lets a pod go"]


@pytest.mark.point(11)
def test_only_the_component_for_it_makes_a_root_file_system_writable_and_only_of_gpu_containers():
    plain = combine("gpu", "training-job")
    assert all(
        container["securityContext"]["readOnlyRootFilesystem"]
        for each in workloads(plain)
        for container in each.containers()
    )
    open_ones = [
        container["name"]
        for each in workloads(combine("gpu", "training-job", "gpu-writable-root"))
        for container in each.containers()
        if not container["securityContext"]["readOnlyRootFilesystem"]
    ]
    assert open_ones == ["tensorflow-serving", "train"]


@pytest.mark.point(14)
def test_gateways_are_several_spread_over_nodes_and_never_fewer_during_a_rollout(renders):
    for name, objects in renders.items():
        if name == "overlay local":
            continue
        gateway = workload(objects, "gateway")
        assert gateway.owner["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        scaler = of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")[0]["spec"]
        assert scaler.get("minReplicas", scaler.get("minReplicaCount")) >= 2
        assert find(objects, "PodDisruptionBudget", "gateway")["spec"]["maxUnavailable"] == 1
        if "read-write-once" not in name:
            spread = gateway.spec["topologySpreadConstraints"][0]
            assert spread["topologyKey"] == "kubernetes.io/hostname"
            assert spread["nodeTaintsPolicy"] == "Honor"
            # A full node would else keep every further gateway from nodes with room.
            assert spread["whenUnsatisfiable"] == "ScheduleAnyway"


@pytest.mark.point(15)
def test_one_gpu_never_surges_and_several_do():
    single = workload(combine("gpu", "single-gpu"), "model-server").owner["spec"]
    assert single["replicas"] == 1
    assert single["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    several = workload(combine("gpu"), "model-server").owner["spec"]
    assert several["replicas"] == 2
    # With as many GPUs as pods the one more would wait for ever for one to go, were none allowed to go.
    assert several["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 1}
    assert workload(overlay("hospital-one-gpu"), "model-server").owner["spec"]["strategy"] == single["strategy"]
    assert find(combine("gpu"), "PodDisruptionBudget", "model-server")["spec"]["maxUnavailable"] == 1


@pytest.mark.point(16)
def test_probes_ask_what_they_are_for(renders):
    for name, objects in renders.items():
        server = workload(objects, "model-server")
        serving, probe = server.container("tensorflow-serving"), server.container("probe")
        # 200 while loading would be /v1/models/NAME; this one needs a loaded version.
        assert serving["readinessProbe"]["httpGet"] == {
            "path": "/v1/models/depression_severity/metadata",
            "port": "rest",
        }
        assert probe["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "probe"}
        assert probe["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "probe"}
        alive = serving["livenessProbe"]
        assert alive["tcpSocket" if "mtls" in name or "everything" in name else "grpc"]["port"] in (8500, "grpc")
        assert alive.get("grpc", {}).get("service", "PredictionService") == "PredictionService"
        assert pods.budget_seconds(serving["startupProbe"]) >= 360
        assert server.owner["spec"]["progressDeadlineSeconds"] > pods.budget_seconds(serving["startupProbe"])
        gateway = workload(objects, "gateway").container("gateway")
        paths = {which: gateway[f"{which}Probe"]["httpGet"]["path"] for which in ("startup", "readiness", "liveness")}
        assert paths == {"startup": "/healthz", "readiness": "/readyz", "liveness": "/healthz"}


@pytest.mark.point(17)
def test_a_gateway_has_time_to_end_and_a_model_server_an_explicit_and_short_one(renders):
    for objects in renders.values():
        gateway = workload(objects, "gateway")
        container = gateway.container("gateway")
        settings = settings_of(objects, container)
        held_back = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert held_back >= 5
        drain = (
            held_back + int(settings["SYMMETRA_STOP_NOTICE_SECONDS"]) + int(settings["SYMMETRA_STOP_TIMEOUT_SECONDS"])
        )
        assert drain < gateway.spec["terminationGracePeriodSeconds"]
        server = workload(objects, "model-server")
        serving = server.container("tensorflow-serving")
        assert serving["command"] == ["/usr/bin/tensorflow_model_server"]
        assert 20 < server.spec["terminationGracePeriodSeconds"] <= 45
        # Process 1 ignores SIGTERM; with a shared process namespace it is not process 1, and must be held back.
        if server.spec.get("shareProcessNamespace"):
            asleep = serving["lifecycle"]["preStop"]["sleep"]["seconds"]
            assert 15 <= asleep < server.spec["terminationGracePeriodSeconds"]


@pytest.mark.point(21, 22)
def test_gpus_are_equal_in_requests_and_limits_with_tolerations_in_one_place():
    server = workload(combine("gpu"), "model-server")
    resources = server.container("tensorflow-serving")["resources"]
    assert resources["requests"]["nvidia.com/gpu"] == resources["limits"]["nvidia.com/gpu"] == 1
    assert server.spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    # Nothing else goes where the GPU is.
    assert [each.name for each in workloads(combine("gpu")) if "tolerations" in each.spec] == [
        "Deployment/model-server"
    ]
    sliced = workload(combine("gpu", "gpu-mig"), "model-server").container("tensorflow-serving")["resources"]["limits"]
    assert {name for name in sliced if name.startswith("nvidia.com")} == {"nvidia.com/mig-1g.10gb"}
    assert workload(combine("gpu"), "model-server").container("probe")["args"][-1] == "--device=gpu"
    arguments = server.container("tensorflow-serving")["args"]
    assert "--per_process_gpu_memory_fraction=0.8" in arguments
    shared = next(volume for volume in server.spec["volumes"] if volume["name"] == "shared-memory")
    assert shared["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}


@pytest.mark.point(22)
def test_threads_follow_the_limit_of_processors_because_programs_count_those_of_the_node(renders):
    for objects in renders.values():
        gateway = workload(objects, "gateway").container("gateway")
        assert settings_of(objects, gateway)["SYMMETRA_CORES"] == gateway["resources"]["limits"]["cpu"]
        for each in workloads(objects):
            if each.component.startswith("model-server"):
                serving = each.container("tensorflow-serving")
                threads = f"--tensorflow_intra_op_parallelism={serving['resources']['limits']['cpu']}"
                assert threads in serving["args"]


@pytest.mark.point(23)
def test_training_is_asked_for_gives_way_and_goes_on_from_a_checkpoint():
    objects = combine("training-job")
    train = workload(objects, "train")
    # Not a Job: applying again would suspend one that goes on.
    assert train.owner["kind"] == "CronJob"
    assert train.owner["spec"]["suspend"] is True
    assert train.owner["spec"]["concurrencyPolicy"] == "Forbid"
    assert train.owner["spec"]["timeZone"] == "Etc/UTC"
    spec = train.owner["spec"]["jobTemplate"]["spec"]
    assert "suspend" not in spec
    assert all(spec[field] > 0 for field in ("backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"))
    priority = find(objects, "PriorityClass", train.spec["priorityClassName"])
    assert priority["value"] < 0
    assert priority["preemptionPolicy"] == "Never"
    assert all("priorityClassName" not in each.spec for each in workloads(objects) if each.component != "training")
    mounted = {mount["mountPath"]: mount["name"] for mount in train.container("train")["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in train.spec["volumes"]}
    assert volumes[mounted["/scratch"]]["persistentVolumeClaim"]["claimName"] == "training-work"
    assert "--out=/scratch/run" in train.container("train")["args"]


@pytest.mark.point(32)
def test_claims_that_hold_photos_say_so(renders):
    for objects in renders.values():
        for claim in of_kind(objects, "PersistentVolumeClaim"):
            holds = claim["metadata"].get("annotations", {}).get("symmetra/holds-photos")
            assert (holds == "yes") == claim["metadata"]["name"].startswith("training-")


@pytest.mark.point(10)
def test_the_namespace_of_an_overlay_admits_restricted_pods_only_at_a_named_version():
    for name in ("local", "hospital", "site-template"):
        labels = of_kind(overlay(name), "Namespace")[0]["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        assert labels["pod-security.kubernetes.io/enforce-version"] != "latest"


def test_renders_are_handed_out_as_copies():
    first = combine()
    first.clear()
    assert combine()
    assert copy.deepcopy(combine()) == combine()


def test_a_standby_on_a_cpu_is_no_gpus_model_server():
    """Neither its image, nor its batches, nor its GPU; but everything that both must have."""
    objects = combine("gpu", "cpu-standby", "mtls")
    server, standby = workload(objects, "model-server"), workload(objects, "model-server-standby")
    serving = standby.container("tensorflow-serving")
    assert serving["image"].endswith("symmetra-model-server:0.1.0")
    assert "nvidia.com/gpu" not in serving["resources"]["limits"]
    assert "tolerations" not in standby.spec
    batching = {
        each.component: find(objects, "ConfigMap", _config_of(each).rpartition("-")[0])["data"]["batching.config"]
        for each in (server, standby)
    }
    assert "\nallowed_batch_sizes:" in batching["model-server"]
    assert "\nallowed_batch_sizes:" not in batching["model-server-standby"]
    # The gateway asks both in the same way.
    for each in (server, standby):
        assert "--ssl_config_file=/run/symmetra/tls/ssl.config" in each.container("tensorflow-serving")["args"]
        assert each.container("tensorflow-serving")["livenessProbe"]["tcpSocket"] == {"port": "grpc"}
        assert each.container("probe")["args"][1].startswith("--server=unix:")


def test_no_standby_gets_the_image_of_a_gpu(renders):
    assert [name for name, objects in renders.items() if _standby_has_a_gpus_image(objects)] == []
    # What the component's first lines warn of.
    assert _standby_has_a_gpus_image(combine("cpu-standby", "gpu"))


def _standby_has_a_gpus_image(objects):
    standbys = [each for each in workloads(objects) if each.component == "model-server-standby"]
    return any(each.container("tensorflow-serving")["image"].endswith("-gpu") for each in standbys)


def _config_of(each):
    return next(volume["configMap"]["name"] for volume in each.spec["volumes"] if volume["name"] == "config")


def test_a_standby_with_models_in_images_reads_no_volume():
    standby = workload(combine("gpu", "cpu-standby", "model-image"), "model-server-standby")
    assert not [volume for volume in standby.spec["volumes"] if "persistentVolumeClaim" in volume]
