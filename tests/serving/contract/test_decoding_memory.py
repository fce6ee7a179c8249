"""The reservation made for a photo is an upper bound of what decoding it takes, for the largest photos that are allowed."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.contract.photo import PhotoLimits
from tests.support.photo_bytes import encode, plain_picture, png_chunk, png_file, png_header, with_jpeg_frame

ROOT = Path(__file__).parents[3]
SLACK_BYTES = 8 * 1024 * 1024
"""Interpreter, allocator and the file itself, read twice."""

PROGRAM = """
import json, re, sys
from pathlib import Path
from serving.contract import photo
from tests.support.photo_bytes import encode, plain_picture

def status(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

content = sys.stdin.buffer.read()
for form in ("JPEG", "PNG", "WEBP"):
    photo.decode_photo(encode(plain_picture(), form))
container = photo._READERS[photo.recognise(content)](content)
reserved = photo._decoding_bytes(container, photo.LONG_SIDE_KEPT)
del container
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
photo.decode_photo(content)
print(json.dumps({"reserved": reserved, "taken": status("VmHWM") - before}))
"""
"""Writing 5 to clear_refs resets the peak, so that only the one decoding is measured (proc(5))."""


def png_of_zeros(depth: int, colour_type: int, samples: int, *extra: bytes) -> bytes:
    row = bytes(1 + 4_000 * samples * depth // 8)
    deflate = zlib.compressobj(1)
    data = b"".join(deflate.compress(row) for _ in range(4_000)) + deflate.flush()
    return png_file(png_header(4_000, 4_000, depth, colour_type), *extra, png_chunk(b"IDAT", data))


def small(form: str = "RGB", **options: object) -> bytes:
    return encode(Image.fromarray(plain_picture(320, 240)).convert(form), "JPEG", **options)


LARGEST = {
    "jpeg of 50 megapixels": lambda: with_jpeg_frame(small(), width=8_660, height=5_773),
    "progressive jpeg of 50 megapixels": lambda: with_jpeg_frame(
        small(progressive=True, subsampling=0), width=8_660, height=5_773
    ),
    "progressive cmyk jpeg": lambda: with_jpeg_frame(small("CMYK", progressive=True), width=8_000, height=5_000),
    "jpeg that is not shrunk": lambda: with_jpeg_frame(small(), width=1_999, height=1_999),
    "png of 16 bits with transparency": lambda: png_of_zeros(16, 6, 4),
    "png with a transparent colour": lambda: png_of_zeros(8, 2, 3, png_chunk(b"tRNS", bytes(6))),
    "png of 16-bit grey": lambda: png_of_zeros(16, 0, 1),
    "png with a palette": lambda: png_of_zeros(8, 3, 1, png_chunk(b"PLTE", bytes(768)), png_chunk(b"tRNS", bytes(256))),
    "webp": lambda: encode(np.zeros((4_000, 4_000, 4), np.uint8), "WEBP", method=0),
}


@pytest.mark.parametrize("name", LARGEST)
def test_decoding_takes_no_more_than_was_reserved(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, input=LARGEST[name](), capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    measured = json.loads(run.stdout)
    assert measured["taken"] <= measured["reserved"] + SLACK_BYTES
    assert measured["reserved"] <= PhotoLimits().max_decoded_bytes_in_flight
