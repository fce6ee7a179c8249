"""The model in service cannot be asked, or gave no usable answer."""

from __future__ import annotations

from gateway.errors.request import RequestError
from gateway.errors.root import TRY_AGAIN, GatewayError


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


class PolicyIncompatible(ModelNotServable):
    """The policy's limit for unstable answers was chosen under other jittered copies than this gateway makes."""

    code = "policy_incompatible"
    sentence = "The policy in service was chosen for another check of stability than this gateway does."


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


class ExplanationMissing(RequestError):
    """The version in service has no `explain` signature. 409: neither the request nor the photo is at fault."""

    code = "explanation_not_available"
    sentence = "The model version in service cannot explain its answers."
    advice = "Send the photo again without asking for an explanation."


class PredictorRejected(PredictorError):
    """The model server refused a request that we built."""

    code = "model_rejected"
    sentence = "The model could not work with the prepared photo."
