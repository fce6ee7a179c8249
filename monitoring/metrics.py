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
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Histogram

from monitoring.declaring import OTHER as OTHER  # noqa: PLC0414 - said to be part of this module
from monitoring.declaring import Declaration, closed, counter, gauge, initialise
from monitoring.record_metrics import RECORD_DECLARATIONS, RecordMetrics
from monitoring.review_metrics import REVIEW_DECLARATIONS, ReviewMetrics

STAGES: Final = ("upload", "queue", "decode", "face", "jitter", "predict", "explain", "record", "total")
"""Stages of one screening; `jitter` under a policy with abstention and `explain` on request only. `total` starts when the body is complete: a slow upload is the caller's time, not ours."""

TRAFFIC_CLASSES: Final = ("patient", "sentinel", "loadtest")
"""Who asked. Only `patient` counts for drift and objectives; nothing but a key's scope may grant the others (issue 5)."""

STATUSES: Final = tuple(
    str(status)
    for status in (200, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 421, 422, 429, 431, 500, 502, 503, 504)
)
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
MODEL_CALLS: Final = ("ok", "unavailable", "busy", "deadline", "version_missing", "rejected", "invalid_answer")

PAUSE_REASONS: Final = ("operator", "golden_mismatch", "polarity_reversed", "digest_mismatch", "state_unreadable")
SENTINEL_RESULTS: Final = (
    "right", "unconfirmed", "golden_mismatch", "polarity_reversed", "digest_mismatch", "unavailable", "no_model", "off", "failed",
)  # fmt: skip
"""What a look of the sentinel found; `off` where it has nothing to compare with, `failed` where it was at fault itself."""

CIRCUIT_STATES: Final = ("closed", "open", "half_open")
SHADOW_RESULTS: Final = ("agree", "disagree")
SHADOW_MISSES: Final = ("dropped", "contract_unknown", "crop_differs", "failed", "invalid_answer")
SHADOW_DIFFERENCE_BINS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Upper edges, inclusive, of the absolute difference in p_no_depression."""
RECEIPT_RESULTS: Final = ("written", "failed")

LATENCY_BUCKETS_SECONDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Edges at 0.1, 0.2, 0.25, 0.5 and 1 s, where objectives are set: a quantile between edges is only interpolated."""

PARTS_PER_BIN: Final = 100_000
SEVERITY_BINS: Final = tuple(f"{number / 10:.1f}" for number in range(1, 11))
"""Label of a bin: its upper edge, inclusive, so that 0.3 and 0.6 coincide with the paper's band edges."""
BANDS: Final = ("none", "mild", "high")
DOUBTS: Final = ("unstable_answer", "unusual_photo_quality")
"""Why an answer got no band (`serving.contract.abstention`)."""


