from dataclasses import dataclass

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from gateway.errors import PredictorUnavailable
from gateway.observing import gateway_metrics
from gateway.pin import PinReader
from gateway.predictor import Scores
from gateway.stop.examiner import Examiner
from gateway.stop.pause_reader import PauseReader
from gateway.stop.sentinel import Sentinel
from gateway.stop.stop_switch import StopSwitch
from serving.repository import ModelRepository
from tests.support.golden_server import GOLDEN_P, MODEL, publish_golden_version


class GoldenPredictor:
    """Answers each golden crop by the number that it carries, as several model servers in turn."""

    def __init__(self) -> None:
        self.servers = [GOLDEN_P.astype(np.float64)]
        self.away = False
        self.asked: list[list[int]] = []

    def predict(self, crops, model, _deadline):
        if self.away:
            raise PredictorUnavailable
        numbers = crops[:, 0, 0, 0].tolist()
        p = self.servers[len(self.asked) % len(self.servers)][numbers].tolist()
        self.asked.append(numbers)
        return Scores(p[0], model.version, tuple(p[1:]))


@dataclass
class Watched:
    """A published version, a model that answers for it, and a sentinel that watches both."""

    repository: ModelRepository
    predictor: GoldenPredictor
    sentinel: Sentinel
    switch: StopSwitch
    pauses: PauseReader
    registry: CollectorRegistry

    def looks(self, result):
        return self.registry.get_sample_value("symmetra_sentinel_looks_total", {"result": result})

    @property
    def watching(self):
        return self.registry.get_sample_value("symmetra_sentinel_watching")


@pytest.fixture
def watched(tmp_path):
    publish_golden_version(tmp_path)
    repository = ModelRepository(tmp_path, MODEL)
    registry = CollectorRegistry()
    predictor = GoldenPredictor()
    switch = StopSwitch(repository.directory)
    pauses = PauseReader(repository.directory, lambda _: None)
    sentinel = Sentinel(
        pins=PinReader(repository, allow_demo=True, on_change=lambda _: None),
        examiner=Examiner(repository, predictor, deadline_seconds=5.0),
        switch=switch,
        pauses=pauses,
        metrics=gateway_metrics(registry),
    )
    return Watched(repository, predictor, sentinel, switch, pauses, registry)
