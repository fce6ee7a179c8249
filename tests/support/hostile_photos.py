"""Uploads that are hostile, broken or just odd, made in memory, each with the code it must be refused with.

None holds a face. `REFUSED` is what every layer is tested with: the contract must raise the `PhotoError` of that code,
the gateway must answer 4xx, and neither may crash, hang or grow.
"""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
import zlib
from functools import lru_cache

import numpy as np
from PIL import Image

from tests.support.broken_photos import (
    broken_on_the_way,
    faulty_jpegs,
    faulty_metadata,
    faulty_pngs,
    faulty_webps,
    more_other_files,
)
from tests.support.photo_bytes import (
    encode,
    exif_block,
    insert_jpeg_segment,
    insert_png_chunk,
    jpeg_segment,
    jpeg_segments,
    jpeg_without,
    plain_picture,
    png_chunk,
    png_file,
    png_header,
    png_rows,
    riff,
    webp_canvas,
    webp_chunks,
    with_jpeg_frame,
)

MEBIBYTE = 1024 * 1024


@lru_cache
def refused_photos() -> dict[str, tuple[bytes, str]]:
    """Name -> (bytes, code of the `PhotoError` that `make_crop` raises with the default limits)."""
    photos: dict[str, tuple[bytes, str]] = {}
    for group in (
        _other_files,
        _too_large,
        _truncated,
        _broken_jpegs,
        _broken_pngs,
        _broken_webps,
        _animations,
        _two_files_in_one,
        _bombs,
        _pictures_without_a_face,
        broken_on_the_way,
        more_other_files,
        faulty_jpegs,
        faulty_metadata,
        faulty_pngs,
        faulty_webps,
    ):
        made = group()
        assert not photos.keys() & made.keys()
        photos.update(made)
    return photos


