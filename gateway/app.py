"""The application, built from its parts: no global state, and importing this starts nothing."""

from __future__ import annotations

from typing import Final

import flask

from gateway.access.form_tokens import FormTokens, add_form_tokens
from gateway.access.guard import guard_requests
from gateway.access.secret_keys import SecretKeys
from gateway.access.set_up import set_up_access
from gateway.access.sign_in.routes import create_sign_in
from gateway.access.sign_in_link import add_sign_in_link
from gateway.admission.admission import Admission
from gateway.admission.client_rates import ClientRates
from gateway.admission.places import PlaceLimits, Places
from gateway.admission.upload_memory import UploadMemory
from gateway.api import create_api
from gateway.crisis import CrisisTexts, add_crisis_text
from gateway.crops import CropMaker
from gateway.early_refusals import EARLY_REFUSALS_EXTENSION, EarlyRefusals
from gateway.errors import ModelNotServable
from gateway.headers import security_headers
from gateway.health import create_health
from gateway.idempotency import Repetitions
from gateway.logs import log_event
from gateway.notice import Notices, add_notice
from gateway.observing import answer_problems, observe_requests
from gateway.openapi.pages import create_reference
from gateway.operating.assembly import create_operating
from gateway.options import OptionsReader
from gateway.page import Page, create_page
from gateway.pin import PinnedModel, PinReader
from gateway.predictor import Mirror, Predictor
from gateway.records.assembly import RECORDS_EXTENSION, open_records
from gateway.records.audit.refusals import count_refusals
from gateway.records.record_keys import record_keys_of
from gateway.records.routes import create_records
from gateway.references import References
from gateway.refusal_log import RefusalLog
from gateway.reviews.crop_seal import CropSeals
from gateway.reviews.forms import ReviewForms
from gateway.reviews.outcome_page import create_outcome_page
from gateway.reviews.page import create_review_page
from gateway.reviews.routes import create_reviews
from gateway.screening import Screener
from gateway.settings import Settings
from gateway.stop.assembly import create_pauses, create_sentinel
from gateway.stop.sentinel import SENTINEL_EXTENSION
from gateway.subjects import SubjectDigests
from gateway.tracing import SpanSink
from gateway.uploads import InMemoryRequest, UploadReader
from monitoring.metrics import Metrics
from serving.repository import ModelRepository

WORK_SHARE: Final = 0.25
"""Of the deadline; the rest is for waiting, and for photos that take longer than expected."""
LEAST_IN_FLIGHT_PER_CORE: Final = 4
"""Enough to keep cores and model busy at once, and to fill a batch."""


class Gateway(flask.Flask):
    """Flask with the request class that keeps uploads in memory."""

    request_class = InMemoryRequest


