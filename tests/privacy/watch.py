"""What a process wrote to files, as strace saw it: every system call that can put bytes on a disk, into a tmpfs or a memfd.

The calls are traced with all the bytes they write, so that what was overwritten or deleted again is searched too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.privacy.search import Hit, Searcher

OPENING: Final = ("open", "openat", "openat2", "creat")
WRITING: Final = (
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "splice", "vmsplice", "copy_file_range", "ftruncate", "fallocate",
)  # fmt: skip
NAMING: Final = (
    "truncate", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "mknod", "mknodat", "setxattr",
)  # fmt: skip
MEMORY: Final = ("memfd_create", "mmap", "shmget", "memfd_secret")
"""`mmap` counts where it can change a file; a memfd is a file in memory, which may be swapped out and is in every dump."""
CALLS: Final = (*OPENING, *WRITING, *NAMING, *MEMORY)
MOST_BYTES: Final = 1 << 20
"""Of one call's data, shown by strace."""
_FOR_WRITING: Final = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
_NO_FILE: Final = re.compile(
    r"(?:TCP|TCPv6|UDP|UDPv6|UNIX|UNIX-STREAM|NETLINK|socket|pipe|anon_inode):|/dev/(?:null|pts/|tty)"
)
_LINE: Final = re.compile(r"^(?:(?P<process>\d+) +)?(?P<name>\w+)\((?P<arguments>.*)$")
_DESCRIPTOR: Final = re.compile(r"^(-?\d+)<((?:[^<>]|<[^<>]*>)*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


def strace_command(trace: Path) -> tuple[str, ...]:
    """What to put in front of a program: it and all its children, every byte of what they write, in hexadecimal."""
    # Calls that this machine's architecture lacks are left out by the question mark.
    names = ",".join(f"?{name}" for name in CALLS)
    return (
        "strace", "-f", "--seccomp-bpf", "-yy", "-xx", "-s", str(MOST_BYTES), "-e", f"trace={names}", "-e", "signal=none", "-o", str(trace),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Allowed:
    """Files that may be written, and why."""

    path: re.Pattern[str]
    reason: str
    most_bytes: int | None = None
    """More, and it is no such file; None is without limit."""

    @classmethod
    def below(cls, path: Path | str, reason: str, most_bytes: int | None = None) -> Allowed:
        """That path, everything that begins like it (an SQLite database's other files), and everything below it."""
        return cls(re.compile(re.escape(str(path))), reason, most_bytes)


@dataclass(slots=True)
class Written:
    """What was done to one path."""

    path: str
    allowed: Allowed | None
    calls: Counter[str] = field(default_factory=Counter)
    count_bytes: int = 0
    hits: list[Hit] = field(default_factory=list)
    was_cut: bool = False
    """Whether strace showed less than what was written."""

    @property
    def reason(self) -> str | None:
        """Why it is allowed; None where it is not."""
        if self.allowed is None or (self.allowed.most_bytes is not None and self.count_bytes > self.allowed.most_bytes):
            return None
        return self.allowed.reason


def read_trace(trace: str, allowed: Sequence[Allowed], searcher: Searcher) -> list[Written]:
    """Every path that was written, made or renamed, by path."""
    found: dict[str, Written] = {}
    for name, path, data, was_cut in _writing_calls(trace):
        if path not in found:
            found[path] = Written(path, next((each for each in allowed if each.path.match(path)), None))
        written = found[path]
        written.calls[name] += 1
        written.count_bytes += len(data)
        written.was_cut |= was_cut
        written.hits += searcher.find(data)
    return sorted(found.values(), key=lambda written: written.path)


def calls_seen(trace: str) -> Counter[str]:
    """How often each call was seen at all."""
    return Counter(found["name"] for line in trace.splitlines() if (found := _LINE.match(line)))


def _writing_calls(trace: str) -> Iterator[tuple[str, str, bytes, bool]]:
    """Name, path, data, whether it was cut, of each call that changes a file or makes one."""
    for line in trace.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        name, arguments = found["name"], found["arguments"]
        texts = [(bytes.fromhex(text.replace("\\x", "")), bool(cut)) for text, cut in _TEXT.findall(arguments)]
        if name in OPENING:
            if name == "creat" or _FOR_WRITING.search(arguments):
                path = _path_of(texts)
                if not _NO_FILE.match(path):
                    yield name, path, b"", False
        elif name in WRITING:
            path = _descriptor_path(_target_of(name, arguments))
            if not _NO_FILE.match(path):
                yield name, path, b"".join(data for data, _ in texts), any(cut for _, cut in texts)
        elif name == "mmap":
            path = _shared_file(arguments)
            if path is not None:
                yield "mmap, shared and writable", path, b"", False
        elif name == "memfd_create":
            yield name, f"memfd:{_path_of(texts)}", b"", False
        elif name in MEMORY:
            yield name, name, b"", False
        else:
            for text, _ in texts[-1:]:
                yield name, text.decode(errors="replace"), b"", False


def _target_of(name: str, arguments: str) -> str:
    """The argument that is written to: of copies between two files it is a later one."""
    if name == "splice":
        return arguments.split(", ")[2] if arguments.count(", ") >= 2 else arguments
    if name == "copy_file_range":
        return arguments.split(", ")[2] if arguments.count(", ") >= 2 else arguments
    return arguments


def _descriptor_path(argument: str) -> str:
    found = _DESCRIPTOR.match(argument)
    if found is None:
        return "a descriptor that strace could not name"
    return _plain(found[2])


def _shared_file(arguments: str) -> str | None:
    """The file behind a mapping that changes it; None for every other mapping."""
    if "MAP_SHARED" not in arguments or "PROT_WRITE" not in arguments or "MAP_ANONYMOUS" in arguments:
        return None
    descriptor = re.search(r", (\d+<(?:[^<>]|<[^<>]*>)*>)", arguments)
    path = _descriptor_path(descriptor[1]) if descriptor else "a descriptor that strace could not name"
    return None if _NO_FILE.match(path) else path


def _path_of(texts: list[tuple[bytes, bool]]) -> str:
    return texts[0][0].decode(errors="replace") if texts else "a path that strace could not read"


def _plain(shown: str) -> str:
    """A path as strace shows it behind a descriptor, without `(deleted)` and without hexadecimal."""
    shown = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), shown)
    return shown.removesuffix("(deleted)").rstrip()
