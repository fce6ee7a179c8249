"""What a model server runs on, as far as a neighbour can see. TensorFlow Serving falls back to the CPU without a word.

No answer of TensorFlow Serving names a device, and none of its metrics does reliably. Two things can be seen from outside:

- A process that uses CUDA holds `/dev/nvidia*` open. Where the probe sees the server's process (the same machine, or a pod with
  `shareProcessNamespace: true` and the same user), none held open proves that the model runs on the CPU, whatever the reason:
  no driver, no device given to the container, the CPU image.
- `:pjrt:gpu:free_gpu_system_memory{gpu_id="0"}` is written once XLA compiled something for that GPU. It proves a GPU; that it
  is missing proves nothing, because TensorFlow Serving does not use XLA by default.

Where neither can be seen, the answer is "unknown", never a guess. A server that opened the GPU and yet left the model on the CPU
(a missing cuDNN) looks like one on the GPU here. Not measured on a GPU: both rules were tested on made-up inputs only.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
SERVER_PROGRAM: Final = "tensorflow_model_server"
_GPU_FILE: Final = re.compile(r"/dev/nvidia(\d+|ctl|-uvm)")
_GPU_METRIC: Final = re.compile(r"^:pjrt:gpu:free_gpu_system_memory\{[^}]*gpu_id=", re.MULTILINE)


class Device(enum.StrEnum):
    """Where a model runs."""

    CPU = "cpu"
    GPU = "gpu"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """The device that was asked for and the one that is used, and how that is known."""

    asked: Device
    used: Device
    evidence: str

    @property
    def gpu_missing(self) -> bool:
        """Whether a GPU was asked for and the model certainly runs on the CPU."""
        return self.asked is Device.GPU and self.used is Device.CPU


def find_device(asked: Device, server_metrics: str, proc: Path = PROC) -> DeviceReport:
    """Judge by what can be seen.

    Args:
        asked: What the server was meant to run on.
        server_metrics: The server's own metrics page; "" where there is none.
        proc: The kernel's view of the processes.
    """
    if _GPU_METRIC.search(server_metrics):
        return DeviceReport(asked, Device.GPU, "the server reports the free memory of a GPU")
    servers = [process for process in _processes(proc) if _program_of(process) == SERVER_PROGRAM]
    if not servers:
        return DeviceReport(asked, Device.UNKNOWN, f"no process {SERVER_PROGRAM} can be seen")
    try:
        holds_gpu = any(_holds_gpu(process) for process in servers)
    except OSError:
        return DeviceReport(asked, Device.UNKNOWN, f"the open files of {SERVER_PROGRAM} cannot be seen")
    if holds_gpu:
        return DeviceReport(asked, Device.GPU, "the server holds a GPU open")
    return DeviceReport(asked, Device.CPU, "the server holds no GPU open")


def _processes(proc: Path) -> list[Path]:
    return [path for path in proc.iterdir() if path.name.isdecimal()] if proc.is_dir() else []


def _program_of(process: Path) -> str:
    try:
        command = (process / "cmdline").read_bytes()
    except OSError:
        return ""
    return Path(command.split(b"\0", 1)[0].decode(errors="replace")).name


def _holds_gpu(process: Path) -> bool:
    return any(_GPU_FILE.fullmatch(_target_of(link)) for link in (process / "fd").iterdir())


def _target_of(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        # The server closed it since the folder was read, as it does with every connection.
        return ""
