"""Every metric of the gateway, declared once: name, unit, labels, buckets and closed label sets.

Label values come from closed sets; a value outside its set is counted as `other`, so that no client string (path, file
name, header) can add a series. Everything closed is there with zero from the start, because a rate over a series that
appears with its first failure misses that failure. Durations are wall-clock seconds.

The distribution of the answers is a counter per bin and model version: counts add up over replicas and over time,
divergences do not, so no gateway computes drift by itself (DESIGN, "Metrics").
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry

# Those that are named twice are said to be part of this module: whoever looks for a label's values looks here.
from monitoring.declaring import OTHER as OTHER  # noqa: PLC0414 - see above
from monitoring.declaring import Declaration, closed, counter, gauge, histogram, initialise
from monitoring.latency import LATENCY_BUCKETS_SECONDS as LATENCY_BUCKETS_SECONDS  # noqa: PLC0414 - see above
from monitoring.model_metrics import CIRCUIT as CIRCUIT  # noqa: PLC0414 - see above
from monitoring.model_metrics import CIRCUIT_STATES as CIRCUIT_STATES  # noqa: PLC0414 - see above
from monitoring.model_metrics import MODEL_CALLS as MODEL_CALLS  # noqa: PLC0414 - see above
from monitoring.model_metrics import MODEL_DECLARATIONS, ModelMetrics
from monitoring.photo_metrics import PHOTO_DECLARATIONS, PhotoMetrics
from monitoring.profile import ProfileReading
from monitoring.record_metrics import RECORD_DECLARATIONS, RecordMetrics
from monitoring.request_metrics import REQUEST_DECLARATIONS, RequestMetrics
from monitoring.request_metrics import STATUSES as STATUSES  # noqa: PLC0414 - see above
from monitoring.review_metrics import REVIEW_DECLARATIONS, ReviewMetrics
from monitoring.severity_bins import SEVERITY_BINS as SEVERITY_BINS  # noqa: PLC0414 - see above
from monitoring.severity_bins import severity_bin as severity_bin  # noqa: PLC0414 - see above
from monitoring.shadow_metrics import SHADOW_ANSWERS as SHADOW_ANSWERS  # noqa: PLC0414 - see above
from monitoring.shadow_metrics import SHADOW_DECLARATIONS, ShadowMetrics
from monitoring.shadow_metrics import SHADOW_MISSED as SHADOW_MISSED  # noqa: PLC0414 - see above
from monitoring.traffic import TRAFFIC_CLASSES as TRAFFIC_CLASSES  # noqa: PLC0414 - see above

STAGES: Final = ("upload", "queue", "decode", "face", "jitter", "predict", "explain", "record", "total")
"""Stages of one screening; `jitter` under a policy with abstention and `explain` on request only. `total` starts when the body is complete: a slow upload is the caller's time, not ours."""

SHED_REASONS: Final = (
    "queue_full",
    "wait_too_long",
    "deadline_passed",
    "upload_memory_full",
    "connections_full",
    "client_rate",
)
ACCESS_REFUSALS: Final = (
    "missing", "invalid", "expired", "scope", "traffic", "route", "host", "cross_site", "session_expired", "form_token", "role",
    "sign_in", "provider_unavailable", "keys_unreadable",
)  # fmt: skip
"""Why a request was not let in; never whose it was."""
PAUSE_REASONS: Final = ("operator", "golden_mismatch", "polarity_reversed", "digest_mismatch", "state_unreadable")
SENTINEL_RESULTS: Final = (
    "right", "unconfirmed", "golden_mismatch", "polarity_reversed", "digest_mismatch", "unavailable", "no_model", "off", "failed",
)  # fmt: skip
"""What a look of the sentinel found; `off` where it has nothing to compare with, `failed` where it was at fault itself."""

RECEIPT_RESULTS: Final = ("written", "failed")

BANDS: Final = ("none", "mild", "high")
DOUBTS: Final = ("unstable_answer", "unusual_photo_quality")
"""Why an answer got no band (`serving.contract.abstention`)."""


