"""How many there are: nobody fights over it, SQLite is for one, and the sizes add up to the page that people read."""

import re

import pytest

from monitoring import metrics
from tests.support.manifests import pods, scaling
from tests.support.manifests.objects import find, of_kind, workload, workloads
from tests.support.manifests.pods import quantity
from tests.support.manifests.renders import KUBERNETES, combine, overlay

pytestmark = pytest.mark.needs_tool()
CHECKS = {"contested": scaling.contested, "sqlite_shared": scaling.sqlite_shared}
SIZING = KUBERNETES / "SIZING.md"


@pytest.mark.point(4, 25)
@pytest.mark.parametrize("check", CHECKS)
def test_every_render(renders, check):
    assert {name: found for name, objects in renders.items() if (found := CHECKS[check](objects))} == {}


def test_sqlite_with_more_than_one_gateway_is_refused():
    objects = overlay("local")
    assert scaling.sqlite_shared(objects) == []
    workload(objects, "gateway").owner["spec"]["replicas"] = 2
    assert "SQLite is for one gateway, and there are 2" in scaling.sqlite_shared(objects)


def test_sqlite_with_an_autoscaler_is_refused():
    objects = [*overlay("local"), *of_kind(combine(), "HorizontalPodAutoscaler")]
    assert "SQLite is for one gateway, and HorizontalPodAutoscaler/gateway scales it" in scaling.sqlite_shared(objects)


def test_sqlite_with_a_rollout_of_two_at_once_is_refused():
    objects = overlay("local")
    workload(objects, "gateway").owner["spec"]["strategy"] = {"type": "RollingUpdate"}
    assert any("beside it" in sentence for sentence in scaling.sqlite_shared(objects))


def test_sqlite_put_into_the_hospital_is_refused():
    objects = overlay("hospital")
    variables = workload(objects, "gateway").container("gateway")["env"]
    variables[0] = {"name": "SYMMETRA_RECORDS_URL", "value": "sqlite:////var/lib/symmetra/receipts.db"}
    assert len(scaling.sqlite_shared(objects)) == 3


@pytest.mark.point(4, 25)
def test_two_scalers_or_a_number_beside_one_are_found():
    objects = [*combine("keda"), *of_kind(combine(), "HorizontalPodAutoscaler")]
    assert scaling.contested(objects) == [
        "gateway is scaled by ScaledObject/gateway and HorizontalPodAutoscaler/gateway"
    ]
    objects = combine()
    workload(objects, "gateway").owner["spec"]["replicas"] = 3
    assert scaling.contested(objects) == ["gateway is scaled and says how many it is"]


@pytest.mark.point(24)
def test_the_metric_that_is_scaled_by_is_the_adapters_and_the_gateways():
    objects = combine("hpa-in-flight")
    wanted = find(objects, "HorizontalPodAutoscaler", "gateway")["spec"]["metrics"]
    names = [each["pods"]["metric"]["name"] for each in wanted]
    rules = (KUBERNETES / "components/hpa-in-flight/files/rules.yaml").read_text()
    assert names == re.findall(r"^ *as: (\w+)$", rules, flags=re.MULTILINE) == ["symmetra_in_flight"]
    assert re.findall(r"seriesQuery: (\w+)", rules) == names
    source = "".join(path.read_text() for path in (KUBERNETES.parent / "monitoring").glob("*.py"))
    assert f'"{names[0]}"' in source
    assert metrics.__doc__
    query = find(combine("keda"), "ScaledObject", "gateway")["spec"]["triggers"][0]["metadata"]
    assert f"sum({names[0]}" in query["query"]
    assert query["ignoreNullValues"] == "false"


@pytest.mark.point(25)
def test_model_servers_are_scaled_no_further_than_the_page_says_and_slowly_back():
    objects = combine("model-server-autoscaling")
    spec = find(objects, "HorizontalPodAutoscaler", "model-server")["spec"]
    documented = int(re.search(r"at most (\d+) model servers", SIZING.read_text())[1])
    assert spec["maxReplicas"] <= documented
    serving = workload(objects, "model-server").container("tensorflow-serving")
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= pods.budget_seconds(serving["startupProbe"])


def add_up(objects):
    """Requests and limits of everything that goes on, with as many gateways as there can be; Jobs and rollouts apart."""
    totals = {"cpu": 0.0, "memory": 0.0, "gpu": 0, "cpu limit": 0.0, "memory limit": 0.0, "storage": 0.0}
    for each in workloads(objects):
        if each.owner["kind"] != "Deployment":
            continue
        count = scaling.most_gateways(objects) if each.component == "gateway" else each.owner["spec"].get("replicas", 4)
        for container in each.spec["containers"]:
            resources = container["resources"]
            for name in ("cpu", "memory"):
                totals[name] += count * quantity(resources["requests"][name])
                totals[f"{name} limit"] += count * quantity(resources["limits"][name])
            totals["gpu"] += count * int(resources["limits"].get("nvidia.com/gpu", 0))
    for claim in of_kind(objects, "PersistentVolumeClaim"):
        totals["storage"] += quantity(claim["spec"]["resources"]["requests"]["storage"])
    return totals


def row_of(totals):
    gibibyte = 2**30
    return [
        f"{totals['cpu']:.1f}",
        f"{totals['memory'] / gibibyte:.1f}",
        f"{totals['cpu limit']:.1f}",
        f"{totals['memory limit'] / gibibyte:.1f}",
        str(totals["gpu"]),
        f"{totals['storage'] / gibibyte:.0f}",
    ]


