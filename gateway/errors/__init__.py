"""What can go wrong in the gateway, as names. Statuses are in `problems`; no HTTP and no gRPC here.

The photo's own errors are `serving.contract.errors`.

GatewayError
├── RequestError                     the caller's request
│   ├── RequestMalformed             request_malformed
│   ├── AddressTooLong               address_too_long
│   ├── HeadersTooLarge              headers_too_large
│   ├── RouteUnknown                 route_unknown
│   ├── MethodNotAllowed             method_not_allowed
│   ├── PhotoMissing                 photo_missing            no part named `photo`, or an empty request
│   ├── TooManyParts                 too_many_parts           two photos, or a form with more than it needs
│   ├── ParameterInvalid             parameter_invalid        a value that it cannot have
│   ├── IdempotencyKeyReused         idempotency_key_reused   one key for two different requests
│   ├── IdempotencyInProgress        idempotency_in_progress  the first request of a key is not answered yet
│   ├── UploadMalformed              upload_malformed         the multipart or chunked framing is broken
│   ├── UploadTypeUnsupported        upload_type_unsupported
│   ├── BodyTypeUnsupported          body_type_unsupported
│   ├── BodyMalformed                body_malformed           no JSON object, or a member twice
│   ├── BodyTooLarge                 body_too_large
│   ├── UploadTimedOut               upload_timed_out         stalled, or slower than the body deadline
│   ├── ExplanationMissing           explanation_not_available  the version in service explains nothing
│   ├── UploadInterrupted            upload_interrupted       the connection ended before the body did
│   ├── ClientRateExceeded           client_rate_exceeded     this client's own limit; the others are not affected
│   ├── ViewNotGiven                 view_not_given           the score is shown after a view is given
│   ├── ViewGivenAlready             view_given_already       a view that comes after a review
│   ├── OutcomeUnknown               outcome_unknown          nothing to take back
│   ├── NoticeNotConfirmed           notice_not_confirmed     the site wants a notice confirmed for every photo
│   ├── SignInOff                    sign_in_off              this site has no sign-in for people
│   ├── RecordsOff                   records_off              this site keeps no receipts
│   └── ScreeningUnknown             screening_unknown        no answer has this id
├── AccessError                      the caller is not known, or may not do this
│   ├── CredentialMissing            credential_missing
│   ├── SignInMissing                sign_in_missing          the page, where nobody can sign in
│   ├── SignInNeeded                 sign_in_needed           the page, where people can
│   ├── SessionExpired               session_expired          idle for too long, or long enough
│   ├── FormTokenInvalid             form_token_invalid       a form that our page did not make for this session
│   ├── RoleMissing                  role_missing             known to the provider, and nothing here
│   ├── SignInInterrupted            sign_in_interrupted      what came back belongs to no attempt of this browser
│   ├── SignInDenied                 sign_in_denied           the provider signed nobody in
│   ├── SignInRefused                sign_in_refused          what the provider answered cannot be trusted
│   ├── CredentialInvalid            credential_invalid
│   ├── CredentialExpired            credential_expired
│   ├── ScopeMissing                 scope_missing
│   ├── TrafficNotGranted            traffic_not_granted
│   ├── HostNotLocal                 host_not_local           another name than this machine's, where nobody needs a key
│   ├── CrossSiteRequest             cross_site_request       sent by a page of another site, where nobody needs a key
│   └── RouteNotGranted              route_not_granted        a route without a row in the table
├── AccessUnavailable                who asks cannot be found out right now
│   ├── IdentityProviderUnavailable  identity_provider_unavailable
│   ├── SignInUnavailable            sign_in_unavailable
│   └── ApiKeysUnreadable            api_keys_unreadable
├── Overloaded                       refused to protect the others; try again
│   ├── QueueFull                    gateway_overloaded
│   ├── WaitTooLong                  wait_too_long            no place in time, as far as can be foreseen
│   ├── UploadMemoryFull             upload_memory_full
│   ├── ConnectionsFull              connections_full         only health is answered on further connections
│   └── DeadlinePassed               deadline_passed          waited too long to be worth starting
├── RecordsUnavailable               records_unavailable      the receipt of an answer could not be kept or read
├── ScreeningPaused                  screening_paused         the stop switch is on
├── GatewayStopping                  gateway_stopping         said on /readyz only
├── ModelNotServable                 the pin does not name a version this gateway may ask
│   ├── ModelNotPinned               model_not_pinned
│   ├── ModelPinInvalid              model_pin_invalid
│   ├── ModelIncompatible            model_incompatible       made for another preprocessing
│   ├── PolicyIncompatible           policy_incompatible      chosen for other jittered copies
│   └── DemoModelRefused             demo_model_refused       evidence `demo` outside loopback
├── PredictorError                   the model server
│   ├── PredictorUnavailable         model_unavailable
│   ├── PredictorBusy                model_busy               its queue is full: asking again at once makes it worse
│   ├── PredictorTimeout             model_timeout
│   ├── ModelVersionMissing          model_version_missing    the pinned version is not served
│   ├── ModelVersionMismatch         model_version_mismatch   another version answered
│   └── PredictorRejected            model_rejected           it refused what we built: our bug
├── InternalError                    internal_error           anything unforeseen
└── StartRefused                     never reaches a caller: a sentence on the terminal and an exit code
    ├── SettingsInvalid
    ├── PortTaken
    ├── HostUnknown
    ├── DetectorNotInstalled
    ├── DemoModelNotAllowed
    ├── AccessNotSetUp
    ├── RecordsNotReady
    └── SeveralReasons
"""

