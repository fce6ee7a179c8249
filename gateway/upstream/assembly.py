"""The parts on the way to the model server, put together once, in the process that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.settings import Settings
from gateway.upstream.calls import ModelCalls
from gateway.upstream.circuit import Circuit
from gateway.upstream.connections import Connections
from gateway.upstream.model_server import ModelServerPredictor
from gateway.upstream.tls_files import tls_files_of
from monitoring.metrics import Metrics
from serving.repository import ModelRepository
from serving.wire.channel import open_channel

if TYPE_CHECKING:  # imported only where the settings ask for them
    from gateway.upstream.credentials import Credentials
    from gateway.upstream.shadow import Shadow


def connect(
    settings: Settings, repository: ModelRepository, metrics: Metrics
) -> tuple[ModelServerPredictor, Shadow | None]:
    """What asks the pinned version, and what asks the shadow version where the settings name one."""
    credentials = _create_credentials(settings)
    connections = Connections(
        lambda: open_channel(settings.model_server, credentials=credentials.current() if credentials else None)
    )

    def count_call(result: str, version: int) -> None:
        metrics.model.count_call(result)
        metrics.model.set_state(str(version), result)

    predictor = ModelServerPredictor(
        ModelCalls(connections, count_call),
        Circuit(metrics.model.set_circuit),
        max_calls=settings.max_in_flight + settings.reserved_places,
    )
    version = settings.shadow_version
    if version == 0:
        return predictor, None
    from gateway.upstream.shadow import Shadow, ShadowContract  # noqa: PLC0415 - only where there is a shadow version

    metrics.model.start_version(str(version))
    shadow = Shadow(
        version,
        ShadowContract(repository, version),
        # Not counted among the calls, which are about what callers get.
        ModelCalls(connections, lambda result, asked: metrics.model.set_state(str(asked), result), retries=False),
        lambda: predictor.is_busy,
        metrics,
    )
    return predictor, shadow


def _create_credentials(settings: Settings) -> Credentials | None:
    files = tls_files_of(settings)
    if files is None:
        return None
    from gateway.upstream.credentials import Credentials  # noqa: PLC0415 - only where the model server is asked over TLS

    return Credentials(files)