def create_app(
    settings: Settings,
    *,
    repository: ModelRepository,
    predictor: Predictor,
    crops: CropMaker,
    metrics: Metrics,
    shadow: Mirror | None = None,
    spans: SpanSink | None = None,
) -> flask.Flask:
    """Build the WSGI application.

    Args:
        settings: How it runs.
        repository: Where the pin and the policy are.
        predictor: Asks the model.
        crops: Makes crops.
        shadow: Compares another version with the pinned one, if any.
        spans: Told of requests, where a collector wants their spans.
        metrics: With `gateway.observing.gateway_metrics`'s label sets.
    """
    references = References(repository, metrics)

    def tell_of_model(model: PinnedModel | ModelNotServable) -> None:
        if isinstance(model, ModelNotServable):
            metrics.clear_model()
            log_event("no model in service", {"code": model.code})
            return
        evidence = model.contract.evidence.value
        metrics.set_model(model.name, model.version, model.digest, evidence)
        references.follow(model)
        fields = {"model": model.name, "model_version": model.version, "digest": model.digest, "evidence": evidence}
        log_event("model in service", fields)

    pins = PinReader(repository, allow_demo=settings.is_loopback or settings.allow_demo_model, on_change=tell_of_model)
    pauses = create_pauses(repository, metrics)
    sentinel = create_sentinel(
        repository,
        pins=pins,
        pauses=pauses,
        predictor=predictor,
        metrics=metrics,
        deadline_seconds=settings.deadline_seconds,
    )
    records = open_records(settings, metrics)
    notices = Notices.read(settings.notice_file, settings.languages, required=settings.notice_required)
    screener = Screener(
        pauses=pauses,
        pins=pins,
        references=references,
        options=OptionsReader(SubjectDigests(record_keys_of(settings))),
        repetitions=Repetitions(
            window_seconds=settings.idempotency_window_seconds, max_entries=settings.idempotency_entries
        ),
        notices=notices,
        uploads=UploadReader(
            max_photo_bytes=settings.max_photo_bytes,
            body_deadline_seconds=settings.body_deadline_seconds,
            memory=UploadMemory(settings.max_upload_memory_bytes, metrics.set_upload_bytes),
        ),
        admission=create_admission(settings, metrics),
        crops=crops,
        predictor=predictor,
        shadow=shadow,
        recorder=None if records is None else records.recorder,
        metrics=metrics,
        deadline_seconds=settings.deadline_seconds,
    )
    session_keys = secret_keys_of(settings)
    forms = ReviewForms(CropSeals(session_keys), records=records is not None, view_first=settings.view_before_score)
    page = Page(
        pins,
        pauses,
        predictor,
        max_photo_bytes=settings.max_photo_bytes,
        site_prevalence_percent=settings.site_prevalence_percent,
        forms=forms,
    )
    app = Gateway("gateway")
    app.extensions[SENTINEL_EXTENSION] = sentinel
    app.extensions[RECORDS_EXTENSION] = records
    # Two slashes are not one: the redirect would name whatever host the request names.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # on the default provider
    add_form_tokens(app, FormTokens(session_keys))
    add_sign_in_link(app, settings.access_contact)
    add_notice(app, notices)
    add_crisis_text(app, CrisisTexts.read(settings.crisis_text_file, settings.languages))
    headers = security_headers(tls_in_front=settings.tls_in_front)
    refusal_log = RefusalLog()
    observe_requests(app, metrics, headers, languages=settings.languages, refusal_log=refusal_log, spans=spans)
    answer_problems(app, page)
    app.register_blueprint(create_page(page, screener, forms))
    app.register_blueprint(create_api(screener, pins, pauses))
    app.register_blueprint(create_records(records))
    reviews = None if records is None else records.reviews
    app.register_blueprint(create_reviews(reviews, body_deadline_seconds=settings.body_deadline_seconds))
    app.register_blueprint(
        create_review_page(page, forms, records, body_deadline_seconds=settings.body_deadline_seconds)
    )
    app.register_blueprint(create_outcome_page(records, body_deadline_seconds=settings.body_deadline_seconds))
    app.register_blueprint(create_health(pins, predictor, pauses, sentinel))
    app.register_blueprint(
        create_operating(
            settings, repository, pins=pins, pauses=pauses, sentinel=sentinel, metrics=metrics, records=records
        )
    )
    access = set_up_access(
        settings,
        session_keys=session_keys,
        # As in the records, so that a person is the same there with a token and with a session.
        person_keys=session_keys if settings.record_key_file is None else record_keys_of(settings),
        on_refusal=metrics.count_access_refusal,
    )
    trail = None if records is None else records.trail
    app.register_blueprint(create_sign_in(access.sign_in, trail, metrics.count_access_refusal))
    app.register_blueprint(create_reference(access=access.guard.asks))
    guard_requests(app, access.guard)
    if records is not None:
        count_refusals(app, records.refusals, records.keys)
    app.extensions[EARLY_REFUSALS_EXTENSION] = EarlyRefusals(
        screener=screener,
        guard=access.guard,
        metrics=metrics,
        log=refusal_log,
        headers=headers,
        languages=settings.languages,
    )
    return app


def secret_keys_of(settings: Settings) -> SecretKeys:
    """The site's secret; where it has none, which is on loopback only, one that ends with this process."""
    return SecretKeys.random() if settings.session_key_file is None else SecretKeys.read(settings.session_key_file)


def create_admission(settings: Settings, metrics: Metrics) -> Admission:
    """Who is let in, as the settings say."""
    limits = PlaceLimits(
        in_flight=settings.max_in_flight,
        least_in_flight=min(settings.max_in_flight, LEAST_IN_FLIGHT_PER_CORE * settings.cores),
        work_seconds=WORK_SHARE * settings.deadline_seconds,
        queue=settings.max_queue,
        wait_seconds=settings.max_queue_wait_seconds,
        reserved=settings.reserved_places,
    )
    return Admission(
        Places(limits, metrics.set_admission),
        ClientRates(settings.requests_per_second_per_client, settings.burst_per_client),
        settings.trusted_proxies,
    )
