"""Refused to protect those who were admitted."""

from __future__ import annotations

from gateway.errors.root import TRY_AGAIN, GatewayError


class Overloaded(GatewayError):
    """Refused to protect those who were admitted."""

    advice = TRY_AGAIN


class QueueFull(Overloaded):
    """Every place is taken and the queue is full."""

    code = "gateway_overloaded"
    sentence = "Too many photos are being looked at right now."


class WaitTooLong(Overloaded):
    """A place would become free too late, judged by how long photos take just now."""

    code = "wait_too_long"
    sentence = "Too many photos are waiting to be looked at."


class UploadMemoryFull(Overloaded):
    """The memory set aside for uploads is in use."""

    code = "upload_memory_full"
    sentence = "Too many photos are being received right now."


class ConnectionsFull(Overloaded):
    """So many connections are open that only health is answered on further ones."""

    code = "connections_full"
    sentence = "Too many connections are open right now."


class DeadlinePassed(Overloaded):
    """Its turn came too late for an answer in time, so no CPU was spent on it."""

    code = "deadline_passed"
    sentence = "The photo waited too long for its turn."


class GatewayStopping(GatewayError):
    """This gateway is about to end; whoever asks whether it is ready should ask another one from now on."""

    code = "gateway_stopping"
    sentence = "This service is being stopped."
    advice = TRY_AGAIN