SIZED = {
    "local": lambda: overlay("local"),
    "base": combine,
    "hospital": lambda: overlay("hospital"),
    "base, cpu-only, prometheus": lambda: combine("cpu-only", "prometheus"),
    "base, gpu, single-gpu": lambda: combine("gpu", "single-gpu"),
    "hospital-one-gpu": lambda: overlay("hospital-one-gpu"),
}


@pytest.mark.point(35)
def test_requests_add_up_to_the_sizing_table():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in SIZING.read_text().splitlines()
        if line.startswith("| `")
    ]
    table = {row[0].strip("`"): row[1:7] for row in rows}
    assert table == {name: row_of(add_up(render())) for name, render in SIZED.items()}


NODE = {"cpu": 7.8, "memory": 14.5 * 2**30}
"""What a node of 8 CPUs and 16 GiB has left for pods."""


def pods_of(objects):
    """Requests of every pod that there can be at once, the largest first: rollouts and Jobs included, those on GPUs apart."""
    found = []
    for each in workloads(objects):
        if each.owner["kind"] == "CronJob" or "tolerations" in each.spec:
            continue
        count = 1 if each.owner["kind"] == "Job" else each.owner["spec"].get("replicas", scaling.most_gateways(objects))
        count += each.owner["spec"].get("strategy", {}).get("type") == "RollingUpdate"
        asked = {
            name: sum(quantity(container["resources"]["requests"][name]) for container in each.spec["containers"])
            for name in NODE
        }
        found += [asked] * count
    return sorted(found, key=lambda asked: -asked["cpu"])


@pytest.mark.point(22, 35)
@pytest.mark.parametrize("name", ["base", "hospital", "hospital-one-gpu"])
def test_everything_fits_onto_two_nodes_of_eight_processors(name):
    nodes = [dict(NODE), dict(NODE)]
    for asked in pods_of(SIZED[name]()):
        roomy = max(nodes, key=lambda node: node["cpu"])
        assert all(roomy[which] >= asked[which] for which in NODE), f"{asked} fits nowhere"
        for which in NODE:
            roomy[which] -= asked[which]


@pytest.mark.point(35)
def test_two_versions_of_the_largest_network_fit_into_a_model_server(renders):
    """While one goes live both are loaded; from what the embedded server was measured to take."""
    served = (KUBERNETES.parent / "serving/results/model_server.md").read_text()
    alone = {
        name: int(mebibytes)
        for name, mebibytes in re.findall(r"^\| ([\w-]+) \| [\d.]+ \| \d+ \| (\d+) \|$", served, flags=re.MULTILINE)
    }
    nothing, largest = alone["nothing"] - 5, max(alone.values())
    two = nothing + 2 * (largest - nothing)
    assert f"609 + 2 x {largest - nothing} = {two:,}" in SIZING.read_text()
    for objects in renders.values():
        for each in workloads(objects):
            if each.component.startswith("model-server"):
                resources = each.container("tensorflow-serving")["resources"]
                folders = sum(
                    quantity(volume["emptyDir"]["sizeLimit"])
                    for volume in each.spec["volumes"]
                    if volume.get("emptyDir", {}).get("medium") == "Memory"
                )
                assert quantity(resources["limits"]["memory"]) >= two * 2**20 + folders
                # A pod above its request is the first to go where a node runs out of memory.
                assert quantity(resources["requests"]["memory"]) >= largest * 2**20


@pytest.mark.point(22)
def test_the_example_of_a_quota_fits_the_hospital_with_a_rollout_of_each_and_the_jobs():
    objects = overlay("hospital")
    totals = add_up(objects)
    hard = find(combine("quota"), "ResourceQuota", "symmetra")["spec"]["hard"]
    extra = dict.fromkeys(("requests.cpu", "requests.memory", "limits.cpu", "limits.memory"), 0.0)
    gpus = totals["gpu"]
    for each in workloads(objects):
        surges = each.owner["spec"].get("strategy", {}).get("type") == "RollingUpdate"
        if surges or each.owner["kind"] == "Job":
            for container in each.spec["containers"]:
                for which in ("requests", "limits"):
                    for name in ("cpu", "memory"):
                        extra[f"{which}.{name}"] += quantity(container["resources"][which][name])
                gpus += int(container["resources"]["limits"].get("nvidia.com/gpu", 0))
    assert quantity(hard["requests.cpu"]) >= totals["cpu"] + extra["requests.cpu"]
    assert quantity(hard["requests.memory"]) >= totals["memory"] + extra["requests.memory"]
    assert quantity(hard["limits.cpu"]) >= totals["cpu limit"] + extra["limits.cpu"]
    assert quantity(hard["limits.memory"]) >= totals["memory limit"] + extra["limits.memory"]
    assert quantity(hard["requests.nvidia.com/gpu"]) >= gpus
    assert quantity(hard["requests.storage"]) >= totals["storage"]
    limits = find(combine("quota"), "LimitRange", "symmetra")["spec"]["limits"][0]["max"]
    for each in workloads(objects):
        for container in each.containers():
            assert quantity(container["resources"]["limits"]["cpu"]) <= quantity(limits["cpu"])
            assert quantity(container["resources"]["limits"]["memory"]) <= quantity(limits["memory"])
