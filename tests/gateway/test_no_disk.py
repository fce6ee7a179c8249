"""No photo touches a disk: every system call that could write is watched while photos of all sizes are answered."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.drawn_faces import drawn_face, drawn_face_of_size
from tests.support.gateway import VERSION, make_repository, multipart
from tests.support.gateway_process import GatewayProcess
from tests.support.hostile_photos import refused_photos
from tests.support.stub_model_server import StubModelServer

SIZES = (400 * 1024, 600 * 1024, 9 * 1024 * 1024)
CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,sendfile,splice,copy_file_range,truncate,ftruncate,"
    "fallocate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,mknod,mknodat,memfd_create,msync"
)
FOR_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
WRITING_CALL = re.compile(r"^(\w*write\w*|sendfile|splice|copy_file_range|ftruncate|fallocate|msync)\((.*)$")
NO_FILE = re.compile(r"<(?:(?:TCP|TCPv6|UDP|UNIX|UNIX-STREAM|NETLINK|socket|pipe|anon_inode):|/dev/(?:null|pts/))")


def violations(trace: str, log: str) -> list[str]:
    """Lines of an strace that open a file for writing, write to one, or make a directory entry."""
    found = []
    for line in trace.splitlines():
        call = re.sub(r"^\d+ +", "", line)
        if "resumed>" in call or call.startswith(("+++", "---")):
            continue
        name = call.split("(", 1)[0]
        if name in ("open", "openat", "openat2", "creat"):
            if FOR_WRITING.search(call) and "/dev/null" not in call:
                found.append(line)
        elif WRITING_CALL.match(call):
            descriptor = call.split("(", 1)[1].split(",", 1)[0]
            if not NO_FILE.search(descriptor) and f"<{log}>" not in descriptor:
                found.append(line)
        else:
            found.append(line)
    return found


@pytest.mark.parametrize(
    "line",
    [
        '12 openat(AT_FDCWD</x>, "/tmp/abc", O_RDWR|O_CREAT|O_EXCL, 0600) = 7</tmp/abc>',
        '12 openat(AT_FDCWD</x>, "/tmp", O_RDWR|O_EXCL|O_TMPFILE, 0600 <unfinished ...>',
        '12 write(7</tmp/abc (deleted)>, "..."..., 65536) = 65536',
        '12 pwrite64(7</var/x>, "..."..., 65536, 0 <unfinished ...>',
        '12 mkdir("/tmp/x", 0700) = 0',
        '12 memfd_create("x", 0) = 9',
    ],
)
def test_the_watcher_sees_every_kind_of_write(line):
    assert violations(line, "/tmp/gateway.log") == [line]


@pytest.mark.parametrize(
    "line",
    [
        '12 openat(AT_FDCWD</x>, "/tmp/abc", O_RDONLY|O_CLOEXEC) = 7</tmp/abc>',
        '12 write(2</tmp/gateway.log>, "..."..., 200) = 200',
        '12 write(9<anon_inode:[eventfd]>, "..."..., 8) = 8',
        "12 writev(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, [{...}], 2) = 8",
        "12 +++ exited with 0 +++",
    ],
)
def test_the_watcher_lets_pass_what_is_no_file(line):
    assert violations(line, "/tmp/gateway.log") == []


@pytest.mark.needs_system("strace")
def test_no_upload_is_written_anywhere(tmp_path):
    make_repository(tmp_path / "models")
    trace_path = tmp_path / "trace.txt"
    wrapper = ("strace", "-f", "--seccomp-bpf", "-yy", "-s", "0", "-e", f"trace={CALLS}", "-o", str(trace_path))
    with (
        StubModelServer(VERSION) as stub,
        GatewayProcess(
            tmp_path / "models", stub.address, wrapper=wrapper, program="tests.support.watched_gateway"
        ) as gateway,
    ):
        assert gateway.screen(drawn_face())[0] == 200  # what is loaded once is loaded now
        begin = len(trace_path.read_text())
        for size in SIZES:
            photo = drawn_face_of_size(size)
            form, content_type = multipart(("photo", "face.jpg", photo))
            assert gateway.screen(photo)[0] == 200
            assert gateway.screen(form, content_type)[0] == 200
            assert gateway.screen(form[:-100], content_type)[0] == 400
            assert gateway.screen(photo[: size // 2])[0] == 422
        assert len(stub.crops) == 1 + 2 * len(SIZES)
        with ThreadPoolExecutor(4) as pool:
            hostile = [photo for photo, _ in refused_photos().values()]
            assert all(400 <= status < 500 for status, _ in pool.map(gateway.screen, hostile))
        trace = trace_path.read_text()[begin:]
        log = str(gateway.log_path)
    assert "write" in trace, "nothing was watched"
    assert violations(trace, log) == []