SCREENINGS: Final = Declaration(
    "symmetra_screenings",
    "counter",
    "Screenings by outcome: answered, abstained, repeated, or the code of the problem.",
    ("outcome", "traffic"),
)
STAGE_SECONDS: Final = Declaration(
    "symmetra_stage_seconds",
    "histogram",
    "Time per screening and stage.",
    ("stage", "traffic"),
    LATENCY_BUCKETS_SECONDS,
)
SEVERITY: Final = Declaration(
    "symmetra_severity",
    "counter",
    "Answers by severity bin; the label is the bin's upper edge, inclusive.",
    ("model_version", "bin", "traffic"),
)
BAND: Final = Declaration("symmetra_bands", "counter", "Answers by score band.", ("model_version", "band", "traffic"))
ABSTENTIONS: Final = Declaration(
    "symmetra_abstentions",
    "counter",
    "Answers without a band by reason; one with two reasons counts under both.",
    ("model_version", "reason", "traffic"),
)
MODEL_ANSWERS_INVALID: Final = Declaration(
    "symmetra_model_answers_invalid",
    "counter",
    "Model answers that are not a probability (NaN, infinite, out of range); none of them became a band.",
    ("model_version",),
)
IN_FLIGHT: Final = Declaration("symmetra_in_flight", "gauge", "Photos being screened now.")
QUEUED: Final = Declaration("symmetra_queue_length", "gauge", "Photos waiting for a place.")
SHED: Final = Declaration("symmetra_shed", "counter", "Screenings refused to protect the others.", ("reason",))
ACCESS_REFUSED: Final = Declaration(
    "symmetra_access_refused", "counter", "Requests that were not let in, by reason.", ("reason",)
)
UPLOAD_BYTES: Final = Declaration("symmetra_upload_memory_bytes", "gauge", "Bytes of uploads held in memory now.")
NON_FINITE: Final = Declaration(
    "symmetra_non_finite_observations", "counter", "Observations dropped because they would have poisoned a sum.", ()
)
BUILD_INFO: Final = Declaration(
    "symmetra_build_info", "gauge", "Always 1; what runs here.", ("version", "preprocessing_version")
)
MODEL_INFO: Final = Declaration(
    "symmetra_model_info", "gauge", "1 for the pinned version.", ("model", "model_version", "digest", "evidence")
)
PAUSED: Final = Declaration(
    "symmetra_paused", "gauge", "1 for the reason why screening is paused; all 0 while it goes on.", ("reason",)
)
SENTINEL_LOOKS: Final = Declaration(
    "symmetra_sentinel_looks",
    "counter",
    "Looks of the sentinel at the pinned version's answers and files.",
    ("result",),
)
SENTINEL_WATCHING: Final = Declaration(
    "symmetra_sentinel_watching", "gauge", "1 where the sentinel has golden crops to ask about, 0 where it is off."
)
RECEIPTS: Final = Declaration(
    "symmetra_receipts", "counter", "Receipts of answers, kept before the answer was given, or not.", ("result",)
)
SPAN_RESULTS: Final = ("exported", "failed", "dropped")
SPANS: Final = Declaration(
    "symmetra_spans",
    "counter",
    "Spans that the site's collector took, did not take, or that found no room; none where the settings name no collector.",
    ("result",),
)

DECLARATIONS: Final = (
    ACCESS_REFUSED, SCREENINGS, STAGE_SECONDS, SEVERITY, BAND, ABSTENTIONS, MODEL_ANSWERS_INVALID, IN_FLIGHT, QUEUED, SHED,
    UPLOAD_BYTES, NON_FINITE, BUILD_INFO, MODEL_INFO, PAUSED, SENTINEL_LOOKS, SENTINEL_WATCHING, RECEIPTS, SPANS,
    *REQUEST_DECLARATIONS, *MODEL_DECLARATIONS, *SHADOW_DECLARATIONS, *PHOTO_DECLARATIONS, *RECORD_DECLARATIONS, *REVIEW_DECLARATIONS,
)  # fmt: skip

VERSIONS_KEPT: Final = 2
"""The pinned version and the one before it keep their counts; whatever was pinned earlier is forgotten, so that a process that sees
many versions has no more series than one that sees two."""
SERIES_BUDGET: Final = 3_000
"""Series of one gateway process with as many versions as are kept, at most: what a site's Prometheus must hold for each pod."""


