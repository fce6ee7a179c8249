import html
import re

import jsonschema_rs
import pytest

from gateway.access.routes import OPEN, ROUTES
from gateway.errors import AccessError, AccessUnavailable, CrossSiteRequest, HostNotLocal, TrafficNotGranted
from gateway.openapi.document import AT_SIGN_IN, describe_api, path_of, problems_of
from gateway.openapi.operations import LEFT_OUT, OPERATIONS
from gateway.openapi.problem_docs import PROBLEM_DOCS
from gateway.problems import KINDS, all_codes, kind_of, problem_classes
from serving.contract.errors import NoFace
from serving.contract.jitter import JITTER_COPIES
from serving.contract.policy import Abstention, Policy, QualityLimit
from tests.support.gateway import FakeGateway, multipart, write_policy

REGIONS = ("eyes", "brows", "mouth", "jaw")


@pytest.fixture
def document(gateway):
    return gateway.client.get("/openapi.json").json


def operations(document):
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def check(document, method, path, response):
    """Hold an answer against what is documented for it."""
    documented = document["paths"][path][method.lower()]["responses"][str(response.status_code)]
    content = documented["content"][response.content_type.split(";")[0]]
    schema = {**content["schema"], "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(response.json)
    for name in set(response.headers.keys()) & {"Retry-After", "Idempotency-Replayed"}:
        assert name in documented["headers"]


def test_every_route_and_method_is_described_and_no_other(document):
    assert set(operations(document)) == {
        (method, path_of(template)) for method, template in ROUTES if not template.startswith(LEFT_OUT)
    }
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("access", [True, False])
def test_every_code_is_described_with_its_status(access):
    described = {}
    for operation in operations(describe_api(access=access)).values():
        for status, response in operation["responses"].items():
            # The operator page itself says why a pause may not end.
            if status != "200" and (operation["operationId"], status) != ("resumeScreening", "409"):
                (_, limits) = response["content"]["application/problem+json"]["schema"]["allOf"]
                described |= dict.fromkeys(limits["properties"]["code"]["enum"], int(status))
                assert limits["properties"]["status"]["const"] == int(status)
    of_access = [each for each in problem_classes() if issubclass(each, (AccessError, AccessUnavailable))]
    of_no_access = [TrafficNotGranted, HostNotLocal, CrossSiteRequest]
    left_out = {HostNotLocal} if access else set(of_access) - set(of_no_access)
    expected = {each.code: kind_of(each).status for each in problem_classes() if each not in {*left_out, *AT_SIGN_IN}}
    del expected["method_not_allowed"]  # among the components: no operation that is described can meet it
    assert described == expected


def test_every_status_of_the_table_is_described():
    described = {
        status
        for access in (True, False)
        for operation in operations(describe_api(access=access)).values()
        for status in operation["responses"]
    }
    assert {str(kind.status) for kind in KINDS.values()} - {"405"} <= described


def test_a_gateway_without_keys_speaks_of_none(document):
    assert "securitySchemes" not in document["components"]
    assert not [operation for operation in operations(document).values() if "security" in operation]


def test_with_keys_exactly_the_routes_that_need_one_say_so():
    described = describe_api(access=True)
    for operation in OPERATIONS:
        says = operations(described)[operation.method, path_of(operation.template)]
        assert bool(says["security"]) is (ROUTES[operation.method, operation.template] is not OPEN)
        assert ("401" in says["responses"]) is bool(says["security"])


def test_answers_are_as_described(tmp_path):
    gateway = FakeGateway(tmp_path, contract={"asymmetry_regions": REGIONS})
    document = gateway.client.get("/openapi.json").json
    check(document, "POST", "/v1/screenings", gateway.screen())
    form, content_type = multipart(("explain", None, b"true"), ("photo", "a", b"photo"))
    check(document, "POST", "/v1/screenings", gateway.screen(form, content_type, headers={"Idempotency-Key": "k"}))
    check(document, "POST", "/v1/screenings", gateway.screen(form, content_type, headers={"Idempotency-Key": "k"}))
    limits = {"luminance": QualityLimit(min=0.6), "turn": QualityLimit(max=0.6)}
    write_policy(gateway.repository, Policy(abstention=Abstention(10, 0.9, 0.9, quality=limits)))
    gateway.predictor.jittered_p = (0.9,) * JITTER_COPIES
    abstained = gateway.screen()
    assert abstained.json["abstained"]
    check(document, "POST", "/v1/screenings", abstained)
    for path in ("/v1/models", "/healthz", "/readyz", "/readyz/model", "/openapi.json"):
        check(document, "GET", path, gateway.client.get(path))


def test_every_member_of_an_answer_is_described(tmp_path):
    gateway = FakeGateway(tmp_path, contract={"asymmetry_regions": REGIONS})
    schemas = gateway.client.get("/openapi.json").json["components"]["schemas"]
    form, content_type = multipart(("explain", None, b"true"), ("photo", "a", b"photo"))
    answer = gateway.screen(form, content_type).json
    assert set(answer) == set(schemas["Answer"]["properties"])
    assert set(answer["explanation"]) == set(schemas["Explanation"]["properties"])
    (model,) = gateway.client.get("/v1/models").json["models"]
    assert set(model) == set(schemas["ModelDetails"]["properties"])
    gateway.crops.error = NoFace()
    assert set(gateway.screen().json) == set(schemas["Problem"]["properties"])


def test_refusals_are_as_described(gateway, document):
    (screening,) = [each for each in OPERATIONS if each.id == "createScreening"]
    for error in problems_of(screening, access=False):
        gateway.crops.error = error()
        check(document, "POST", "/v1/screenings", gateway.screen())


def test_every_code_has_a_page_with_cause_and_remedy_and_every_problem_a_link_to_it(gateway):
    assert set(PROBLEM_DOCS) == set(all_codes())
    for code, doc in PROBLEM_DOCS.items():
        page = html.unescape(re.sub("<[^>]+>", "", gateway.client.get(f"/problems/v1/{code}").text))
        assert all(part.replace("`", "") in page for part in (code, doc.cause, doc.remedy))
    response = gateway.client.get("/nowhere")
    assert response.headers["Link"] == '</problems/v1/route_unknown>; rel="help"'
    assert gateway.client.get("/problems/v1/unheard_of").status_code == 404


def test_the_reference_names_every_operation_schema_and_code_and_holds_no_script(gateway, document):
    page = gateway.client.get("/reference").text
    for method, path in operations(document):
        assert f"{method} {path}" in page
    for schema in document["components"]["schemas"]:
        assert f'id="schema-{schema}"' in page
    for code in all_codes():
        assert f'href="/problems/v1/{code}"' in page
    assert "`" not in page
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r'(?:src|href)="(?![/#])', page)
    for target in set(re.findall(r'href="#([^"]+)"', page)):
        assert f'id="{target}"' in page
