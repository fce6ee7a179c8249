"""Generate `*_pb2.py` and `*_pb2.pyi` from the .proto files beside this one.

`python -m serving.wire.generate` rewrites the committed files; tests/serving/wire/test_generated_code.py generates them
into an empty folder and compares. Needs grpcio-tools and mypy-protobuf, which only the development environment has.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PROTOS = (
    "serving/wire/predict.proto",
    "serving/wire/warmup.proto",
    "serving/wire/server_config.proto",
    "serving/wire/health.proto",
)
ROOT = Path(__file__).resolve().parents[2]


def generate(out: Path) -> list[Path]:
    """Write the generated files below `out`, which mirrors the project's root, and return their paths.

    Raises:
        subprocess.CalledProcessError: protoc refused a file; its message is on stderr.
    """
    stub_plugin = Path(sys.executable).with_name("protoc-gen-mypy")
    command = [sys.executable, "-m", "grpc_tools.protoc", "--proto_path=.", f"--python_out={out}"]
    command += [f"--plugin=protoc-gen-mypy={stub_plugin}", f"--mypy_out=quiet:{out}", *PROTOS]
    # Paths must be relative to the root: they become the files' names in the descriptor pool.
    subprocess.run(command, cwd=ROOT, check=True)
    stems = [out / proto.removesuffix(".proto") for proto in PROTOS]
    return [stem.with_name(stem.name + suffix) for stem in stems for suffix in ("_pb2.py", "_pb2.pyi")]


def main() -> None:
    """Command line: where to write, the project itself by default."""
    parser = argparse.ArgumentParser(description="Generate the wire messages from their .proto files.")
    parser.add_argument("--out", type=Path, default=ROOT, help="folder that mirrors the project's root")
    for path in generate(parser.parse_args().out.resolve()):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