def _other_files() -> dict[str, tuple[bytes, str]]:
    picture = Image.fromarray(plain_picture())
    frames = [picture, picture.rotate(90)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as entries:
        entries.writestr("photo.jpg", encode(picture, "JPEG"))
    bomb_entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    files = {
        "one byte": b"\xff",
        "jpeg magic only": b"\xff\xd8",
        "text": b"This is not a photo. " * 50,
        "json": b'{"photo": "aGVsbG8="}',
        "form data": b"--boundary\r\nContent-Disposition: form-data; name=photo\r\n\r\n",
        "html page": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "svg drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "xml with exploding entities": f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "x">{bomb_entities}]><x>&e9;</x>'.encode(),
        "pdf document": b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n%%EOF",
        "zip archive": archive.getvalue(),
        "gzip of a jpeg": gzip.compress(encode(picture, "JPEG")),
        "base64 of a jpeg": b"/9j/4AAQSkZJRgABAQAAAQABAAD",
        "data url": b"data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD",
        "gif": encode(picture, "GIF"),
        "animated gif": encode(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "bmp": encode(picture, "BMP"),
        "tiff": encode(picture, "TIFF"),
        "tiff, big-endian": b"MM\0*\0\0\0\x08\0\0",
        "bigtiff": b"II+\0\x08\0\0\0" + bytes(16),
        "netpbm": encode(picture, "PPM"),
        "icon": encode(picture, "ICO"),
        "targa": encode(picture, "TGA"),
        "jpeg 2000": encode(picture, "JPEG2000"),
        "avif": encode(picture, "AVIF"),
        "heic header": struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(64),
        "jpeg xl codestream": b"\xff\x0a" + bytes(64),
        "jpeg xl container": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(64),
        "photoshop": b"8BPS\0\x01" + bytes(64),
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(run) show",
        "video": struct.pack(">I", 24) + b"ftypisom" + bytes(4) + b"isommp42" + bytes(64),
        "dicom": bytes(128) + b"DICM" + bytes(64),
        "elf program": b"\x7fELF\x02\x01\x01" + bytes(64),
        "windows program": b"MZ" + bytes(128),
        "pickle": pickle.dumps({"photo": [1, 2, 3]}),
        "zero bytes": bytes(4096),
        "random bytes": np.random.default_rng(1).bytes(65_536),
        "riff that is sound": b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
    }
    return {"no bytes": (b"", "photo_empty")} | {name: (photo, "photo_unsupported") for name, photo in files.items()}


def _too_large() -> dict[str, tuple[bytes, str]]:
    jpeg = encode(plain_picture(), "JPEG")
    return {
        "jpeg one byte over 10 MiB": (jpeg + bytes(10 * MEBIBYTE + 1 - len(jpeg)), "photo_too_large"),
        "11 MiB of zero bytes": (bytes(11 * MEBIBYTE), "photo_too_large"),
    }


def _truncated() -> dict[str, tuple[bytes, str]]:
    picture = plain_picture(320, 240)
    jpeg, progressive = encode(picture, "JPEG"), encode(picture, "JPEG", progressive=True)
    png, webp, lossless = encode(picture, "PNG"), encode(picture, "WEBP"), encode(picture, "WEBP", lossless=True)
    files = {
        "jpeg, first half": jpeg[: len(jpeg) // 2],
        "jpeg without its last two bytes": jpeg[:-2],
        "jpeg without its last byte": jpeg[:-1],
        "jpeg cut in its header": jpeg[:40],
        "jpeg cut after a marker": jpeg[:3],
        "jpeg cut before its first scan": jpeg[: jpeg.index(b"\xff\xda")],
        "progressive jpeg, first half": progressive[: len(progressive) // 2],
        "png, first half": png[: len(png) // 2],
        "png without its end chunk": png[:-12],
        "png signature only": png[:8],
        "png header only": png[:33],
        "webp, first half": webp[: len(webp) // 2],
        "webp without its last byte": webp[:-1],
        "lossless webp, first half": lossless[: len(lossless) // 2],
        "webp header only": webp[:12],
    }
    return {name: (photo, "photo_unreadable") for name, photo in files.items()}


def _broken_jpegs() -> dict[str, tuple[bytes, str]]:
    jpeg = encode(plain_picture(), "JPEG")
    frame = next(whole for marker, whole in jpeg_segments(jpeg) if marker == 0xC0)
    unreadable = {
        "jpeg of text": b"\xff\xd8\xff\xe0" + b"not a jpeg at all " * 20,
        "jpeg of random bytes": b"\xff\xd8\xff\xdb" + np.random.default_rng(2).bytes(4096),
        "jpeg of width zero": with_jpeg_frame(jpeg, width=0),
        "jpeg of height zero": with_jpeg_frame(jpeg, height=0),
        "jpeg of two components": with_jpeg_frame(jpeg, components=2),
        "jpeg of 255 components": with_jpeg_frame(jpeg, components=255),
        "jpeg with two frames": jpeg[:2] + frame + jpeg[2:],
        "jpeg without a frame": jpeg_without(jpeg, 0xC0),
        "jpeg with an empty frame": jpeg[:2] + jpeg_segment(0xC0, b"") + jpeg_without(jpeg, 0xC0)[2:],
        "jpeg with a wrong huffman table": insert_jpeg_segment(jpeg_without(jpeg, 0xC4), 0xC4, b"\0" + b"\xff" * 16),
        "jpeg without quantisation tables": jpeg_without(jpeg, 0xDB),
        "jpeg with a segment of length zero": jpeg[:2] + b"\xff\xe5\0\0" + jpeg[2:],
        "jpeg with a segment beyond its end": jpeg[:2] + b"\xff\xe5\xff\xff" + jpeg[2:],
        "jpeg with loose bytes between segments": jpeg[:20] + b"loose" + jpeg[20:],
        "jpeg with sampling zero": jpeg.replace(frame, frame[:11] + b"\0" + frame[12:]),
    }
    unsupported = {
        "jpeg of 12 bits": with_jpeg_frame(jpeg, precision=12),
        "lossless jpeg": with_jpeg_frame(jpeg, marker=0xC3),
        "arithmetic-coded jpeg": with_jpeg_frame(jpeg, marker=0xC9),
        "hierarchical jpeg": with_jpeg_frame(jpeg, marker=0xC5),
    }
    return {name: (photo, "photo_unreadable") for name, photo in unreadable.items()} | {
        name: (photo, "photo_unsupported") for name, photo in unsupported.items()
    }


def _broken_pngs() -> dict[str, tuple[bytes, str]]:
    picture = plain_picture()
    png = encode(picture, "PNG")
    header, data = png_header(96, 64), png_chunk(b"IDAT", zlib.compress(bytes(64 * (1 + 3 * 96))))
    wrong_checksum = bytearray(png)
    wrong_checksum[png.index(b"IDAT") + 20] ^= 0xFF
    wrong_header = bytearray(png)
    wrong_header[29] ^= 0xFF
    files = {
        "png with a wrong header checksum": bytes(wrong_header),
        "png with a wrong pixel checksum": bytes(wrong_checksum),
        "png whose pixels do not inflate": png_file(header, png_chunk(b"IDAT", b"not deflated")),
        "png without pixels": png_file(header),
        "png with pixels of length zero": png_file(header, png_chunk(b"IDAT", b"")),
        "png of width zero": png_file(png_header(0, 64), data),
        "png of height zero": png_file(png_header(96, 0), data),
        "png of depth 3": png_file(png_header(96, 64, depth=3), data),
        "png of an unknown colour type": png_file(png_header(96, 64, colour_type=5), data),
        "png palette picture without a palette": png_file(png_header(96, 64, colour_type=3), data),
        "png with a short header": png_file(png_chunk(b"IHDR", b"\0\0\0\1"), data),
        "png without a header": png_file(data),
        "png with its header second": png_file(png_chunk(b"gAMA", bytes(4)), header, data),
        "png with an unknown critical chunk": insert_png_chunk(png, png_chunk(b"EVIL", b"")),
        "png with a chunk beyond its end": png[:33] + b"\x7f\xff\xff\xffIDAT" + png[41:],
        "png of 100,000 empty chunks": png_file(header, png_chunk(b"teXt", b"") * 100_000, data),
        "png with an unknown filter": png_file(
            header, png_chunk(b"IDAT", zlib.compress(b"\x09" * (64 * (1 + 3 * 96))))
        ),
        "png with an unknown interlace method": png_file(png_header(96, 64, interlace=9), data),
    }
    return {name: (photo, "photo_unreadable") for name, photo in files.items()}


def _broken_webps() -> dict[str, tuple[bytes, str]]:
    picture = plain_picture()
    (lossy,) = webp_chunks(encode(picture, "WEBP"))
    (lossless,) = webp_chunks(encode(picture, "WEBP", lossless=True))
    files = {
        "webp without a picture": riff([]),
        "webp with an empty picture": riff([(b"VP8 ", b"")]),
        "webp with two kinds of picture": riff([lossy, lossless]),
        "webp that is not a key frame": riff([(b"VP8 ", bytes([lossy[1][0] | 1]) + lossy[1][1:])]),
        "webp without a start code": riff([(b"VP8 ", lossy[1][:3] + bytes(3) + lossy[1][6:])]),
        "webp whose canvas is not its picture": riff([webp_canvas(16_000, 1_000), lossy]),
        "webp with a short canvas": riff([(b"VP8X", b"\0"), lossy]),
        "lossless webp of random bytes": riff([(b"VP8L", lossless[1][:5] + np.random.default_rng(3).bytes(512))]),
        "lossless webp without a signature": riff([(b"VP8L", b"\0" + lossless[1][1:])]),
        "webp of width zero": riff([(b"VP8 ", lossy[1][:6] + bytes(2) + lossy[1][8:])]),
        "webp with a chunk beyond its end": riff([lossy])[:16] + b"\xff\xff\xff\x7f" + riff([lossy])[20:],
        "webp of 2,000 empty chunks": riff([(b"JUNK", b"")] * 2_000 + [lossy]),
        "webp longer than its file": b"RIFF\xff\xff\xff\x7f" + riff([lossy])[8:],
    }
    return {name: (photo, "photo_unreadable") for name, photo in files.items()}


def _animations() -> dict[str, tuple[bytes, str]]:
    frames = [Image.fromarray(plain_picture()), Image.fromarray(plain_picture()[::-1])]
    animated = {"save_all": True, "append_images": frames[1:]}
    (lossy,) = webp_chunks(encode(frames[0], "WEBP"))
    one_frame = bytes(6) + (95).to_bytes(3, "little") + (63).to_bytes(3, "little") + bytes(4)
    files = {
        "animated png": encode(frames[0], "PNG", **animated),
        "animated webp": encode(frames[0], "WEBP", **animated),
        "animated webp of one frame": riff(
            [
                webp_canvas(96, 64, flags=2),
                (b"ANIM", bytes(6)),
                (b"ANMF", one_frame + lossy[0] + struct.pack("<I", len(lossy[1])) + lossy[1]),
            ]
        ),
    }
    return {name: (photo, "photo_animated") for name, photo in files.items()}


def _two_files_in_one() -> dict[str, tuple[bytes, str]]:
    picture = plain_picture()
    jpeg, png, webp = encode(picture, "JPEG"), encode(picture, "PNG"), encode(picture, "WEBP")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as entries:
        entries.writestr("payload.txt", "payload")
    zipped = archive.getvalue()
    page = b"<html><script>alert(document.domain)</script></html>"
    dicom = insert_jpeg_segment(jpeg, 0xE5, bytes(122) + b"DICM")
    files = {
        "jpeg and zip": jpeg + zipped,
        "jpeg, padding and zip": jpeg + bytes(5000) + zipped,
        "jpeg and page": jpeg + page,
        "jpeg and page after line breaks": jpeg + b"\r\n\r\n" + page,
        "jpeg and php": jpeg + b"<?php system($_GET['c']); ?>",
        "jpeg and pdf": jpeg + b"%PDF-1.4\n%%EOF",
        "jpeg with a pdf in its comment": insert_jpeg_segment(jpeg, 0xFE, b"%PDF-1.4\n1 0 obj"),
        "jpeg and rar": jpeg + b"Rar!\x1a\x07\x01\0",
        "jpeg and 7z": jpeg + b"7z\xbc\xaf\x27\x1c" + bytes(32),
        "jpeg and gzip": jpeg + gzip.compress(b"payload"),
        "jpeg and elf program": jpeg + b"\x7fELF\x02\x01\x01" + bytes(64),
        "jpeg and windows program": jpeg + b"MZ" + bytes(64),
        "jpeg and shell script": jpeg + b"\n#!/bin/sh\nid\n",
        "jpeg and gif": jpeg + b"GIF89a" + bytes(32),
        "jpeg and svg": jpeg + b'<svg onload="alert(1)"/>',
        "jpeg and dicom": dicom,
        "png and zip": png + zipped,
        "png and page": png + page,
        "png and php": png + b"<?php phpinfo();",
        "webp and zip": webp + zipped,
        "webp and page": webp + page,
    }
    return {name: (photo, "photo_unreadable") for name, photo in files.items()}


def _bombs() -> dict[str, tuple[bytes, str]]:
    jpeg = encode(plain_picture(), "JPEG")
    progressive = encode(plain_picture(), "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    zeros = zlib.compressobj(1)
    rows = b"".join(zeros.compress(bytes(6001)) for _ in range(6000)) + zeros.flush()
    (lossless,) = webp_chunks(encode(plain_picture(), "WEBP", lossless=True))
    (lossy,) = webp_chunks(encode(plain_picture(), "WEBP"))
    far = struct.pack("<I", 16_382 | 16_382 << 14)
    pixels = {
        "jpeg of 65,500 x 65,500": with_jpeg_frame(jpeg, width=65_500, height=65_500),
        "jpeg just over 50 megapixels": with_jpeg_frame(jpeg, width=7_072, height=7_071),
        "progressive jpeg of 65,500 x 65,500": with_jpeg_frame(progressive, width=65_500, height=65_500),
        "png just over 16 megapixels": png_file(png_header(4_001, 4_000), png_chunk(b"IDAT", zlib.compress(b"\0"))),
        "png of 2 billion by 2 billion": png_file(
            png_header(2**31 - 1, 2**31 - 1), png_chunk(b"IDAT", zlib.compress(b"\0"))
        ),
        "png of 36 megapixels of zeros": png_file(png_header(6_000, 6_000, colour_type=0), png_chunk(b"IDAT", rows)),
        "lossless webp of 16,383 x 16,383": riff([(b"VP8L", b"\x2f" + far + lossless[1][5:])]),
        "webp of 16,383 x 16,383": riff([(b"VP8 ", lossy[1][:6] + struct.pack("<HH", 16_383, 16_383) + lossy[1][10:])]),
    }
    return {name: (photo, "photo_too_many_pixels") for name, photo in pixels.items()} | {
        "jpeg of 5,000 scans": (progressive[:-2] + scan * 5_000 + b"\xff\xd9", "photo_unreadable"),
    }


def _pictures_without_a_face() -> dict[str, tuple[bytes, str]]:
    """Readable, however odd: what is wrong with them is only that nobody is there."""
    picture = plain_picture(320, 240)
    jpeg, png = encode(picture, "JPEG"), encode(picture, "PNG")
    progressive = encode(picture, "JPEG", progressive=True)
    bomb = zlib.compress(bytes(64 * MEBIBYTE))
    noise = np.random.default_rng(4).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    exif = jpeg_segment(0xE1, b"Exif\0\0" + exif_block(6))
    endless = b"II*\0" + struct.pack("<IH", 8, 65_535) + b"\xff" * 64
    files = {
        "jpeg of one pixel": encode(plain_picture(1, 1), "JPEG"),
        "png of one pixel": encode(plain_picture(1, 1), "PNG"),
        "webp of one pixel": encode(plain_picture(1, 1), "WEBP"),
        "png one pixel high": encode(plain_picture(5_000, 1), "PNG"),
        "jpeg one pixel wide": encode(plain_picture(1, 5_000), "JPEG"),
        "white": encode(np.full((240, 320, 3), 255, np.uint8), "JPEG"),
        "black": encode(np.zeros((240, 320, 3), np.uint8), "PNG"),
        "noise": encode(noise, "JPEG"),
        "bilevel noise": encode(Image.fromarray(noise[..., 0]).convert("1"), "PNG"),
        "wholly transparent png": encode(np.zeros((240, 320, 4), np.uint8), "PNG"),
        "png with 64 MiB of compressed text": insert_png_chunk(png, png_chunk(b"zTXt", b"Comment\0\0" + bomb)),
        "png with 64 MiB of compressed international text": insert_png_chunk(
            png, png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + bomb)
        ),
        "png with a colour profile of 64 MiB": insert_png_chunk(png, png_chunk(b"iCCP", b"profile\0\0" + bomb)),
        "png with too few rows": png_file(png_header(320, 240), png_chunk(b"IDAT", zlib.compress(bytes(961 * 10)))),
        "png with pixels after its last row": png_file(
            png_header(320, 240), png_chunk(b"IDAT", zlib.compress(png_rows(picture) + bytes(MEBIBYTE)))
        ),
        "jpeg that leaves out the standard huffman tables": jpeg_without(jpeg, 0xC4),
        "jpeg of 49 megapixels with the data of a small one": with_jpeg_frame(jpeg, width=7_000, height=7_000),
        "progressive jpeg of 49 megapixels with the data of a small one": with_jpeg_frame(
            progressive, width=7_000, height=7_000
        ),
        "jpeg with an endless exif directory": insert_jpeg_segment(jpeg, 0xE1, b"Exif\0\0" + endless),
        "jpeg with a thousand exif blocks": jpeg[:2] + exif * 1000 + jpeg[2:],
        "jpeg with a colour profile of random bytes": insert_jpeg_segment(
            jpeg, 0xE2, b"ICC_PROFILE\0\1\1" + np.random.default_rng(5).bytes(2_000)
        ),
        "jpeg with script in its comment": insert_jpeg_segment(jpeg, 0xFE, b"<script>alert(1)</script>"),
        "jpeg followed by zero bytes": jpeg + bytes(100_000),
    }
    return {name: (photo, "no_face") for name, photo in files.items()}
