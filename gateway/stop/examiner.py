"""Holds the pinned version against what was published: its files, and its answers to golden crops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import PredictorError
from gateway.pin import PinnedModel
from gateway.predictor import Predictor
from gateway.stop.finding import Finding, LookResult, judge_answers
from gateway.stop.version_files import FilesDiffer, FilesUnreadable, VersionContent, VersionFiles
from serving.repository import ModelRepository
from serving.wire.golden_check import GoldenCrops

CROPS_PER_CALL: Final = 8
"""A handful. A closer look asks as many calls as it takes, so that several model servers answer some of them."""


class Examiner:
    """Looks at the version in service.

    Args:
        repository: Holds the version's files.
        predictor: Asks the model as for any photo.
        deadline_seconds: For each call.
        in_thread: Runs what reads files where it holds nobody up, and returns its result.
    """

    def __init__(
        self,
        repository: ModelRepository,
        predictor: Predictor,
        *,
        deadline_seconds: float,
        in_thread: Callable[[Callable[[], VersionContent]], VersionContent] = lambda work: work(),
    ) -> None:
        self._files = VersionFiles(repository)
        self._predictor = predictor
        self._deadline_seconds = deadline_seconds
        self._in_thread = in_thread
        self._turn = 0

    def look(self, model: PinnedModel) -> Finding:
        """Ask about a handful of golden crops, others each time, low and high answers among them."""
        content = self._read(model, anew=False)
        if isinstance(content, Finding):
            return content
        handfuls = list(split_golden(content))
        self._turn = (self._turn + 1) % len(handfuls)
        return self._ask(model, [handfuls[self._turn]])

    def look_closely(self, model: PinnedModel) -> Finding:
        """Read every file anew and ask about every golden crop."""
        content = self._read(model, anew=True)
        if isinstance(content, Finding):
            return content
        return self._ask(model, list(split_golden(content)))

    def _read(self, model: PinnedModel, *, anew: bool) -> GoldenCrops | Finding:
        try:
            golden = self._in_thread(lambda: self._files.read(model, anew=anew)).golden
        except FilesUnreadable as error:
            return Finding(LookResult.OFF, str(error))
        except FilesDiffer as error:
            return Finding(LookResult.DIGEST_MISMATCH, str(error))
        if golden is None:
            return Finding(LookResult.OFF, f"version {model.version} holds no golden crops")
        return golden

    def _ask(self, model: PinnedModel, handfuls: list[GoldenCrops]) -> Finding:
        asked, answered = [], []
        try:
            for golden in handfuls:
                scores = self._predictor.predict(golden.crops, model, Deadline.after(self._deadline_seconds))
                p = np.array([scores.p_no_depression, *scores.jittered_p], np.float64)
                if len(p) != len(golden.crops):
                    return Finding(LookResult.UNAVAILABLE, "the model did not answer every crop")
                asked.append(golden)
                answered.append(p)
        except PredictorError as error:
            # Wrong answers that were seen before the model went away count: they were given.
            said = judge_all(answered, asked, model) if asked else None
            return said if said and said.pause_reason else Finding(LookResult.UNAVAILABLE, error.code)
        return judge_all(answered, asked, model)


def judge_all(answered: list[NDArray[np.float64]], asked: list[GoldenCrops], model: PinnedModel) -> Finding:
    """One finding for several calls: right only where each is, because each may have been another model server's."""
    findings = [judge_answers(p, golden, model.contract) for p, golden in zip(answered, asked, strict=True)]
    wrong = [finding for finding in findings if finding.pause_reason]
    if not wrong:
        return findings[0] if len(findings) == 1 else Finding(LookResult.RIGHT, "every golden answer is right")
    worst = next((finding for finding in wrong if finding.result is LookResult.POLARITY_REVERSED), wrong[0])
    return Finding(worst.result, worst.says, {**worst.details, "calls": len(findings), "wrong_calls": len(wrong)})


def split_golden(golden: GoldenCrops) -> Iterator[GoldenCrops]:
    """Handfuls that each go from the lowest answers to the highest, so that each can tell a reversed polarity."""
    order = np.argsort(golden.p_no_depression, kind="stable")
    count = max(1, len(order) // CROPS_PER_CALL)
    for start in range(count):
        chosen = order[start::count]
        yield GoldenCrops(
            golden.crops[chosen], golden.p_no_depression[chosen], tuple(golden.bands[index] for index in chosen)
        )
