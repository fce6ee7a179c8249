"""Who may talk to whom is what k8s/FLOWS.md says; names and ports lead somewhere."""

import re

import pytest

from tests.support.manifests import network
from tests.support.manifests.network import Flow
from tests.support.manifests.objects import find, of_kind, workload, workloads
from tests.support.manifests.renders import KUBERNETES, combine, overlay

pytestmark = pytest.mark.needs_tool()
CHECKS = {"half_flows": network.half_flows, "unguarded": network.unguarded, "dangling": network.dangling}


def documented():
    """Heading of FLOWS.md -> the flows of its table."""
    tables = {}
    for section in (KUBERNETES / "FLOWS.md").read_text().split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line.startswith("|")
        ]
        tables[heading] = {Flow(*row[:3]) for row in rows[2:]}
        assert len(tables[heading]) == len(rows) - 2, f"{heading}: a flow is there twice"
    return tables


@pytest.mark.point(26)
def test_flows_of_the_base_and_of_local_are_those_of_the_page():
    page = documented()
    assert network.flows(combine()) == page["The base"]
    assert network.flows(overlay("local")) == page["The overlay local"]


@pytest.mark.point(26)
@pytest.mark.parametrize("name", ["cpu-standby", "ingress-host-network", "load-test", "prometheus"])
def test_flows_of_a_component_are_those_of_the_page(name):
    page = documented()
    gone = {flow for flow in page["The base"] if "namespace monitoring" in (flow.source, flow.target)}
    expected = page["The base"] - (gone if name == "prometheus" else set())
    assert network.flows(combine(name)) == expected | page[f"With the component {name}"]


def test_gateways_ask_the_standby_as_long_as_its_component_is_listed():
    """So that applying again does not move them back."""
    for names, asked in ((["cpu-standby"], "model-server"), (["cpu-standby", "on-standby"], "model-server-standby")):
        service = find(combine("gpu", *names), "Service", "model-server")
        assert service["spec"]["selector"]["app.kubernetes.io/component"] == asked


@pytest.mark.point(26)
def test_other_components_open_nothing(renders):
    every = set().union(*documented().values())
    for name, objects in renders.items():
        if name in ("overlay airgap", "overlay site-template"):
            continue
        assert network.flows(objects) <= every, name
    assert network.flows(overlay("airgap")) == network.flows(overlay("hospital")) == documented()["The base"]


@pytest.mark.point(26)
@pytest.mark.parametrize("check", CHECKS)
def test_every_render(renders, check):
    assert {name: found for name, objects in renders.items() if (found := CHECKS[check](objects))} == {}


@pytest.mark.point(26)
def test_the_model_server_is_for_gateways_alone_and_its_rest_port_for_nobody(renders):
    for objects in renders.values():
        into = {flow for flow in network.flows(objects) if flow.target.startswith("model-server")}
        assert {flow.source for flow in into if flow.ports == "8500"} == {"gateway"}
        assert not [flow for flow in into if flow.ports == "8501"]
        services = of_kind(objects, "Service")
        assert not [port for each in services for port in each["spec"]["ports"] if port["port"] == 8501]


@pytest.mark.point(26)
def test_every_pod_has_a_policy_of_its_own_or_needs_none(renders):
    for objects in renders.values():
        named = {
            policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
            for policy in of_kind(objects, "NetworkPolicy")
            if policy["spec"]["podSelector"]
        }
        talking = {each.component for each in workloads(objects)} - {"model-delivery", "training"}
        if workload(objects, "gateway").owner["spec"]["strategy"]["type"] == "Recreate":
            talking -= {"records"}  # SQLite is a file
        assert named == talking


def test_mistakes_are_found():
    objects = combine()
    find(objects, "NetworkPolicy", "model-server-from-gateway")["spec"]["ingress"][0]["ports"][0]["port"] = 8501
    assert network.half_flows(objects) != []
    objects = [each for each in combine() if each["metadata"]["name"] != "default-deny"]
    assert network.unguarded(objects) == ["nothing is closed by default"]
    objects = combine()
    find(objects, "NetworkPolicy", "dns")["spec"]["egress"][0].pop("to")
    assert any("open for everybody" in sentence for sentence in network.unguarded(objects))
    objects = combine()
    find(objects, "Service", "gateway")["spec"]["ports"][0]["targetPort"] = "web"
    assert network.dangling(objects) == ["Service/gateway: Deployment/gateway has no port web"]
    objects = combine("ingress")
    find(objects, "Ingress", "gateway")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"][
        "name"
    ] = "web"
    assert network.dangling(objects) == ["Ingress: Service gateway has no port web"]
    objects = combine("prometheus-operator")
    find(objects, "ServiceMonitor", "gateway")["spec"]["endpoints"][0]["port"] = "web"
    assert network.dangling(objects) == ["ServiceMonitor/gateway: no Service has a port web"]
    objects = combine()
    workload(objects, "gateway").container("gateway")["livenessProbe"]["httpGet"]["port"] = "web"
    assert network.dangling(objects) != []


@pytest.mark.point(19)
def test_calls_are_balanced_over_a_headless_service(renders):
    """That two servers both get calls: tests/gateway/upstream/test_names.py."""
    for objects in renders.values():
        assert find(objects, "Service", "model-server")["spec"]["clusterIP"] == "None"
        settings = find(objects, "ConfigMap", "gateway-settings")["data"]
        assert settings["SYMMETRA_MODEL_SERVER"] == "dns:///model-server:8500"
        # For promotions, which must see every server, also those that are not ready.
        assert find(objects, "Service", "model-server-all")["spec"]["publishNotReadyAddresses"] is True


@pytest.mark.point(27)
def test_the_ingress_ends_tls_and_lets_photos_through():
    objects = combine("ingress")
    ingress = find(objects, "Ingress", "gateway")
    assert ingress["spec"]["tls"] == [{"hosts": [ingress["spec"]["rules"][0]["host"]], "secretName": "symmetra-tls"}]
    annotations = ingress["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "11m"
    assert annotations["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "off"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 45
    table = (KUBERNETES / "components/ingress/README.md").read_text()
    assert len(re.findall(r"^\| (ingress-nginx|NGINX of F5|HAProxy|Traefik|Contour)", table, flags=re.MULTILINE)) >= 3
    certificate = find(combine("ingress", "cert-manager"), "Certificate", "symmetra-tls")
    assert certificate["spec"]["secretName"] == "symmetra-tls"


@pytest.mark.point(27)
def test_mtls_reaches_every_end_of_the_connection():
    objects = combine("mtls")
    server = workload(objects, "model-server")
    assert "--ssl_config_file=/run/symmetra/tls/ssl.config" in server.container("tensorflow-serving")["args"]
    assert "--server=unix:/run/symmetra/socket/grpc.sock" in server.container("probe")["args"]
    for name in ("tensorflow-serving", "probe"):
        assert "/run/symmetra/socket" in [mount["mountPath"] for mount in server.container(name)["volumeMounts"]]
    settings = find(objects, "ConfigMap", "gateway-settings")["data"]
    mounted = [mount["mountPath"] for mount in workload(objects, "gateway").container("gateway")["volumeMounts"]]
    files = [value for key, value in settings.items() if key.startswith("SYMMETRA_MODEL_SERVER_C")]
    assert len(files) == 3
    assert all(any(file.startswith(f"{path}/") for path in mounted) for file in files)
