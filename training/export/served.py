"""Ask the version through the model server: the third of the three ways that must agree (Keras, reloaded, served)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.contract.model import EXPLAIN_SIGNATURE, INPUT_TENSOR, SERVING_SIGNATURE
from serving.local.ports import LOOPBACK, find_free_port
from serving.local.processes import ProcessFailed, ProcessGroup
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import WireError
from training.errors import ExportRefused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

START_SECONDS = 180.0
"""A start loads TensorFlow, the version and its warm-up requests; on a busy machine it takes half a minute."""
CALL_SECONDS = 60.0
ROWS = 32
"""Largest request that the batching parameters of production take."""


def answer_through_server(version_folder: Path, model_name: str, crops: NDArray[np.uint8]) -> dict[str, Arrays]:
    """Start a model server over the staged version, ask every signature that takes crops, and stop it.

    Args:
        version_folder: The version being written; the server sees it under its own number through a link.
        model_name: Name it is served under.
        crops: uint8 [n, size, size, 3].

    Returns:
        Signature -> tensor name -> answers for all crops.

    Raises:
        ExportRefused: the server does not load the version or does not answer.
    """
    port = find_free_port()
    with tempfile.TemporaryDirectory(prefix="symmetra-export-") as temporary:
        base = Path(temporary, "models")
        base.mkdir()
        Path(base, "1").symlink_to(version_folder.absolute(), target_is_directory=True)
        flags = [f"--port={port}", f"--model_name={model_name}", f"--model_base_path={base}", "--rest_api_port=0"]
        command = [sys.executable, "-m", "serving.server", *flags]
        with ProcessGroup(Path(temporary, "logs")) as group, open_channel(f"{LOOPBACK}:{port}") as channel:
            client = ModelServerClient(channel)
            try:
                group.start("model-server", command, {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"})
                group.wait_until("model-server", lambda: client.wait_until_ready(0.2), START_SECONDS)
                return {name: _ask(client, model_name, name, crops) for name in (SERVING_SIGNATURE, EXPLAIN_SIGNATURE)}
            except (ProcessFailed, WireError) as error:
                message = f"the model server cannot serve the exported version: {error}"
                raise ExportRefused(message) from error


def _ask(client: ModelServerClient, model_name: str, signature: str, crops: NDArray[np.uint8]) -> Arrays:
    parts = [
        client.predict(
            model_name, 1, {INPUT_TENSOR: crops[start : start + ROWS]}, CALL_SECONDS, signature=signature
        ).outputs
        for start in range(0, len(crops), ROWS)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
