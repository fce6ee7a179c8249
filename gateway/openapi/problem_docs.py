"""What causes each problem, and what a developer or operator does about it: the pages at /problems/v1/<code>."""

from __future__ import annotations

from typing import Final, NamedTuple


class ProblemDoc(NamedTuple):
    """One problem type, explained."""

    cause: str
    remedy: str


_RETAKE: Final = (
    "Show the person the advice and let them take another photo; sending the same photo again gives the same answer."
)
_RETRY: Final = (
    "Repeat the request after Retry-After seconds, with the same Idempotency-Key, and wait longer each time."
)
_LOGS: Final = "Tell the operators the request's id: the log line with it names the cause."

PROBLEM_DOCS: Final[dict[str, ProblemDoc]] = {
    # the photo
    "photo_empty": ProblemDoc("The photo has no bytes.", "Check what the client reads from the camera or the file."),
    "photo_too_large": ProblemDoc(
        "More bytes than SYMMETRA_MAX_PHOTO_BYTES, 10 MiB by default.",
        "Send the photo at a lower resolution or quality.",
    ),
    "photo_too_many_pixels": ProblemDoc(
        "More pixels than are decoded: 50 million for JPEG, 16 million for PNG and WebP. Judged from the header.",
        "Scale the photo down before sending it; 2,000 pixels a side are plenty.",
    ),
    "photo_unsupported": ProblemDoc(
        "The first bytes are of no format that is read here, or of a rare kind of one. Names and stated types do not count.",
        "Send an ordinary JPEG, PNG or WebP; convert HEIC and DICOM first.",
    ),
    "photo_animated": ProblemDoc("The file holds more than one picture.", "Send a single still photo."),
    "photo_unreadable": ProblemDoc(
        "The file is truncated or damaged, or is two formats in one.", "Export or take the photo again."
    ),
    "no_face": ProblemDoc("Nothing in the photo looks enough like a face to the face detection.", _RETAKE),
    "several_faces": ProblemDoc("A second face is at least half as wide as the largest one.", _RETAKE),
    "face_too_small": ProblemDoc("Too few pixels between the eyes for the crop.", _RETAKE),
    "face_turned": ProblemDoc("The head is turned too far to compare its two halves.", _RETAKE),
    "face_cut_off": ProblemDoc("A part of the face that the crop needs lies outside the photo.", _RETAKE),
    "too_dark": ProblemDoc("Even the brightest parts of the face are dark.", _RETAKE),
    "too_bright": ProblemDoc("Even the darkest parts of the face are bright, or much of it is overexposed.", _RETAKE),
    "too_blurred": ProblemDoc("Too little contrast or detail in the face.", _RETAKE),
    # the request
    "request_malformed": ProblemDoc(
        "What arrived is not HTTP/1.1 as the standard has it.", "Check the client or the proxy."
    ),
    "address_too_long": ProblemDoc("The request line is longer than the server reads.", "Send the photo in the body."),
    "headers_too_large": ProblemDoc(
        "More or longer headers than the server reads.", "Leave cookies and other extras out."
    ),
    "route_unknown": ProblemDoc("Nothing is at this address.", "Compare it with /reference."),
    "method_not_allowed": ProblemDoc("The address takes other methods.", "Use one that the header Allow names."),
    "photo_missing": ProblemDoc(
        "The form has no file part named photo, or the body is empty and has no type.",
        "Name the part `photo` and give it a filename, or send the bytes with their image type.",
    ),
    "too_many_parts": ProblemDoc(
        "Two file parts, or more or larger fields than a form here needs.", "Send one photo per request."
    ),
    "parameter_invalid": ProblemDoc(
        "A parameter, a header or a member of the body has a value that it cannot have, is there twice, or does not go with the "
        "others.",
        "`detail` names which one; /reference says what it may hold.",
    ),
    "notice_not_confirmed": ProblemDoc(
        "The site wants its notice confirmed for every photo of a patient, and the request does not name the version in force.",
        "Show the notice, and send its version as X-Notice-Version or as the form field notice_version.",
    ),
    "idempotency_key_reused": ProblemDoc(
        "The Idempotency-Key came before with something else: another photo, subject or explain, or another review or outcome.",
        "Make a new key for every new request, such as a UUID.",
    ),
    "idempotency_in_progress": ProblemDoc(
        "The first request with this Idempotency-Key is still being answered.", _RETRY
    ),
    "body_type_unsupported": ProblemDoc(
        "Content-Type is not application/json where JSON is due, not application/x-www-form-urlencoded where a form is, or the "
        "body is compressed.",
        "State the type, and no Content-Encoding.",
    ),
    "body_malformed": ProblemDoc(
        "The body is no JSON object in UTF-8, or names a member twice.", "Let a library write the JSON."
    ),
    "body_too_large": ProblemDoc(
        "The body is larger than a review or an outcome can be.", "Send the described members only."
    ),
    "upload_malformed": ProblemDoc(
        "The multipart or chunked framing is broken, or its boundary is missing.",
        "Let a library build the body, and do not set Content-Type by hand.",
    ),
    "upload_type_unsupported": ProblemDoc(
        "Content-Type is neither multipart/form-data nor an image type, or the body is compressed.",
        "State one of them, and no Content-Encoding.",
    ),
    "upload_timed_out": ProblemDoc(
        "The request stalled, or took longer than SYMMETRA_BODY_DEADLINE_SECONDS.",
        "Send smaller photos over slow lines.",
    ),
    "upload_interrupted": ProblemDoc("The connection ended before the body did.", "Send it again, with the same key."),
    "client_rate_exceeded": ProblemDoc(
        "This client asked more often than SYMMETRA_REQUESTS_PER_SECOND_PER_CLIENT allows.", _RETRY
    ),
    "explanation_not_available": ProblemDoc(
        "The version in service has no `explain` signature.", "Ask GET /v1/models for `explains` before asking for one."
    ),
    # access
    "credential_missing": ProblemDoc(
        "No API key and no token came with the request.", "Send one as `Authorization: Bearer ...` or X-API-Key."
    ),
    "sign_in_missing": ProblemDoc("The page was asked by nobody who is signed in.", "Use the API with a key."),
    "sign_in_needed": ProblemDoc("The page was asked by nobody who is signed in.", "Sign in; programs use the API."),
    "session_expired": ProblemDoc(
        "The cookie's session is over after SYMMETRA_SESSION_IDLE_SECONDS without a request, or after "
        "SYMMETRA_SESSION_ABSOLUTE_SECONDS; or its key is no longer in SYMMETRA_SESSION_KEY_FILE.",
        "Sign in again.",
    ),
    "form_token_invalid": ProblemDoc(
        "A request that changes something came with a session's cookie and without a token of this session, in the field "
        "form_token or the header X-Form-Token.",
        "Send forms from a page that was opened in this session. Programs use a key, and no cookie.",
    ),
    "role_missing": ProblemDoc(
        "SYMMETRA_OIDC_ROLE_CLAIM of the person's ID token holds nothing that SYMMETRA_OIDC_ROLE_MAPPING knows.",
        "Give the person a role at the identity provider.",
    ),
    "sign_in_interrupted": ProblemDoc(
        "The state that came back is not the one that this browser left with, or more than ten minutes passed.",
        "Sign in again, in one tab.",
    ),
    "sign_in_denied": ProblemDoc(
        "The identity provider sent the browser back with an error.", "Look at the provider's own log."
    ),
    "sign_in_refused": ProblemDoc(
        "The code was not taken, or the ID token's signature, issuer, audience, time or nonce is not right.",
        "Sign in again. Operators: compare the client's settings here and at the provider, and the clocks.",
    ),
    "sign_in_unavailable": ProblemDoc(
        "The identity provider does not answer, or names no endpoints for signing in.",
        f"{_RETRY} Operators: `python -m gateway check`.",
    ),
    "sign_in_off": ProblemDoc(
        "SYMMETRA_OIDC_CLIENT_ID is not set, so people cannot sign in here.", "Programs use the API with a key."
    ),
    "credential_invalid": ProblemDoc(
        "The key or token is not one of ours, was changed or revoked, is meant for another service, or two differ.",
        "Get a new one from the operators.",
    ),
    "credential_expired": ProblemDoc("The key or token was right, and its time is over.", "Renew it."),
    "scope_missing": ProblemDoc(
        "The key, the token or the person's role does not hold the scope that this needs.",
        "Ask the operators for a key with that scope, or for another role.",
    ),
    "traffic_not_granted": ProblemDoc(
        "X-Traffic-Class names a class that the key does not grant.", "Leave the header out, or use another key."
    ),
    "route_not_granted": ProblemDoc("Nobody was allowed to use this address.", _LOGS),
    "host_not_local": ProblemDoc(
        "The header Host names another machine, and this gateway has no keys: a page of another site could ask it through the "
        "browser of whoever sits here.",
        "Use 127.0.0.1, localhost or [::1]. Operators: set up keys before it is reached by another name.",
    ),
    "cross_site_request": ProblemDoc(
        "Sec-Fetch-Site or Origin says that a page of another site sent this, and there are no keys here, or it came with the "
        "cookie of somebody who is signed in: the page would use their browser.",
        "Send photos from the gateway's own page, or from a program, which sends neither header.",
    ),
    "identity_provider_unavailable": ProblemDoc(
        "The gateway cannot reach the identity provider to check a token.", f"{_RETRY} Operators: check the provider."
    ),
    "api_keys_unreadable": ProblemDoc(
        "The file of API keys is missing or damaged, so no key can be trusted.", "Operators: restore the file."
    ),
    # load
    "gateway_overloaded": ProblemDoc("Every place is taken and the queue is full.", _RETRY),
    "wait_too_long": ProblemDoc("No place would become free in time, as far as can be foreseen.", _RETRY),
    "upload_memory_full": ProblemDoc("The memory for uploads, SYMMETRA_MAX_UPLOAD_MEMORY_BYTES, is in use.", _RETRY),
    "connections_full": ProblemDoc("More connections than SYMMETRA_CONNECTIONS are open.", _RETRY),
    "deadline_passed": ProblemDoc("The photo's turn came too late for an answer in time.", _RETRY),
    "gateway_stopping": ProblemDoc("This gateway is about to end.", "Send the request to another one."),
    # the records
    "records_unavailable": ProblemDoc(
        "The database of the receipts cannot be reached, and this site gives no answer without its record.",
        f"{_RETRY} Operators: `python -m gateway check` says what is wrong.",
    ),
    "records_off": ProblemDoc(
        "This site keeps no receipts: SYMMETRA_RECORDS_URL is not set.", "Keep the answer when it is given."
    ),
    "screening_unknown": ProblemDoc(
        "No receipt has this id: it is mistyped, was given elsewhere, or its time is over.", "Check the answer's `id`."
    ),
    "view_not_given": ProblemDoc(
        "SYMMETRA_VIEW_BEFORE_SCORE is on, this answer was asked for on the page by the same person, and they have not said "
        "which band they expect.",
        "Give the view first: on the page, or with `committed_band` alone to PUT /v1/screenings/{screening_id}/review.",
    ),
    "view_given_already": ProblemDoc(
        "The first review of an answer may hold `committed_band`; a later one cannot add or change it, because the score may have "
        "been seen.",
        "Leave `committed_band` out: it is kept.",
    ),
    "outcome_unknown": ProblemDoc(
        "`score` is null, which takes an outcome back, and there is none of this instrument.",
        "Compare with GET of the outcome.",
    ),
    # the stop switch
    "screening_paused": ProblemDoc(
        "A person, or the check of known faces, has stopped screening, because answers may be wrong.",
        "Go on without a score. Operators: `python -m gateway resume` once the cause is understood.",
    ),
    # the model
    "model_not_pinned": ProblemDoc(
        "The repository has no pin.", "Operators: `python -m serving.repository promote N` puts a version into service."
    ),
    "model_pin_invalid": ProblemDoc(
        "pin.json or policy.json is damaged, or written by a later version.", "Operators: pin a version again."
    ),
    "model_incompatible": ProblemDoc(
        "The pinned version was made for another preparation of photos.",
        "Operators: run a gateway of the same `preprocessing_version`, or pin another version.",
    ),
    "policy_incompatible": ProblemDoc(
        "The policy's limit for unstable answers was chosen under other jittered copies.",
        "Operators: choose the policy anew with this version's `python -m training policy`.",
    ),
    "demo_model_refused": ProblemDoc(
        "A model that learned from drawn faces is not served beyond this machine.",
        "Operators: pin a version with other evidence; SYMMETRA_ALLOW_DEMO_MODEL insists.",
    ),
    "model_unavailable": ProblemDoc(
        "No model server can be reached.", f"{_RETRY} Operators: look at the model servers."
    ),
    "model_busy": ProblemDoc("The model server's queue is full.", _RETRY),
    "model_timeout": ProblemDoc("The model did not answer before SYMMETRA_DEADLINE_SECONDS.", _RETRY),
    "model_version_missing": ProblemDoc(
        "No model server has the pinned version loaded.", f"{_RETRY} Operators: look for why it does not load."
    ),
    "model_version_mismatch": ProblemDoc(
        "The model server answered with another version than was asked, so the answer was thrown away.", _LOGS
    ),
    "model_rejected": ProblemDoc("The model server refused what the gateway built: a fault of ours.", _LOGS),
    "model_answer_invalid": ProblemDoc(
        "The model answered something that is not a probability; it never becomes a band.", _LOGS
    ),
    # ours
    "internal_error": ProblemDoc("Something unforeseen.", _LOGS),
}
