"""The machine that makes load, in the few facts that its figures depend on; nothing that says whose it is or where it stands."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
WANTED_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""Of the processor: those that a model's speed hangs on."""


def machine_of_load() -> dict[str, str]:
    """Processor, its features, and how many cores this process may use, each as text."""
    field = _fields_of_cpu()
    flags = set(field.get("flags", "").split())
    return {
        "cpu": field.get("model name", platform.processor() or "unknown"),
        "cores": str(len(os.sched_getaffinity(0))),
        "features": " ".join(flag for flag in WANTED_FEATURES if flag in flags),
    }


def _fields_of_cpu() -> dict[str, str]:
    lines = CPU_FACTS.read_text().splitlines() if CPU_FACTS.exists() else []
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}
