"""The class of traffic comes from the key; a header only chooses among what the key grants."""

import pytest

from monitoring.metrics import TRAFFIC_CLASSES
from tests.support.access import add_key
from tests.support.gateway import FakeGateway

HEADER = "X-Traffic-Class"


@pytest.fixture
def keyed(tmp_path):
    return FakeGateway(tmp_path, api_keys_file=tmp_path / "keys.json")


def screen(gateway, key, traffic=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return gateway.screen(headers=headers | ({HEADER: traffic} if traffic is not None else {}))


def answered(gateway):
    return {
        each: gateway.metric("symmetra_screenings_total", outcome="answered", traffic=each) for each in TRAFFIC_CLASSES
    }


@pytest.mark.parametrize("traffic", TRAFFIC_CLASSES)
def test_a_key_of_one_class_needs_no_header_and_gets_no_other_class(keyed, traffic):
    key = add_key(keyed.settings.api_keys_file, traffic=(traffic,))
    assert screen(keyed, key).status_code == 200
    assert screen(keyed, key, traffic).status_code == 200
    for other in {*TRAFFIC_CLASSES, "", "Patient", "vip"} - {traffic}:
        response = screen(keyed, key, other)
        assert (response.status_code, response.json["code"]) == (403, "traffic_not_granted")
    assert answered(keyed) == dict.fromkeys(TRAFFIC_CLASSES, 0) | {traffic: 2}


def test_a_key_of_several_classes_has_its_first_unless_the_header_chooses(keyed):
    key = add_key(keyed.settings.api_keys_file, traffic=("loadtest", "sentinel"))
    for chosen in (None, "sentinel", "loadtest"):
        assert screen(keyed, key, chosen).status_code == 200
    assert screen(keyed, key, "patient").status_code == 403
    assert answered(keyed) == {"patient": 0, "sentinel": 1, "loadtest": 2}


def test_without_keys_all_traffic_is_of_patients_whatever_a_header_says(gateway):
    assert screen(gateway, None, "sentinel").status_code == 403
    assert screen(gateway, None, "patient").status_code == 200
    assert answered(gateway) == {"patient": 1, "sentinel": 0, "loadtest": 0}
