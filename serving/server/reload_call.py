"""HandleReloadConfigRequest (tensorflow_serving/model_servers/model_service_impl.cc)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from serving.server.errors import InvalidArgument
from serving.server.metrics import Counter
from serving.wire.server_config_pb2 import ReloadConfigRequest, ReloadConfigResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from serving.server.metrics import ServerMetrics
    from serving.server.reload import ConfigReloader


class ReloadCall:
    """What answers the call.

    Args:
        reloader: Takes the config.
        metrics: Counters that a caller may ask the increase of.
    """

    def __init__(self, reloader: ConfigReloader, metrics: ServerMetrics) -> None:
        self._reloader = reloader
        self._metrics = metrics

    def answer(self, request: ReloadConfigRequest, is_awaited: Callable[[], bool]) -> ReloadConfigResponse:
        """Replace the model config, wait for the models that it adds, and say how far the named counters rose meanwhile.

        Args:
            request: The config, and names of counters such as `/tensorflow/serving/request_count`; a name that no counter
                has rises by 0.
            is_awaited: Whether the caller still waits.

        Raises:
            StatusError: Why the config was not taken, or what of it failed.
        """
        if request.config.WhichOneof("config") != "model_config_list":
            message = (
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently "
                "supported"
            )
            raise InvalidArgument(message)
        before = self._read_counters(request.metric_names)
        self._reloader.reload(request.config, is_awaited)
        after = self._read_counters(request.metric_names)
        response = ReloadConfigResponse()
        # Present and empty, which is OK with no message.
        response.status.SetInParent()
        for name, value in after.items():
            response.metric.add(name=name, int64_value_increase=value - before[name])
        return response

    def _read_counters(self, names: Iterable[str]) -> dict[str, int]:
        """The first cell of each, as theirs; Prometheus' spelling of a name is what is kept here."""
        counters = {counter.name: counter for counter in vars(self._metrics).values() if isinstance(counter, Counter)}
        spelled = {name: re.sub(r"[^a-zA-Z0-9_]", ":", name) for name in names}
        return {name: counters[key].first_cell() if key in counters else 0 for name, key in spelled.items()}
