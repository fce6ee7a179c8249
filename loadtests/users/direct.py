"""Crops asked of the model server over gRPC, past the gateway: what is left of the latency without it is the gateway's share.

gRPC's threads would wait outside gevent and stop every other request with them, so `init_gevent` is called before the first
channel; every call has a deadline.
"""

from __future__ import annotations

from typing import Final

import grpc
import grpc.experimental.gevent
import numpy as np

from loadtests.errors import PackUnusable
from loadtests.photos import Pack
from loadtests.run.format import ANSWERED, FAILED, SHED, TIMEOUT, WRONG
from loadtests.run.recording import PARTS
from loadtests.users.sending import Sent
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import AnswerMalformed, CallFailed

INPUT: Final = "crop"
OUTPUT: Final = "p_no_depression"
TOLERANCE_PPM: Final = 5_000
"""By which a severity may differ on another machine or in another precision (bfloat16: 0.005)."""
OUTCOMES: Final = {grpc.StatusCode.RESOURCE_EXHAUSTED: SHED, grpc.StatusCode.DEADLINE_EXCEEDED: TIMEOUT}


class DirectCall:
    """Asks one version for the severity of a crop.

    Args:
        address: Of the model server.
        model: Name of the model.
        version: Which is asked; None leaves it to the server.
        pack: The crops.

    Raises:
        PackUnusable: The pack has no crops.
    """

    def __init__(self, address: str, model: str, version: int | None, pack: Pack) -> None:
        if not len(pack.crops):
            message = f"the pack {pack.name} has no crops for direct calls; draw it with --crops-of VERSION_FOLDER"
            raise PackUnusable(message)
        self._client = ModelServerClient(open_channel(address))
        self._model = model
        self._version = version
        self._pack = pack

    def send(self, number: int, patience_seconds: float) -> Sent:
        """Ask for one crop, and compare the severity with the right one where the pack knows it."""
        index = number % len(self._pack.crops)
        crop = self._pack.crops[index : index + 1]
        try:
            answer = self._client.predict(
                self._model, self._version, {INPUT: crop}, max(patience_seconds, 0.001), wait_for_ready=True
            )
        except CallFailed as error:
            return Sent(OUTCOMES.get(error.code, FAILED), error.code.name)
        except AnswerMalformed:
            return Sent(FAILED, "malformed")
        probability = float(np.ravel(answer.outputs[OUTPUT])[0]) if OUTPUT in answer.outputs else float("nan")
        right = self._pack.crop_ppm.get(str(answer.version))
        if not 0 <= probability <= 1:
            return Sent(WRONG, "OK")
        is_wrong = right is not None and abs((1 - probability) * PARTS - int(right[index])) > TOLERANCE_PPM
        return Sent(WRONG if is_wrong else ANSWERED, "OK")


def use_gevent_in_grpc() -> None:
    """Let gRPC wait as gevent does; once in a process, before its first channel."""
    grpc.experimental.gevent.init_gevent()
