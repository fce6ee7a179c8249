"""Every state of the page, one after the other, from a gateway whose model and crops are fakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import PredictorUnavailable, QueueFull
from gateway.stop.stop_switch import StopSwitch
from serving.contract.band_counts import BandCounts
from serving.contract.errors import NoFace, PhotoError, PhotoUnreadable
from serving.contract.model import Evidence
from serving.contract.policy import Abstention, Policy
from serving.contract.quality import Quality, QualityLimits, check_geometry
from tests.support.gateway import FakeGateway, write_policy
from tests.support.page_text import HTML_HEADERS, submit_photo
from training.reporting.model_card import limits_of

COUNTS = BandCounts({"none": 12.0, "mild": 18.0, "high": 70.0}, {"none": 160.0, "mild": 30.0, "high": 10.0}, 100, 200)
HOLDOUT = {
    "photos": 1200.0, "subjects": 300.0, "accuracy": 0.84, "accuracy_low": 0.81, "accuracy_high": 0.87, "auroc": 0.91,
    "bayes_accuracy": 0.9, "share_of_bayes": 0.85, "band_flips_mirrored": 0.0,
}  # fmt: skip
SCORES = ("answer low", "answer middle", "answer high", "explained")
"""States that show a score."""


def gateway_of_states(folder: Path, evidence: Evidence = Evidence.DEMO, **settings: Any) -> FakeGateway:
    """A gateway whose version says of itself what an exported one says."""
    contract = {
        "evidence": evidence,
        "limits": limits_of(evidence, knows_nothing=False),
        "holdout": HOLDOUT,
        "band_counts": COUNTS,
        "asymmetry_regions": ("eyes", "brows", "mouth", "jaw"),
    }
    return FakeGateway(folder, contract=contract, **settings)


def pages_of_states(gateway: FakeGateway, language: str = "en") -> Iterator[tuple[str, Any]]:
    """Name and response of each state; the gateway is paused and without a model afterwards."""
    headers = {**HTML_HEADERS, "Accept-Language": language}

    def get(address: str = "/") -> Any:
        return gateway.client.get(address, headers=headers)

    def send(**fields: str) -> Any:
        return submit_photo(gateway, language=language, **fields)

    yield "empty", get()
    for name, p in (("low", 0.9), ("middle", 0.5), ("high", 0.1)):
        gateway.predictor.p_no_depression = p
        yield f"answer {name}", send()
    yield "explained", send(explain="true")
    for error in (NoFace(), PhotoUnreadable(), QueueFull(), too_small()):
        gateway.crops.error = error
        yield error.code, send()
    gateway.crops.error = None
    write_policy(gateway.repository, Policy(abstention=Abstention(50_000, 0.9, 0.9)))
    gateway.predictor.jittered_p = (0.9,) * 8
    yield "abstention", send()
    gateway.predictor.error = ValueError("x")
    yield "fault", send()
    gateway.predictor.error = None
    gateway.predictor.away = PredictorUnavailable()
    yield "outage", get()
    yield "outage of an answer", send()
    yield "not found", get("/nowhere")
    StopSwitch(gateway.repository.directory).pause(by="ada", why="x")
    yield "paused", get()
    yield "paused answer", send()
    (gateway.repository.directory / "pin.json").unlink()
    yield "no model", get()


def too_small() -> PhotoError:
    """A refusal with figures."""
    with pytest.raises(PhotoError) as caught:
        check_geometry(Quality(inter_eye_pixels=11.4), QualityLimits())
    return caught.value