from gateway.errors.access import (
    AccessError,
    AccessUnavailable,
    ApiKeysUnreadable,
    CredentialExpired,
    CredentialInvalid,
    CredentialMissing,
    CrossSiteRequest,
    HostNotLocal,
    IdentityProviderUnavailable,
    RouteNotGranted,
    ScopeMissing,
    SignInMissing,
    TrafficNotGranted,
)
from gateway.errors.load import (
    ConnectionsFull,
    DeadlinePassed,
    GatewayStopping,
    Overloaded,
    QueueFull,
    UploadMemoryFull,
    WaitTooLong,
)
from gateway.errors.model import (
    DemoModelRefused,
    ExplanationMissing,
    ModelIncompatible,
    ModelNotPinned,
    ModelNotServable,
    ModelPinInvalid,
    ModelVersionMismatch,
    ModelVersionMissing,
    PolicyIncompatible,
    PredictorBusy,
    PredictorError,
    PredictorRejected,
    PredictorTimeout,
    PredictorUnavailable,
)
from gateway.errors.notice import NoticeNotConfirmed
from gateway.errors.records import RecordsOff, RecordsUnavailable, ScreeningUnknown
from gateway.errors.request import (
    AddressTooLong,
    BodyMalformed,
    BodyTooLarge,
    BodyTypeUnsupported,
    ClientRateExceeded,
    HeadersTooLarge,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    MethodNotAllowed,
    ParameterInvalid,
    PhotoMissing,
    RequestError,
    RequestMalformed,
    RouteUnknown,
    TooManyParts,
    UploadInterrupted,
    UploadMalformed,
    UploadTimedOut,
    UploadTypeUnsupported,
)
from gateway.errors.reviews import OutcomeUnknown, ViewGivenAlready, ViewNotGiven
from gateway.errors.root import TELL_OPERATOR, TRY_AGAIN, GatewayError, InternalError
from gateway.errors.sign_in import (
    FormTokenInvalid,
    RoleMissing,
    SessionExpired,
    SignInDenied,
    SignInInterrupted,
    SignInNeeded,
    SignInOff,
    SignInRefused,
    SignInUnavailable,
)
from gateway.errors.start import (
    AccessNotSetUp,
    DemoModelNotAllowed,
    DetectorNotInstalled,
    HostUnknown,
    PortTaken,
    RecordsNotReady,
    SettingsInvalid,
    SeveralReasons,
    StartRefused,
)
from gateway.errors.stop import ScreeningPaused

__all__ = [
    "TELL_OPERATOR",
    "TRY_AGAIN",
    "AccessError",
    "AccessNotSetUp",
    "AccessUnavailable",
    "AddressTooLong",
    "ApiKeysUnreadable",
    "BodyMalformed",
    "BodyTooLarge",
    "BodyTypeUnsupported",
    "ClientRateExceeded",
    "ConnectionsFull",
    "CredentialExpired",
    "CredentialInvalid",
    "CredentialMissing",
    "CrossSiteRequest",
    "DeadlinePassed",
    "DemoModelNotAllowed",
    "DemoModelRefused",
    "DetectorNotInstalled",
    "ExplanationMissing",
    "FormTokenInvalid",
    "GatewayError",
    "GatewayStopping",
    "HeadersTooLarge",
    "HostNotLocal",
    "HostUnknown",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "IdentityProviderUnavailable",
    "InternalError",
    "MethodNotAllowed",
    "ModelIncompatible",
    "ModelNotPinned",
    "ModelNotServable",
    "ModelPinInvalid",
    "ModelVersionMismatch",
    "ModelVersionMissing",
    "NoticeNotConfirmed",
    "OutcomeUnknown",
    "Overloaded",
    "ParameterInvalid",
    "PhotoMissing",
    "PolicyIncompatible",
    "PortTaken",
    "PredictorBusy",
    "PredictorError",
    "PredictorRejected",
    "PredictorTimeout",
    "PredictorUnavailable",
    "QueueFull",
    "RecordsNotReady",
    "RecordsOff",
    "RecordsUnavailable",
    "RequestError",
    "RequestMalformed",
    "RoleMissing",
    "RouteNotGranted",
    "RouteUnknown",
    "ScopeMissing",
    "ScreeningPaused",
    "ScreeningUnknown",
    "SessionExpired",
    "SettingsInvalid",
    "SeveralReasons",
    "SignInDenied",
    "SignInInterrupted",
    "SignInMissing",
    "SignInNeeded",
    "SignInOff",
    "SignInRefused",
    "SignInUnavailable",
    "StartRefused",
    "TooManyParts",
    "TrafficNotGranted",
    "UploadInterrupted",
    "UploadMalformed",
    "UploadMemoryFull",
    "UploadTimedOut",
    "UploadTypeUnsupported",
    "ViewGivenAlready",
    "ViewNotGiven",
    "WaitTooLong",
]
