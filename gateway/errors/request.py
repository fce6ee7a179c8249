"""The caller's request cannot be used."""

from __future__ import annotations

from gateway.errors.root import GatewayError


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
    advice = "Send fewer or smaller headers; in a browser, fewer cookies."


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


class ParameterInvalid(RequestError):
    """A parameter, header or form field of ours with a value that it cannot have. The sentence names it, never its value."""

    code = "parameter_invalid"
    sentence = "A parameter of the request has a value that it cannot have."
    advice = "Correct the parameter; /reference describes what each may hold."


class IdempotencyKeyReused(RequestError):
    """One key for two different requests: which answer is meant is not ours to guess."""

    code = "idempotency_key_reused"
    sentence = "This Idempotency-Key was used before for another request."
    advice = "Use a new key for every new request, and the same key only to repeat one."


class IdempotencyInProgress(RequestError):
    """The first request of a key is still being answered."""

    code = "idempotency_in_progress"
    sentence = "The first request with this Idempotency-Key is still being answered."
    advice = "Please repeat the request in a moment."


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


class BodyTypeUnsupported(RequestError):
    """A body of another type than this address takes."""

    code = "body_type_unsupported"
    sentence = "The body of the request is not of the type that this address takes."
    advice = "Send application/json; forms send application/x-www-form-urlencoded. No Content-Encoding."


class BodyMalformed(RequestError):
    """A body that is not what its type says."""

    code = "body_malformed"
    sentence = "The body of the request cannot be read."
    advice = "Send one JSON object in UTF-8 that names each of its members once."


class BodyTooLarge(RequestError):
    """A body larger than this address takes. Photos have an error of their own."""

    code = "body_too_large"
    sentence = "The body of the request is too large."
    advice = "Send only what is described for this address."


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


class ClientRateExceeded(RequestError):
    """This client asked more often than one client may; the others are not affected."""

    code = "client_rate_exceeded"
    sentence = "Too many requests came from here in a short time."
    advice = "Ask less often; the header Retry-After says in how many seconds the next request is taken."
