"""The name of the device that a bfloat16 graph was checked on."""

from __future__ import annotations

import platform
from pathlib import Path

import tensorflow as tf

CPU_DESCRIPTION = Path("/proc/cpuinfo")
MATRIX_FLAGS = ("avx512f", "avx512_bf16", "amx_bf16")
"""How a CPU multiplies bfloat16: the order and width of its sums follow from them, and with those the last digits."""


def describe_device() -> str:
    """The first GPU, or the CPU with the flags that matter to bfloat16."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))
    return describe_cpu(CPU_DESCRIPTION.read_text(encoding="utf-8") if CPU_DESCRIPTION.exists() else "")


def describe_cpu(description: str) -> str:
    """Model name and flags out of the text of `/proc/cpuinfo`."""
    fields = [line.partition(":")[::2] for line in description.splitlines()]
    found = {name.strip(): value.strip() for name, value in reversed(fields)}
    flags = found.get("flags", "").split()
    known = [flag for flag in MATRIX_FLAGS if flag in flags]
    return f"{found.get('model name', platform.machine())} ({', '.join(known) or 'no bfloat16 instructions'})"
