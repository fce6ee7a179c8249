"""What an API server would refuse, warn of, or keep in other words: read from the renders, because none runs here."""

import pytest

from tests.support.manifests import admission
from tests.support.manifests.objects import find, workload
from tests.support.manifests.renders import combine

pytestmark = pytest.mark.needs_tool()
CHECKS = {
    "odd_amounts": admission.odd_amounts,
    "leftovers": admission.leftovers,
    "misnamed": admission.misnamed,
    "doubled": admission.doubled,
    "unadmitted": admission.unadmitted,
    "too_large": admission.too_large,
    "out_of_order": admission.out_of_order,
    "uncovered": admission.uncovered,
}


@pytest.mark.point(2, 4, 10, 15, 22)
@pytest.mark.parametrize("check", CHECKS)
def test_every_render(renders, check):
    assert {name: found for name, objects in renders.items() if (found := CHECKS[check](objects))} == {}


@pytest.mark.parametrize("amount", ["0", "1", 1, "500m", "1536Mi", "3Gi", "10M"])
def test_amounts_as_the_server_keeps_them(amount):
    assert admission.is_canonical(amount)


@pytest.mark.parametrize("amount", ["0.5", "1000m", "1024Mi", "1.5Gi", "0Mi", 0.1, "2048Ki", "1e3"])
def test_amounts_in_other_words(amount):
    assert not admission.is_canonical(amount)


def gateway(objects):
    return workload(objects, "gateway")


MISTAKES = {
    "odd_amounts": lambda objects: gateway(objects).containers()[0]["resources"]["requests"].update(cpu="1000m"),
    "leftovers": lambda objects: gateway(objects).spec.update(serviceAccount="gateway"),
    "misnamed": lambda objects: find(objects, "Service", "gateway")["metadata"].update(name="1-gateway"),
    "doubled": lambda objects: (
        gateway(objects).containers()[0]["env"].append({"name": "SSL_CERT_FILE", "value": "/elsewhere"})
    ),
    "unadmitted": lambda objects: gateway(objects).spec["volumes"].append({"name": "h", "hostPath": {"path": "/"}}),
    "too_large": lambda objects: find(objects, "ConfigMap", "gateway-settings")["data"].update(x="x" * 262_144),
    "out_of_order": lambda objects: objects.append(find(objects, "ServiceAccount", "gateway")),
    "uncovered": lambda objects: (
        workload(objects, "model-server")
        .owner["spec"]["strategy"]
        .update(rollingUpdate={"maxSurge": 1, "maxUnavailable": 0})
    ),
}


@pytest.mark.parametrize("check", CHECKS)
def test_a_mistake_is_found(check):
    objects = combine("gpu")
    assert CHECKS[check](objects) == []
    MISTAKES[check](objects)
    assert CHECKS[check](objects) != []
