"""What a neighbour can tell about the device. Made-up processes and pages: not measured on a GPU."""

from pathlib import Path

import pytest

from serving.probe.device import Device, find_device

CPU_PAGE = """# TYPE :pjrt:gpu:free_gpu_system_memory gauge
# TYPE :tensorflow:serving:request_count counter
:tensorflow:serving:request_count{model_name="m",status="OK"} 3
"""
GPU_PAGE = CPU_PAGE + ':pjrt:gpu:free_gpu_system_memory{gpu_id="0"} 8.5e+10\n'


@pytest.fixture
def proc(tmp_path):
    """Makes a /proc; every process is a command line and what it holds open."""

    def make(*processes):
        for number, (command, open_files) in enumerate(processes, 7):
            folder = tmp_path / str(number)
            (folder / "fd").mkdir(parents=True)
            (folder / "cmdline").write_bytes(b"\0".join(part.encode() for part in command) + b"\0")
            for descriptor, target in enumerate(open_files):
                (folder / "fd" / str(descriptor)).symlink_to(target)
        (tmp_path / "self").mkdir()
        (tmp_path / "uptime").write_text("1 1")
        return tmp_path

    return make


SERVER = ["/usr/bin/tensorflow_model_server", "--port=8500"]


def test_a_server_without_an_open_gpu_runs_on_the_cpu(proc):
    report = find_device(Device.GPU, CPU_PAGE, proc((SERVER, ["/dev/null", "socket:[1]", "/dev/nvidia-caps"])))
    assert report.used is Device.CPU
    assert report.gpu_missing


@pytest.mark.parametrize("file", ["/dev/nvidia0", "/dev/nvidia12", "/dev/nvidiactl", "/dev/nvidia-uvm"])
def test_a_server_with_an_open_gpu_runs_on_it(proc, file):
    report = find_device(Device.GPU, CPU_PAGE, proc((["python"], []), (SERVER, ["/dev/null", file])))
    assert report.used is Device.GPU
    assert not report.gpu_missing


def test_a_gpu_of_another_process_does_not_count(proc):
    report = find_device(Device.GPU, CPU_PAGE, proc((["nvidia-smi"], ["/dev/nvidiactl"]), (SERVER, ["/dev/null"])))
    assert report.used is Device.CPU


def test_a_server_that_cannot_be_seen_is_unknown_and_nothing_is_claimed(proc):
    report = find_device(Device.GPU, CPU_PAGE, proc((["python"], [])))
    assert report.used is Device.UNKNOWN
    assert not report.gpu_missing
    assert find_device(Device.GPU, CPU_PAGE, Path("/nowhere")).used is Device.UNKNOWN


def test_open_files_that_cannot_be_seen_are_unknown(proc):
    folder = proc((SERVER, []))
    (folder / "7" / "fd").rmdir()
    report = find_device(Device.GPU, CPU_PAGE, folder)
    assert report.used is Device.UNKNOWN


@pytest.mark.parametrize(("file", "used"), [("/dev/nvidia0", Device.GPU), ("/dev/null", Device.CPU)])
def test_a_file_that_is_closed_while_the_probe_looks_changes_nothing(proc, monkeypatch, file, used):
    folder = proc((SERVER, ["socket:[1]", file, "socket:[2]"]))
    closed = {folder / "7" / "fd" / "0", folder / "7" / "fd" / "2"}
    readlink = Path.readlink

    def read_or_miss(link):
        if link in closed:
            raise FileNotFoundError(link)
        return readlink(link)

    monkeypatch.setattr(Path, "readlink", read_or_miss)
    assert find_device(Device.GPU, CPU_PAGE, folder).used is used


def test_free_memory_of_a_gpu_on_the_servers_page_proves_one(proc):
    assert find_device(Device.GPU, GPU_PAGE, proc((SERVER, []))).used is Device.GPU


def test_who_asked_for_a_cpu_misses_no_gpu(proc):
    report = find_device(Device.CPU, CPU_PAGE, proc((SERVER, [])))
    assert (report.used, report.gpu_missing) == (Device.CPU, False)
