"""No core files: the memory of whatever sees photos or crops holds faces, and a core file would put them on a disk."""

from __future__ import annotations

import ctypes
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4
"""From Linux's `sys/prctl.h`."""


def forbid_core_files() -> None:
    """Let this process and its children leave no core file; nobody but root can take it back.

    Where `kernel.core_pattern` is a pipe, it is the program behind it that reads this limit, and some do not.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def forbid_memory_dumps() -> None:
    """No core file, and no other program of the same user reads this memory: no pipe gets a core, no debugger attaches.

    Holds for children until they start another program. Root still can; so can nobody else, `py-spy` and `strace -p` included.
    """
    forbid_core_files()
    try:
        prctl = ctypes.CDLL(None).prctl
    except AttributeError:
        return  # not Linux
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