class Metrics:
    """The gateway's metrics in one registry.

    Args:
        registry: A registry of its own, also per test.
        routes: Route templates of the application; the closed set of the label `route`.
        outcomes: `answered`, the other ends without a problem, and every problem code; the closed set of the label `outcome`.
    """

    def __init__(self, registry: CollectorRegistry, *, routes: Iterable[str], outcomes: Iterable[str]) -> None:
        self.registry = registry
        self.records = RecordMetrics(registry)
        self.reviews = ReviewMetrics(registry, bands=BANDS, traffic_classes=TRAFFIC_CLASSES)
        self.model = ModelMetrics(registry)
        self._outcomes = (*outcomes, OTHER)
        self._non_finite = counter(NON_FINITE, registry)
        self._requests = RequestMetrics(registry, routes=routes, on_non_finite=self._non_finite.inc)
        self._photos = PhotoMetrics(registry, self._non_finite.inc)
        self._shadow = ShadowMetrics(registry, bands=BANDS)
        self._screenings = counter(SCREENINGS, registry)
        self._stages = histogram(STAGE_SECONDS, registry)
        self._severity = counter(SEVERITY, registry)
        self._bands = counter(BAND, registry)
        self._abstentions = counter(ABSTENTIONS, registry)
        self._invalid = counter(MODEL_ANSWERS_INVALID, registry)
        self._in_flight = gauge(IN_FLIGHT, registry)
        self._queued = gauge(QUEUED, registry)
        self._shed = counter(SHED, registry)
        self._access_refused = counter(ACCESS_REFUSED, registry)
        self._upload_bytes = gauge(UPLOAD_BYTES, registry)
        self._build = gauge(BUILD_INFO, registry)
        self._model_info = gauge(MODEL_INFO, registry)
        self._paused = gauge(PAUSED, registry)
        self._sentinel_looks = counter(SENTINEL_LOOKS, registry)
        self._sentinel_watching = gauge(SENTINEL_WATCHING, registry)
        self._receipts = counter(RECEIPTS, registry)
        self._spans = counter(SPANS, registry)
        self._versions: list[str] = []
        initialise(self._screenings, self._outcomes, TRAFFIC_CLASSES)
        # Six and more a photo: looking each series up by its labels costs more than observing it.
        self._stage_of = {key: self._stages.labels(*key) for key in itertools.product(STAGES, TRAFFIC_CLASSES)}
        initialise(self._shed, SHED_REASONS)
        initialise(self._access_refused, ACCESS_REFUSALS)
        initialise(self._paused, PAUSE_REASONS)
        initialise(self._sentinel_looks, SENTINEL_RESULTS)
        initialise(self._receipts, RECEIPT_RESULTS)
        initialise(self._spans, SPAN_RESULTS)

    def count_request(self, route: str, status: int) -> None:
        """One HTTP answer. `route` is a route template, never a path."""
        self._requests.count(route, status)

    def observe_request(self, kind: str, seconds: float, traffic: str) -> None:
        """How long a request of one of `REQUEST_KINDS` took; anything but a finite, non-negative number is counted apart and dropped."""
        self._requests.observe(kind, seconds, traffic)

    def count_screening(self, outcome: str, traffic: str) -> None:
        """One screening that ended, `answered`, another end without a problem, or with a problem code."""
        self._screenings.labels(closed(outcome, self._outcomes), traffic).inc()

    def observe_stage(self, stage: str, seconds: float, traffic: str) -> None:
        """Time spent in one of `STAGES`; anything but a finite, non-negative number is counted apart and dropped."""
        if not math.isfinite(seconds) or seconds < 0:
            self._non_finite.inc()
            return
        self._stage_of[stage, traffic].observe(seconds)

    def count_answer(self, model_version: int, severity_ppm: int, band: str | None, traffic: str) -> None:
        """One answer's severity, and its band where it has one."""
        version = self._kept(model_version)
        self._severity.labels(version, severity_bin(severity_ppm), traffic).inc()
        if band is not None:
            self._bands.labels(version, band, traffic).inc()

    def count_photo(
        self,
        model_version: int,
        severity_ppm: int,
        measures: Mapping[str, float],
        *,
        subject_digest: str | None,
        traffic: str,
    ) -> None:
        """One answered photo's measures and person; see `PhotoMetrics.count`."""
        self._photos.count(self._kept(model_version), severity_ppm, measures, subject_digest, traffic)

    def count_abstention(self, model_version: int, doubt: str, traffic: str) -> None:
        """One reason of `DOUBTS` why an answer has no band."""
        self._abstentions.labels(self._kept(model_version), doubt, traffic).inc()

    def count_invalid_answer(self, model_version: int) -> None:
        """The model answered something that is not a probability."""
        self._invalid.labels(self._kept(model_version)).inc()

    def count_shadow_answer(self, *, agrees: bool, band: str, difference: float, traffic: str) -> None:
        """One answer of the shadow version.

        Args:
            agrees: Whether it has the pinned version's band.
            band: The pinned version's.
            difference: Absolute, in p_no_depression, 0 to 1.
            traffic: Class of the caller.
        """
        self._shadow.count_answer(agrees=agrees, band=band, difference=difference, traffic=traffic)

    def count_shadow_miss(self, reason: str) -> None:
        """One photo that the shadow version gave no answer for, for a reason of `SHADOW_MISSES`."""
        self._shadow.count_miss(reason)

    def count_shed(self, reason: str) -> None:
        """One screening refused for a reason of `SHED_REASONS`."""
        self._shed.labels(reason).inc()

    def count_access_refusal(self, reason: str) -> None:
        """One request that was not let in, for a reason of `ACCESS_REFUSALS`."""
        self._access_refused.labels(reason).inc()

    def set_admission(self, in_flight: int, queued: int) -> None:
        """How many photos are being screened, and how many wait."""
        self._in_flight.set(in_flight)
        self._queued.set(queued)

    def set_upload_bytes(self, held_bytes: int) -> None:
        """Bytes of uploads in memory."""
        self._upload_bytes.set(held_bytes)

    def set_build(self, version: str, preprocessing_version: str) -> None:
        """What runs here."""
        self._build.labels(version, preprocessing_version).set(1)

    def set_model(self, model: str, model_version: int, digest: str, evidence: str) -> None:
        """The version that is pinned now; its counters appear with zero, an earlier version's info disappears."""
        version = self._kept(model_version)
        self._model_info.clear()
        self._model_info.labels(model, version, digest, evidence).set(1)

    def set_reference(self, model_version: int, reading: ProfileReading) -> None:
        """What the version's profile expects, or why there is none to compare with."""
        self._photos.set_reference(self._kept(model_version), reading)

    def clear_model(self) -> None:
        """No version may be asked any more: its info disappears, its counters stay."""
        self._model_info.clear()

    def _kept(self, model_version: int) -> str:
        """The label of a version, whose series are there with zero from now on; who was used longest ago makes room."""
        version = str(model_version)
        if self._versions[-1:] == [version]:
            return version
        if version in self._versions:
            self._versions.remove(version)
        else:
            self._start_version(version)
        self._versions.append(version)
        while len(self._versions) > VERSIONS_KEPT:
            self._forget_version(self._versions.pop(0))
        return version

    def _start_version(self, version: str) -> None:
        initialise(self._severity, (version,), SEVERITY_BINS, TRAFFIC_CLASSES)
        initialise(self._bands, (version,), BANDS, TRAFFIC_CLASSES)
        initialise(self._abstentions, (version,), DOUBTS, TRAFFIC_CLASSES)
        initialise(self._invalid, (version,))
        self.model.start_version(version)
        self._photos.start_version(version)

    def _forget_version(self, version: str) -> None:
        for each in (self._severity, self._bands, self._abstentions, self._invalid):
            each.remove_by_labels({"model_version": version})
        self.model.forget_version(version)
        self._photos.forget_version(version)

    def follow_pause(self, reason: Callable[[], str | None]) -> None:
        """Say why screening is paused, asked at every scrape: so it is true without any request. None while it goes on."""

        def follow(known: str) -> None:
            self._paused.labels(known).set_function(lambda: float(reason() == known))

        for known in PAUSE_REASONS:
            follow(known)

    def count_sentinel_look(self, result: str) -> None:
        """One look of the sentinel, with a result of `SENTINEL_RESULTS`."""
        self._sentinel_looks.labels(result).inc()

    def set_sentinel_watching(self, watching: bool) -> None:
        """Whether the sentinel has golden crops to ask about."""
        self._sentinel_watching.set(float(watching))

    def count_receipt(self, result: str) -> None:
        """One receipt, with a result of `RECEIPT_RESULTS`."""
        self._receipts.labels(result).inc()

    def count_spans(self, result: str, count: int) -> None:
        """So many spans, with a result of `SPAN_RESULTS`."""
        self._spans.labels(result).inc(count)