REQUESTS: Final = Declaration(
    "symmetra_http_requests", "counter", "HTTP requests by route template and status.", ("route", "status")
)
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
MODEL_CALLS_TOTAL: Final = Declaration(
    "symmetra_model_calls", "counter", "Calls to the model server, each attempt counted, by result.", ("result",)
)
CIRCUIT: Final = Declaration(
    "symmetra_model_circuit",
    "gauge",
    "1 for the state of the circuit to the model server: closed lets calls through, open refuses them.",
    ("state",),
)
SHADOW_ANSWERS: Final = Declaration(
    "symmetra_shadow_answers",
    "counter",
    "Answers of the shadow version by whether its band agrees with the pinned version's, which the label names.",
    ("result", "band", "traffic"),
)
SHADOW_DIFFERENCES: Final = Declaration(
    "symmetra_shadow_differences",
    "counter",
    "Answers of the shadow version by how far its p_no_depression is from the pinned version's; the label is the bin's upper edge.",
    ("bin", "traffic"),
)
SHADOW_MISSED: Final = Declaration(
    "symmetra_shadow_missed", "counter", "Photos that the shadow version gave no answer for, by reason.", ("reason",)
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

DECLARATIONS: Final = (
    ACCESS_REFUSED, REQUESTS, SCREENINGS, STAGE_SECONDS, SEVERITY, BAND, ABSTENTIONS, MODEL_ANSWERS_INVALID, MODEL_CALLS_TOTAL, CIRCUIT,
    SHADOW_ANSWERS, SHADOW_DIFFERENCES, SHADOW_MISSED, IN_FLIGHT, QUEUED, SHED,
    UPLOAD_BYTES, NON_FINITE, BUILD_INFO, MODEL_INFO, PAUSED, SENTINEL_LOOKS, SENTINEL_WATCHING, RECEIPTS,
    *RECORD_DECLARATIONS, *REVIEW_DECLARATIONS,
)  # fmt: skip


def severity_bin(severity_ppm: int) -> str:
    """The bin of a severity in parts per million: its upper edge, inclusive; 0 belongs to the first bin.

    >>> severity_bin(0), severity_bin(300_000), severity_bin(300_001), severity_bin(1_000_000)
    ('0.1', '0.3', '0.4', '1.0')
    """
    return SEVERITY_BINS[max(0, -(-severity_ppm // PARTS_PER_BIN) - 1)]


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
        self._routes = (*routes, OTHER)
        self._outcomes = (*outcomes, OTHER)
        self._requests = counter(REQUESTS, registry)
        self._screenings = counter(SCREENINGS, registry)
        self._stages = Histogram(
            STAGE_SECONDS.name,
            STAGE_SECONDS.help,
            STAGE_SECONDS.labels,
            registry=registry,
            buckets=STAGE_SECONDS.buckets,
        )
        self._severity = counter(SEVERITY, registry)
        self._bands = counter(BAND, registry)
        self._abstentions = counter(ABSTENTIONS, registry)
        self._invalid = counter(MODEL_ANSWERS_INVALID, registry)
        self._calls = counter(MODEL_CALLS_TOTAL, registry)
        self._circuit = gauge(CIRCUIT, registry)
        self._shadow_answers = counter(SHADOW_ANSWERS, registry)
        self._shadow_differences = counter(SHADOW_DIFFERENCES, registry)
        self._shadow_missed = counter(SHADOW_MISSED, registry)
        self._in_flight = gauge(IN_FLIGHT, registry)
        self._queued = gauge(QUEUED, registry)
        self._shed = counter(SHED, registry)
        self._access_refused = counter(ACCESS_REFUSED, registry)
        self._upload_bytes = gauge(UPLOAD_BYTES, registry)
        self._non_finite = counter(NON_FINITE, registry)
        self._build = gauge(BUILD_INFO, registry)
        self._model = gauge(MODEL_INFO, registry)
        self._paused = gauge(PAUSED, registry)
        self._sentinel_looks = counter(SENTINEL_LOOKS, registry)
        self._sentinel_watching = gauge(SENTINEL_WATCHING, registry)
        self._receipts = counter(RECEIPTS, registry)
        self._known_versions: set[str] = set()
        initialise(self._requests, self._routes, (*STATUSES, OTHER))
        initialise(self._screenings, self._outcomes, TRAFFIC_CLASSES)
        # Six and more a photo: looking each series up by its labels costs more than observing it.
        self._stage_of = {key: self._stages.labels(*key) for key in itertools.product(STAGES, TRAFFIC_CLASSES)}
        initialise(self._calls, MODEL_CALLS)
        initialise(self._circuit, CIRCUIT_STATES)
        initialise(self._shadow_answers, SHADOW_RESULTS, BANDS, TRAFFIC_CLASSES)
        initialise(self._shadow_differences, [str(edge) for edge in SHADOW_DIFFERENCE_BINS], TRAFFIC_CLASSES)
        initialise(self._shadow_missed, SHADOW_MISSES)
        initialise(self._shed, SHED_REASONS)
        initialise(self._access_refused, ACCESS_REFUSALS)
        initialise(self._paused, PAUSE_REASONS)
        initialise(self._sentinel_looks, SENTINEL_RESULTS)
        initialise(self._receipts, RECEIPT_RESULTS)

    def count_request(self, route: str, status: int) -> None:
        """One HTTP answer. `route` is a route template, never a path."""
        self._requests.labels(closed(route, self._routes), closed(str(status), STATUSES)).inc()

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
        version = str(model_version)
        self._severity.labels(version, severity_bin(severity_ppm), traffic).inc()
        if band is not None:
            self._bands.labels(version, band, traffic).inc()

    def count_abstention(self, model_version: int, doubt: str, traffic: str) -> None:
        """One reason of `DOUBTS` why an answer has no band."""
        self._abstentions.labels(str(model_version), doubt, traffic).inc()

    def count_invalid_answer(self, model_version: int) -> None:
        """The model answered something that is not a probability."""
        self._invalid.labels(str(model_version)).inc()

    def count_model_call(self, result: str) -> None:
        """One attempt at the model server, with a result of `MODEL_CALLS`."""
        self._calls.labels(result).inc()

    def set_circuit(self, state: str) -> None:
        """The circuit to the model server is in one of `CIRCUIT_STATES` now."""
        for known in CIRCUIT_STATES:
            self._circuit.labels(known).set(float(known == state))

    def count_shadow_answer(self, *, agrees: bool, band: str, difference: float, traffic: str) -> None:
        """One answer of the shadow version.

        Args:
            agrees: Whether it has the pinned version's band.
            band: The pinned version's.
            difference: Absolute, in p_no_depression, 0 to 1.
            traffic: Class of the caller.
        """
        self._shadow_answers.labels("agree" if agrees else "disagree", band, traffic).inc()
        edge = next(edge for edge in SHADOW_DIFFERENCE_BINS if difference <= edge)
        self._shadow_differences.labels(str(edge), traffic).inc()

    def count_shadow_miss(self, reason: str) -> None:
        """One photo that the shadow version gave no answer for, for a reason of `SHADOW_MISSES`."""
        self._shadow_missed.labels(reason).inc()

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
        version = str(model_version)
        self._model.clear()
        self._model.labels(model, version, digest, evidence).set(1)
        if version not in self._known_versions:
            self._known_versions.add(version)
            initialise(self._severity, (version,), SEVERITY_BINS, TRAFFIC_CLASSES)
            initialise(self._bands, (version,), BANDS, TRAFFIC_CLASSES)
            initialise(self._abstentions, (version,), DOUBTS, TRAFFIC_CLASSES)
            initialise(self._invalid, (version,))

    def clear_model(self) -> None:
        """No version may be asked any more: its info disappears, its counters stay."""
        self._model.clear()

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
