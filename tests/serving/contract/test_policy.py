"""`policy.json`: with and without abstention, and what cannot be trusted is refused."""

from __future__ import annotations

import json

import pytest

from serving.contract.errors import ContractInvalid
from serving.contract.policy import JITTER_VERSION, QUALITY_MEASURES, Abstention, Policy, QualityLimit
from serving.contract.quality import Quality
from serving.contract.severity import Thresholds

ABSTENTION = Abstention(
    instability_max_ppm=80_000,
    stated_coverage=0.9,
    measured_coverage=0.92,
    quality={"sharpness": QualityLimit(min=0.1), "luminance": QualityLimit(min=30.0, max=220.0)},
)
CAUTIOUS = Policy(number=3, abstention=ABSTENTION)
DIGEST_OF_THE_FIRST_SCHEMA = "16552519fe13f438"


def changed(text: str, **changes: object) -> str:
    return json.dumps(json.loads(text) | changes)


def without(text: str, name: str) -> str:
    return json.dumps({key: value for key, value in json.loads(text).items() if key != name})


def abstaining(**changes: object) -> str:
    content = json.loads(CAUTIOUS.to_json())
    return json.dumps(content | {"abstention": content["abstention"] | changes})


@pytest.mark.parametrize("policy", [Policy(number=4, thresholds=Thresholds(100_000, 200_000)), CAUTIOUS])
def test_a_policy_survives_being_written_and_read(policy: Policy) -> None:
    assert Policy.from_json(policy.to_json()) == policy
    assert Policy.from_json(policy.to_json()).digest == policy.digest


def test_policies_that_differ_in_anything_have_different_digests() -> None:
    other = Abstention(80_001, 0.9, 0.92, quality=ABSTENTION.quality)
    policies = [
        Policy(),
        Policy(number=5),
        Policy(thresholds=Thresholds(1, 10_000)),
        Policy(abstention=ABSTENTION),
        Policy(abstention=other),
    ]
    assert len({policy.digest for policy in policies}) == len(policies)


def test_a_policy_without_abstention_keeps_the_bytes_and_the_digest_it_had_before_abstention_existed() -> None:
    first = '{\n  "number": 1,\n  "schema": "symmetra.policy/1",\n  "thresholds": {\n    "mild_max_ppm": 600000,\n    '
    first += '"none_max_ppm": 300000\n  }\n}\n'
    assert Policy.from_json(first) == Policy()
    assert Policy().to_json() == first
    assert Policy().digest.startswith(DIGEST_OF_THE_FIRST_SCHEMA)


def test_abstention_names_the_jitter_it_was_chosen_under() -> None:
    content = json.loads(CAUTIOUS.to_json())
    assert content["schema"] == "symmetra.policy/2"
    assert content["abstention"]["jitter"] == JITTER_VERSION


def test_quality_limit_includes_its_ends_and_no_measure_that_is_not_a_number() -> None:
    limit = QualityLimit(min=1.0, max=2.0)
    assert [limit.allows(value) for value in (0.99, 1.0, 2.0, 2.01, float("nan"))] == [False, True, True, False, False]
    assert QualityLimit(min=1.0).allows(1e9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        changed(Policy().to_json(), schema="symmetra.policy/2"),
        changed(Policy().to_json(), schema="symmetra.policy/3"),
        changed(Policy().to_json(), surprise=1),
        changed(Policy().to_json(), number="x"),
        changed(Policy().to_json(), number=1.0),
        changed(Policy().to_json(), thresholds={"none_max_ppm": 300_000.5, "mild_max_ppm": 600_000}),
        changed(Policy().to_json(), thresholds={"none_max_ppm": "1", "mild_max_ppm": "2"}),
        changed(Policy().to_json(), thresholds={"none_max_ppm": 7}) + "]",
        changed(Policy().to_json(), thresholds={"none": 7}),
        changed(Policy().to_json(), thresholds={"none_max_ppm": 700_000, "mild_max_ppm": 600_000}),
        changed(Policy().to_json(), abstention=None),
        without(Policy().to_json(), "thresholds"),
        changed(CAUTIOUS.to_json(), schema="symmetra.policy/1"),
        changed(CAUTIOUS.to_json(), abstention=None),
        changed(CAUTIOUS.to_json(), abstention=[]),
        without(CAUTIOUS.to_json(), "abstention"),
        abstaining(surprise=1),
        abstaining(instability_max_ppm=1.5),
        abstaining(instability_max_ppm=True),
        abstaining(instability_max_ppm=-1),
        abstaining(instability_max_ppm=1_000_001),
        abstaining(stated_coverage=0),
        abstaining(stated_coverage=1.1),
        abstaining(measured_coverage=float("nan")),
        abstaining(jitter=7),
        abstaining(quality=[]),
        abstaining(quality={"charm": {"min": 1.0}}),
        abstaining(quality={"sharpness": {"least": 1.0}}),
        abstaining(quality={"sharpness": {}}),
        abstaining(quality={"sharpness": {"min": 2.0, "max": 1.0}}),
        abstaining(quality={"sharpness": {"min": "1"}}),
    ],
)
def test_a_policy_that_cannot_be_trusted_is_refused(text: str) -> None:
    with pytest.raises(ContractInvalid):
        Policy.from_json(text)


def test_measures_that_may_be_limited_are_those_that_are_measured():
    assert tuple(Quality().as_dict()) == QUALITY_MEASURES
