"""Versions of a repository behind a real model server, asked as the gateway asks them: a process that always ends."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

from serving.local.ports import LOOPBACK, find_free_port
from serving.local.processes import ProcessFailed, ProcessGroup
from serving.wire.channel import open_channel
from serving.wire.client import AVAILABLE, ModelServerClient
from serving.wire.errors import AnswerMalformed, CallFailed
from serving.wire.golden_check import check_golden
from training.errors import ServingFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from serving.contract.model import ModelContract
    from serving.wire.golden_check import GoldenCrops, GoldenResult
    from training.data.shards import CropStore

BATCH_SIZE: Final = 32
START_SECONDS: Final = 180.0
CALL_SECONDS: Final = 120.0
"""For one batch; the first one of a machine that trains beside it takes long."""
_CONFIG: Final = """model_config_list {{
  config {{
    name: "{name}"
    base_path: "{path}"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ {versions} }} }}
  }}
}}
"""


class ServedVersions:
    """What answers while the block of `serve_versions` lasts."""

    def __init__(self, client: ModelServerClient, model_name: str) -> None:
        self._client = client
        self._model_name = model_name

    def check_available(self, version: int) -> None:
        """Make sure that a version takes traffic.

        Raises:
            ServingFailed: it does not; the server's own words are in the message.
        """
        try:
            (status,) = self._client.model_status(self._model_name, version, CALL_SECONDS)
        except (AnswerMalformed, CallFailed, ValueError) as error:
            message = f"the model server does not know version {version}: {error}"
            raise ServingFailed(message) from error
        if status.state != AVAILABLE:
            message = f"the model server cannot serve version {version} ({status.state}): {status.error_message}"
            raise ServingFailed(message)

    def ask(self, contract: ModelContract, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """p_no_depression of each crop, float32 [n], asked in batches.

        Raises:
            ServingFailed: a call failed, another version answered, or the answer is not one finite probability per crop.
        """
        batches = [crops[start : start + BATCH_SIZE] for start in range(0, len(crops), BATCH_SIZE)]
        return np.concatenate([self._ask_batch(contract, batch) for batch in batches])

    def check_golden(self, contract: ModelContract, golden: GoldenCrops) -> GoldenResult:
        """How the version answers its golden crops, judged as `promote` and the probe judge it.

        Raises:
            ServingFailed: a call failed, another version answered, or the answer is not one probability per crop.
        """
        try:
            return check_golden(self._client, contract, golden, CALL_SECONDS)
        except (AnswerMalformed, CallFailed) as error:
            message = f"version {contract.version} does not answer in the model server: {error}"
            raise ServingFailed(message) from error

    def ask_about(self, contract: ModelContract, store: CropStore, paths: Sequence[str]) -> NDArray[np.float32]:
        """The same of stored crops, of which one batch is in memory at a time."""
        starts = range(0, len(paths), BATCH_SIZE)
        return np.concatenate(
            [self._ask_batch(contract, store.read(paths[start : start + BATCH_SIZE])) for start in starts]
        )

    def _ask_batch(self, contract: ModelContract, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            answer = self._client.predict(
                self._model_name,
                contract.version,
                {contract.input_tensor: crops},
                CALL_SECONDS,
                signature=contract.signature,
                output_filter=(contract.probability_tensor,),
            )
        except (AnswerMalformed, CallFailed) as error:
            message = f"version {contract.version} does not answer in the model server: {error}"
            raise ServingFailed(message) from error
        p = np.asarray(answer.outputs.get(contract.probability_tensor, ()), np.float32).reshape(-1)
        if answer.version != contract.version or p.shape != (len(crops),) or not ((p >= 0.0) & (p <= 1.0)).all():
            message = f"version {contract.version} does not answer one probability per crop in the model server"
            raise ServingFailed(message)
        return p


@contextmanager
def serve_versions(
    directory: Path, model_name: str, versions: Sequence[int], work_folder: Path
) -> Iterator[ServedVersions]:
    """Serve some versions of one model on a free loopback port, for the time of a block.

    Args:
        directory: The model's directory, with one folder per version.
        model_name: Its name.
        versions: Which to load.
        work_folder: For the server's configuration and its log.

    Raises:
        ServingFailed: the server does not start.
    """
    work_folder.mkdir(parents=True, exist_ok=True)
    config = work_folder / "models.config"
    numbers = " ".join(f"versions: {version}" for version in sorted(set(versions)))
    path = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    config.write_text(_CONFIG.format(name=model_name, path=path, versions=numbers), encoding="utf-8")
    port = find_free_port()
    command = [sys.executable, "-m", "serving.server", f"--port={port}", f"--model_config_file={config}"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with ProcessGroup(work_folder) as group, open_channel(f"{LOOPBACK}:{port}") as channel:
        client = ModelServerClient(channel)
        try:
            group.start("model-server", command, environment)
            group.wait_until("model-server", lambda: client.wait_until_ready(0.2), START_SECONDS)
        except ProcessFailed as error:
            raise ServingFailed(str(error)) from error
        yield ServedVersions(client, model_name)
