"""`python -m serving.server --port=8500 --rest_api_port=8501 --model_name=m --model_base_path=/models/m`."""

from __future__ import annotations

import os
import sys

from serving.core_dumps import forbid_core_files
from serving.server.process import run

if __name__ == "__main__":
    forbid_core_files()  # a call that TensorFlow aborts on would leave the crops of everybody else in one
    code = run(sys.argv[1:], os.environ, sys.stdout)
    sys.stdout.flush()
    sys.stderr.flush()
    # At once, and not by the interpreter's own way out: that one shuts gRPC down, which cancels calls that arrive meanwhile
    # (`ModelServer.drain`), and frees what the kernel frees faster.
    os._exit(code)
