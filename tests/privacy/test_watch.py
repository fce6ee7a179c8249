"""strace's words are understood: whatever can put bytes into a file is seen, with the bytes; nothing else is."""

import os
import subprocess
import sys

import pytest

from tests.privacy.search import Searcher
from tests.privacy.watch import Allowed, calls_seen, read_trace, strace_command

WORD = b"zqwatchedword0123"
WRITES = {
    "write": "open(path, 'wb').write(word)",
    "pwrite64": "os.pwrite(os.open(path, os.O_CREAT | os.O_RDWR), word, 0)",
    "writev": "os.writev(os.open(path, os.O_CREAT | os.O_RDWR), [word[:5], word[5:]])",
    "O_TMPFILE": "os.write(os.open(os.path.dirname(path), os.O_TMPFILE | os.O_RDWR), word)",
    "deleted": "f = open(path, 'wb', 0); os.unlink(path); f.write(word)",
    "memfd": "os.write(os.memfd_create('photo'), word)",
    "child": "import subprocess; subprocess.run(['tee', path], input=word, stdout=-3)",
    "sendfile": "a = open(path, 'wb+'); b = os.memfd_create('x'); os.write(b, word); os.sendfile(a.fileno(), b, 0, len(word))",
    "mmap": "import mmap; f = open(path, 'wb+'); f.truncate(64); m = mmap.mmap(f.fileno(), 64); m[:17] = word",
}
READS = {
    "reading": "open('/etc/hostname').read()",
    "socket": "import socket; a, b = socket.socketpair(); os.write(a.fileno(), word)",
    "pipe": "a, b = os.pipe(); os.write(b, word)",
    "nothing": "open('/dev/null', 'wb').write(word)",
    "memory": "import mmap; m = mmap.mmap(-1, 64); m[:17] = word",
}


def watch(tmp_path, statement):
    trace, path = tmp_path / "trace", tmp_path / "written" / "file"
    path.parent.mkdir()
    program = f"import os; word, path = {WORD!r}, {str(path)!r}; {statement}"
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([*strace_command(trace), sys.executable, "-c", program], check=True, env=environment)
    return trace.read_text(), path


@pytest.mark.needs_system("strace")
@pytest.mark.parametrize("name", WRITES)
def test_every_way_to_write_is_seen(tmp_path, name):
    trace, path = watch(tmp_path, WRITES[name])
    written = read_trace(trace, [], Searcher({"word": WORD}))
    found = {each.path: {hit.name for hit in each.hits} for each in written}
    assert all(each.reason is None for each in written)
    assert calls_seen(trace)
    if name == "mmap":
        assert any("mmap, shared and writable" in each.calls for each in written if each.path == str(path))
    elif name == "sendfile":
        assert str(path) in found
    else:
        assert {"word"} in found.values(), found
    if name == "memfd":
        assert "memfd:photo" in found


@pytest.mark.needs_system("strace")
@pytest.mark.parametrize("name", READS)
def test_what_is_no_file_is_let_pass(tmp_path, name):
    trace, _ = watch(tmp_path, READS[name])
    assert read_trace(trace, [], Searcher({"word": WORD})) == []


@pytest.mark.needs_system("strace")
def test_an_allowed_file_is_named_with_its_reason_and_searched_all_the_same(tmp_path):
    trace, path = watch(tmp_path, WRITES["write"])
    (written,) = read_trace(trace, [Allowed.below(path.parent, "a log")], Searcher({"word": WORD}))
    assert (written.path, written.reason, written.count_bytes) == (str(path), "a log", len(WORD))
    assert [hit.name for hit in written.hits] == ["word"]
