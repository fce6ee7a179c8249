"""The flow from a photo to an answer: admission, crop, model, band; every stage timed and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import flask
import numpy as np
from numpy.typing import NDArray

from gateway.access.form_check import require_form_token
from gateway.access.scopes import Scope
from gateway.admission.admission import Admission
from gateway.answer import Answer
from gateway.caller import Caller
from gateway.crops import CropMaker
from gateway.deadline import Deadline
from gateway.errors import (
    ClientRateExceeded,
    DeadlinePassed,
    ExplanationMissing,
    GatewayError,
    InternalError,
    Overloaded,
    QueueFull,
    UploadMemoryFull,
    WaitTooLong,
)
from gateway.idempotency import Repetitions
from gateway.notice import Notices
from gateway.options import Options, OptionsReader
from gateway.pin import PinnedModel, PinReader
from gateway.predictor import Mirror, Predictor
from gateway.references import References
from gateway.stop.pause_reader import PauseReader
from gateway.tracing import note_stage
from gateway.uploads import UploadReader
from monitoring.metrics import Metrics
from serving.contract.errors import ContractError, ModelAnswerInvalid

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.recorder import Recorder

ANSWERED = "answered"
ABSTAINED = "abstained"
REPEATED = "repeated"
"""The answer of an earlier request, whose id it carries (`gateway.idempotency`)."""
SeeCrop = Callable[[NDArray[np.uint8]], None]
SHED_REASONS: dict[type[Exception], str] = {
    QueueFull: "queue_full",
    WaitTooLong: "wait_too_long",
    DeadlinePassed: "deadline_passed",
    UploadMemoryFull: "upload_memory_full",
    ClientRateExceeded: "client_rate",
}


class Screener:
    """Answers photos.

    Args:
        pauses: Whether screening is paused.
        pins: Which version to ask.
        references: What its profile expects.
        options: Reads what is asked for beside the photo.
        notices: What the site wants confirmed for it.
        uploads: Takes the photo out of the request.
        repetitions: Answers a repeated request as before.
        admission: Who is let in.
        crops: Makes crops.
        predictor: Asks the model.
        shadow: Compares another version with the pinned one, if any.
        recorder: Keeps a receipt of every answer, where the site wants them.
        metrics: Told about everything.
        deadline_seconds: For one answer, from the complete photo on.
    """

    def __init__(
        self,
        *,
        pauses: PauseReader,
        pins: PinReader,
        references: References,
        options: OptionsReader,
        notices: Notices,
        uploads: UploadReader,
        repetitions: Repetitions,
        admission: Admission,
        crops: CropMaker,
        predictor: Predictor,
        shadow: Mirror | None,
        recorder: Recorder | None,
        metrics: Metrics,
        deadline_seconds: float,
    ) -> None:
        self._pauses = pauses
        self._pins = pins
        self._references = references
        self._options = options
        self._notices = notices
        self._uploads = uploads
        self._repetitions = repetitions
        self._admission = admission
        self._crops = crops
        self._predictor = predictor
        self._shadow = shadow
        self._recorder = recorder
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds

    @property
    def may_refuse_on_arrival(self) -> bool:
        """Whether `refusal_on_arrival` may refuse anybody just now."""
        return self._admission.may_refuse(self._deadline_seconds)

    def refusal_on_arrival(self, request: flask.Request, caller: Caller) -> GatewayError | None:
        """What `screen` would refuse this request with before its photo is received, and counted as there.

        None where it would not, or for another reason than load: then nothing was counted, and `screen` is to be asked.
        """
        if self._pauses.current() is not None:
            return None
        try:
            self._admission.refuse(request, caller, self._deadline_seconds)
        except (Overloaded, ClientRateExceeded) as error:
            self._count_problem(error, caller.traffic)
            return error
        return None

    def screen(
        self,
        request: flask.Request,
        request_id: str,
        caller: Caller,
        *,
        see_crop: SeeCrop | None = None,
        after_view: bool = False,
    ) -> Answer:
        """Answer the photo of one request; a repetition gets the earlier answer, which carries another id.

        Args:
            request: With the photo.
            request_id: The answer's id.
            caller: Who asks.
            see_crop: Shown the crop that the answer rests on, which is kept nowhere; not called for a repetition.
            after_view: Whether the caller is shown the score only after saying which band they expect; nothing is explained then.

        Raises:
            PhotoError: the photo gets no score.
            ModelAnswerInvalid: the model answered no probability.
            GatewayError: anything else that went wrong, by name.
        """
        traffic = caller.traffic
        try:
            self._pauses.require_running(traffic)
            answer = self._screen(request, request_id, caller, see_crop, after_view=after_view)
        except (ContractError, GatewayError) as error:
            self._count_problem(error, traffic)
            raise
        except Exception:
            self._metrics.count_screening(InternalError.code, traffic)
            raise
        if answer.id != request_id:
            self._metrics.count_screening(REPEATED, traffic)
        else:
            self._count(answer, traffic)
        return answer

    def _count_problem(self, error: ContractError | GatewayError, traffic: str) -> None:
        if type(error) in SHED_REASONS:
            self._metrics.count_shed(SHED_REASONS[type(error)])
        self._metrics.count_screening(error.code, traffic)

    def _count(self, answer: Answer, traffic: str) -> None:
        """The severity counts with and without a band: the reference profile holds every photo too."""
        version = answer.model.version
        self._references.follow(answer.model)
        self._metrics.count_answer(version, answer.severity_ppm, answer.band, traffic)
        self._metrics.count_photo(
            version,
            answer.severity_ppm,
            answer.quality.as_dict(),
            subject_digest=answer.subject_digest,
            traffic=traffic,
        )
        for doubt in answer.doubts:
            self._metrics.count_abstention(version, doubt, traffic)
        self._metrics.count_screening(ABSTAINED if answer.doubts else ANSWERED, traffic)

    def _screen(
        self, request: flask.Request, request_id: str, caller: Caller, see_crop: SeeCrop | None, *, after_view: bool
    ) -> Answer:
        # Before anything is received, whatever would be refused afterwards: refusing must cost next to nothing.
        self._admission.count_request(request, caller)
        self._admission.require_room(self._deadline_seconds, caller)
        options = self._options.of_head(request)
        self._pins.current()
        self._predictor.require_reachable()
        stages = StageClock(self._metrics, caller.traffic)
        started = time.perf_counter()
        with self._uploads.upload_of(request) as upload:
            stages.record("upload", time.perf_counter() - started)
            require_form_token(upload.fields)
            options = self._options.with_fields(options, upload.fields)
            notice_version = self._notices.confirmed(options.notice_version, caller.traffic)
            options = replace(options, notice_version=notice_version)
            if after_view:
                # An explanation is not kept, and would be gone when the score is shown.
                options = replace(options, explain=False, after_view=True)
            model = self._pins.current()  # now, and not before an upload that may have taken half a minute
            if options.explain:
                caller.require(Scope.EXPLAIN)
                if not model.contract.asymmetry_regions:
                    raise ExplanationMissing
            deadline = Deadline.after(self._deadline_seconds)

            def answer_now() -> Answer:
                return self._answer(
                    request_id,
                    upload.photo,
                    options=options,
                    model=model,
                    caller=caller,
                    deadline=deadline,
                    stages=stages,
                    see_crop=see_crop,
                )

            return self._repetitions.answer_once(
                caller.name,
                caller.traffic,
                options,
                upload.photo,
                terms=(model, self._pauses.mark()),
                deadline=deadline,
                answer=answer_now,
            )

    def _answer(
        self,
        request_id: str,
        photo: bytes,
        *,
        options: Options,
        model: PinnedModel,
        caller: Caller,
        deadline: Deadline,
        stages: StageClock,
        see_crop: SeeCrop | None,
    ) -> Answer:
        abstains = model.policy.abstention is not None
        explanation = None
        received = time.perf_counter()
        try:
            with self._admission.place(deadline, caller):
                stages.record("queue", time.perf_counter() - received)
                self._predictor.require_reachable()  # it may have gone away while this one waited
                prepared = self._crops.make(photo, model.contract.crop, deadline, with_copies=abstains)
                timings = prepared.timings
                stages.record("decode", timings.decode, before_seconds=timings.face + timings.jitter)
                stages.record("face", timings.face, before_seconds=timings.jitter)
                if abstains:
                    stages.record("jitter", timings.jitter)
                deadline.require_time_left()
                with stages.timing("predict"):
                    scores = self._predictor.predict(prepared.rows, model, deadline)
                if options.explain:
                    with stages.timing("explain"):
                        explanation = self._predictor.explain(prepared.crop, model, deadline)
        finally:
            stages.record_total(time.perf_counter() - received)
        try:
            answer = Answer.of(
                request_id,
                scores,
                prepared,
                model,
                stages.timings_seconds,
                explanation=explanation,
                subject_digest=options.subject_digest,
                after_view=options.after_view,
                notice_version=options.notice_version,
            )
        except ModelAnswerInvalid:
            self._metrics.count_invalid_answer(model.version)
            raise
        self._pauses.require_running(caller.traffic)  # a pause that began meanwhile counts for this answer too
        if self._recorder is not None:
            self._recorder.record(answer, photo, caller, deadline)
        if see_crop is not None:
            see_crop(prepared.crop)
        if self._shadow is not None:
            self._shadow.mirror(prepared.crop, scores, model, caller.traffic)
        return answer


class StageClock:
    """Notes the time of each stage, for the answer and for the metrics."""

    def __init__(self, metrics: Metrics, traffic: str) -> None:
        self._metrics = metrics
        self._traffic = traffic
        self.timings_seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Generator[None, None, None]:
        """Record how long the block took, where it ended well."""
        started = time.perf_counter()
        yield
        self.record(stage, time.perf_counter() - started)

    def record(self, stage: str, seconds: float, *, before_seconds: float = 0.0) -> None:
        """One stage took so long, and ended so long before now."""
        self._keep(stage, seconds)
        note_stage(stage, seconds, before_seconds=before_seconds)

    def record_total(self, seconds: float) -> None:
        """All of it took so long, which is a stage for metrics only: a span of the whole request is there anyway."""
        self._keep("total", seconds)

    def _keep(self, stage: str, seconds: float) -> None:
        self.timings_seconds[stage] = round(seconds, 6)
        self._metrics.observe_stage(stage, seconds, self._traffic)
