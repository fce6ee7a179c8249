"""A gateway whose crops are resized in another way than its versions were made with: a release that went wrong.

python -m tests.support.resized_gateway
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image

from gateway.__main__ import main
from serving.contract import crop

COARSE_PIXELS = 48


def run() -> int:
    """Serve, and return the exit code."""
    warp = crop.warp

    def other_resize(*arguments, **named):
        aligned = warp(*arguments, **named)
        height, width = aligned.shape[:2]
        coarse = Image.fromarray(aligned).resize((COARSE_PIXELS, COARSE_PIXELS), Image.Resampling.NEAREST)
        return np.asarray(coarse.resize((width, height), Image.Resampling.NEAREST))

    crop.warp = other_resize
    return main()


if __name__ == "__main__":
    sys.exit(run())
