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
│   ├── UploadMalformed              upload_malformed         the multipart or chunked framing is broken
│   ├── UploadTypeUnsupported        upload_type_unsupported
│   ├── UploadTimedOut               upload_timed_out         stalled, or slower than the body deadline
│   └── UploadInterrupted            upload_interrupted       the connection ended before the body did
├── Overloaded                       refused to protect the others; try again
│   ├── QueueFull                    gateway_overloaded
│   ├── UploadMemoryFull             upload_memory_full
│   └── DeadlinePassed               deadline_passed          waited too long to be worth starting
├── ModelNotServable                 the pin does not name a version this gateway may ask
│   ├── ModelNotPinned               model_not_pinned
│   ├── ModelPinInvalid              model_pin_invalid
│   ├── ModelIncompatible            model_incompatible       made for another preprocessing
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
    └── DemoModelNotAllowed
"""

from __future__ import annotations

from typing import ClassVar

TRY_AGAIN = "Please try again in a moment."
TELL_OPERATOR = "Please tell the people who run this service."


class GatewayError(Exception):
    """Root of the tree. `code` is stable; `sentence` and `advice` are for people and hold nothing of the request."""

    code: ClassVar[str] = "gateway_error"
    sentence: ClassVar[str] = "The request could not be answered."
    advice: ClassVar[str] = TELL_OPERATOR

    def __init__(self, sentence: str | None = None) -> None:
        """Use the class's own sentence, or one with figures of ours (seconds, versions; never client content)."""
        super().__init__(sentence or self.sentence)


class RequestError(GatewayError):
    """The caller's request cannot be used."""


class RequestMalformed(RequestError):
    """HTTP that cannot be understood."""

    code = "request_malformed"
    sentence = "The request could not be understood."
    advice = "Check the request against the API description."


class AddressTooLong(RequestError):
    """The request line exceeds the limit."""

    code = "address_too_long"
    sentence = "The address of the request is too long."
    advice = "Photos are sent in the body of the request, to /v1/screenings."


class HeadersTooLarge(RequestError):
    """Too many headers, or too large ones."""

    code = "headers_too_large"
    sentence = "The headers of the request are too large."
    advice = "Send fewer or smaller headers; cookies are not used here."


class RouteUnknown(RequestError):
    """No such address."""

    code = "route_unknown"
    sentence = "There is nothing at this address."
    advice = "Photos are sent to /v1/screenings; the upload page is at /."


class MethodNotAllowed(RequestError):
    """The address exists, the method does not."""

    code = "method_not_allowed"
    sentence = "This address does not take this HTTP method."
    advice = "The header Allow names the methods it takes."


class PhotoMissing(RequestError):
    """Nothing to look at."""

    code = "photo_missing"
    sentence = "The request holds no photo."
    advice = "Choose a photo; programs send it as the form part 'photo', or as the body with its image type."


class TooManyParts(RequestError):
    """Which of two photos should be scored is not ours to guess."""

    code = "too_many_parts"
    sentence = "The request holds more than one photo, or form fields that are not used here."
    advice = "Send exactly one photo."


class UploadMalformed(RequestError):
    """Broken multipart or chunked framing."""

    code = "upload_malformed"
    sentence = "The upload is damaged: its parts cannot be told apart."
    advice = "Send the photo again; programs should check how they build multipart or chunked bodies."


class UploadTypeUnsupported(RequestError):
    """A body that is neither a form nor an image."""

    code = "upload_type_unsupported"
    sentence = "The upload is neither a form nor an image."
    advice = (
        "Send multipart/form-data with a part named 'photo', or the image itself with its type, such as image/jpeg."
    )


class UploadTimedOut(RequestError):
    """The body stalled or trickled."""

    code = "upload_timed_out"
    sentence = "The photo did not arrive in time."
    advice = "Check the connection and send the photo again, or send a smaller one."


class UploadInterrupted(RequestError):
    """The connection ended before the announced body did."""

    code = "upload_interrupted"
    sentence = "The upload ended before the photo was complete."
    advice = "Check the connection and send the photo again."


class Overloaded(GatewayError):
    """Refused to protect those who were admitted."""

    advice = TRY_AGAIN


class QueueFull(Overloaded):
    """Every place is taken and the queue is full."""

    code = "gateway_overloaded"
    sentence = "Too many photos are being looked at right now."


class UploadMemoryFull(Overloaded):
    """The memory set aside for uploads is in use."""

    code = "upload_memory_full"
    sentence = "Too many photos are being received right now."


class DeadlinePassed(Overloaded):
    """Its turn came too late for an answer in time, so no CPU was spent on it."""

    code = "deadline_passed"
    sentence = "The photo waited too long for its turn."


class ModelNotServable(GatewayError):
    """The pin names no version that may be asked."""


class ModelNotPinned(ModelNotServable):
    """There is no pin yet."""

    code = "model_not_pinned"
    sentence = "No model version has been put into service yet."


class ModelPinInvalid(ModelNotServable):
    """The pin or the policy cannot be trusted."""

    code = "model_pin_invalid"
    sentence = "The record of which model version is in service cannot be read."


class ModelIncompatible(ModelNotServable):
    """The pinned version expects crops that this gateway does not make."""

    code = "model_incompatible"
    sentence = "The model version in service was made for another preparation of photos than this gateway does."


class DemoModelRefused(ModelNotServable):
    """A model that learned from drawn faces is not offered beyond this machine."""

    code = "demo_model_refused"
    sentence = "The model version in service is a demonstration, which may not be used here."


class PredictorError(GatewayError):
    """The model server gave no usable answer."""


class PredictorUnavailable(PredictorError):
    """Not reachable, or going away."""

    code = "model_unavailable"
    sentence = "The model is not available right now."
    advice = TRY_AGAIN


class PredictorBusy(PredictorError):
    """The model server has more to do than it takes on."""

    code = "model_busy"
    sentence = "The model has too many photos to look at right now."
    advice = TRY_AGAIN


class PredictorTimeout(PredictorError):
    """No answer within the deadline."""

    code = "model_timeout"
    sentence = "The model did not answer in time."
    advice = TRY_AGAIN


class ModelVersionMissing(PredictorError):
    """The model server does not serve the pinned version."""

    code = "model_version_missing"
    sentence = "The model version in service is not loaded."
    advice = TRY_AGAIN


class ModelVersionMismatch(PredictorError):
    """Another version answered than was asked: its score has no known meaning."""

    code = "model_version_mismatch"
    sentence = "Another model version answered than the one in service."


class PredictorRejected(PredictorError):
    """The model server refused a request that we built."""

    code = "model_rejected"
    sentence = "The model could not work with the prepared photo."


class InternalError(GatewayError):
    """Anything unforeseen."""

    code = "internal_error"
    sentence = "Something went wrong on our side."


class StartRefused(GatewayError):
    """The gateway does not start; the message says why and what to do."""


class SettingsInvalid(StartRefused):
    """One line for every mistake in the settings."""


class PortTaken(StartRefused):
    """Something else listens there."""


class HostUnknown(StartRefused):
    """An address to listen on that is none of this machine's, nor a name of one."""


class DetectorNotInstalled(StartRefused):
    """Without the face detector's weights no photo could be answered."""


class DemoModelNotAllowed(StartRefused):
    """A demo model outside loopback."""
