"""The gRPC channel to a model server: addresses, balancing, keepalive, limits.

Defaults that hurt here, and what replaces them:
- gRPC picks one address and stays there; `round_robin` over `dns:///` uses every replica behind a headless service.
- After a refused connection it backs off up to two minutes; the model server is back in seconds.
- A peer that vanished without closing is noticed after minutes; keepalive notices within seconds, while calls wait.
- It retries by itself; the gateway owns the one retry, within its deadline.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import grpc

ChannelOptions: TypeAlias = list[tuple[str, int | str]]

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Room for several hundred crops, or for one explanation; TensorFlow Serving itself accepts 2 GiB."""


def channel_options(
    *,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
    keepalive_seconds: float = 10.0,
    keepalive_timeout_seconds: float = 5.0,
    max_reconnect_seconds: float = 2.0,
    max_resolution_age_seconds: float = 2.0,
    max_resolution_seconds: float = 2.0,
) -> ChannelOptions:
    """Options for `grpc.insecure_channel` or `grpc.secure_channel`.

    Args:
        max_message_bytes: Largest message sent or received.
        keepalive_seconds: A ping after this long without a byte, only while calls are in flight: a server that sees
            pings on an idle connection closes it (GOAWAY, "too_many_pings"). gRPC takes no less than 10.
        keepalive_timeout_seconds: The connection is given up when a ping stays unanswered for this long.
        max_reconnect_seconds: Longest wait between two attempts to connect.
        max_resolution_age_seconds: How soon after the last time names may be resolved again.
        max_resolution_seconds: For one name to be resolved; gRPC would wait for two minutes, and every call with it.
    """
    return [
        ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.enable_retries", 0),
        ("grpc.keepalive_time_ms", round(keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", round(keepalive_timeout_seconds * 1000)),
        ("grpc.keepalive_permit_without_calls", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1000),
        ("grpc.max_reconnect_backoff_ms", round(max_reconnect_seconds * 1000)),
        ("grpc.dns_min_time_between_resolutions_ms", round(max_resolution_age_seconds * 1000)),
        ("grpc.dns_ares_query_timeout", round(max_resolution_seconds * 1000)),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.max_receive_message_length", max_message_bytes),
    ]


def open_channel(
    address: str, options: ChannelOptions | None = None, credentials: grpc.ChannelCredentials | None = None
) -> grpc.Channel:
    """A channel; connecting happens at the first call.

    Args:
        address: `host:port`, `dns:///name:port` (every address behind the name is used), or `unix:path`.
        options: As from `channel_options`, which is the default.
        credentials: For TLS; without them there is none.
    """
    options = channel_options() if options is None else options
    if credentials is None:
        return grpc.insecure_channel(address, options=options)
    return grpc.secure_channel(address, credentials, options=options)


def is_connected(channel: grpc.Channel) -> bool:
    """Whether a server has accepted the connection; begins to connect where none has yet. Never waits.

    gRPC's own way to know this is a thread per channel that looks five times a second and fails with noise on standard error
    when the channel is closed under it; its core, which that thread asks, answers at once.
    """
    state = channel._channel.check_connectivity_state(True)  # type: ignore[attr-defined]  # noqa: SLF001
    return bool(state == grpc.ChannelConnectivity.READY.value[0])
