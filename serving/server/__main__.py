"""`python -m serving.server --port=8500 --rest_api_port=8501 --model_name=m --model_base_path=/models/m`."""

from __future__ import annotations

import os
import sys

from serving.server.process import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ, sys.stdout))
