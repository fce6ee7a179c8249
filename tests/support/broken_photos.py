"""Photos as disks, mail programs, transfers and faulty encoders break them: more of the hostile corpus (`hostile_photos`)."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np
from PIL import Image

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
    png_chunks,
    png_file,
    png_header,
    png_of,
    riff,
    webp_canvas,
    webp_chunks,
    with_jpeg_frame,
)

Photos = dict[str, tuple[bytes, str]]
UNREADABLE: Final = "photo_unreadable"
UNSUPPORTED: Final = "photo_unsupported"
ANIMATED: Final = "photo_animated"
TOO_MANY_PIXELS: Final = "photo_too_many_pixels"
NO_FACE: Final = "no_face"
_TRANSFORM_AT: Final = 11
"""Of the colour transform in Adobe's APP14 segment."""


def broken_on_the_way() -> Photos:
    """Sound files that something changed which did not know that they are photos."""
    picture = plain_picture(320, 240)
    jpeg, png = encode(picture, "JPEG"), encode(picture, "PNG")
    middle = len(jpeg) // 2
    return {
        "jpeg with line ends changed": (jpeg.replace(b"\n", b"\r\n"), UNREADABLE),
        "png with line ends changed": (png.replace(b"\r\n", b"\n"), UNSUPPORTED),
        "jpeg of seven bits": (bytes(byte & 0x7F for byte in jpeg), UNSUPPORTED),
        "jpeg taken for text": (jpeg.decode("latin-1").encode(), UNSUPPORTED),
        "jpeg with every odd byte replaced": (jpeg.decode("utf-8", "replace").encode(), UNSUPPORTED),
        "jpeg with its bytes in pairs": (np.frombuffer(jpeg[: len(jpeg) & ~1], ">u2").astype("<u2").tobytes(), UNSUPPORTED),
        "jpeg behind a byte order mark": (b"\xef\xbb\xbf" + jpeg, UNSUPPORTED),
        "jpeg behind headers of http": (b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg, UNSUPPORTED),
        "jpeg behind a pdf header": (b"%PDF-1.4\n" + jpeg, UNSUPPORTED),
        "jpeg behind a gif header": (b"GIF89a" + jpeg, UNSUPPORTED),
        "jpeg begun twice": (jpeg[:middle] + jpeg, UNREADABLE),
        "jpeg with a block of zero bytes": (jpeg[:middle] + bytes(512) + jpeg[middle + 512 :], NO_FACE),
        "jpeg with a block of another file": (jpeg[:middle] + b"<html></html>" * 40 + jpeg[middle + 520 :], NO_FACE),
        "jpeg that goes on as zero bytes": (jpeg[:middle] + bytes(len(jpeg) - middle), UNREADABLE),
    }  # fmt: skip


def more_other_files() -> Photos:
    """Files that are no photos, by the first bytes that people's devices and programs write."""
    files = {
        "heic sequence": struct.pack(">I", 24) + b"ftyphevc" + bytes(4) + b"msf1hevc" + bytes(64),
        "canon raw": b"II*\0\x10\0\0\0CR\x02\0" + bytes(64),
        "fuji raw": b"FUJIFILMCCD-RAW 0201" + bytes(64),
        "sound": b"ID3\x04\0\0\0\0\0\x0a" + bytes(64),
        "rar archive": b"Rar!\x1a\x07\x01\0" + bytes(64),
        "tar archive": b"photo.jpg" + bytes(248) + b"ustar\x0000" + bytes(248),
        "java class": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(64),
        "webassembly": b"\0asm\x01\0\0\0" + bytes(64),
        "database": b"SQLite format 3\0" + bytes(84),
        "numpy array": b"\x93NUMPY\x01\0" + bytes(118),
        "mail": b"From: a@example.org\r\nContent-Type: image/jpeg\r\n\r\n/9j/4AAQ",
    }
    return {name: (photo, UNSUPPORTED) for name, photo in files.items()}


def faulty_jpegs() -> Photos:
    """Segments, tables and scans that no camera writes."""
    picture = plain_picture(320, 240)
    jpeg, progressive = encode(picture, "JPEG"), encode(picture, "JPEG", progressive=True)
    (tables, *_) = [whole for marker, whole in jpeg_segments(jpeg) if marker == 0xDB]
    (huffman, *_) = [whole for marker, whole in jpeg_segments(jpeg) if marker == 0xC4]
    frame = next(whole for marker, whole in jpeg_segments(jpeg) if marker == 0xC0)
    scan_at = jpeg.index(b"\xff\xda")
    last_scan = progressive.rindex(b"\xff\xda")
    restarts = encode(picture, "JPEG", restart_marker_blocks=20)
    cmyk = encode(Image.fromarray(picture).convert("CMYK"), "JPEG")
    adobe = next(whole for marker, whole in jpeg_segments(cmyk) if marker == 0xEE)
    thumbnail = b"Exif\0\0" + exif_block(1) + encode(plain_picture(16, 16), "JPEG")
    return {
        "progressive jpeg without its last scan": (progressive[:last_scan] + b"\xff\xd9", NO_FACE),
        "progressive jpeg cut inside its last scan": (progressive[: last_scan + 20], UNREADABLE),
        "progressive jpeg whose scans come backwards": (_with_scans_reversed(progressive), UNREADABLE),
        "progressive jpeg of 33 scans": (progressive[:-2] + progressive[last_scan:-2] * 23 + b"\xff\xd9", UNREADABLE),
        "jpeg without its scan's data": (jpeg[: scan_at + 14] + b"\xff\xd9", NO_FACE),
        "jpeg whose huffman table is cut": (jpeg.replace(huffman, huffman[:10]), UNREADABLE),
        "jpeg with a huffman table numbered 9": (jpeg.replace(huffman, huffman[:4] + b"\x09" + huffman[5:]), UNREADABLE),
        "jpeg with huffman codes of every length": (jpeg.replace(huffman, huffman[:5] + b"\xff" * 16 + huffman[21:]), UNREADABLE),
        "jpeg with quantisation by zero": (jpeg.replace(tables, tables[:5] + bytes(64) + tables[69:]), NO_FACE),
        "jpeg with a quantisation table numbered 7": (jpeg.replace(tables, tables[:4] + b"\x07" + tables[5:]), UNREADABLE),
        "jpeg whose scan names a stranger": (jpeg[: scan_at + 5] + b"\x63" + jpeg[scan_at + 6 :], UNREADABLE),
        "jpeg of components with one number": (jpeg.replace(frame, frame[:13] + frame[10:11] + frame[14:]), UNREADABLE),
        "jpeg of sampling four by four": (jpeg.replace(frame, frame[:11] + b"\x44" + frame[12:]), UNREADABLE),
        "jpeg with a restart interval that it does not keep": (insert_jpeg_segment(jpeg, 0xDD, b"\0\x01"), NO_FACE),
        "jpeg with restart markers out of order": (restarts.replace(b"\xff\xd3", b"\xff\xd6"), NO_FACE),
        "ycck jpeg": (cmyk.replace(adobe, adobe[: 4 + _TRANSFORM_AT] + b"\x02"), NO_FACE),
        "jpeg with a colour transform that does not exist": (cmyk.replace(adobe, adobe[: 4 + _TRANSFORM_AT] + b"\x63"), NO_FACE),
        "cmyk jpeg that does not say so": (jpeg_without(cmyk, 0xEE), NO_FACE),
        "jpeg one pixel high and 65,500 wide": (encode(plain_picture(65_500, 1), "JPEG"), NO_FACE),
        "jpeg 65,535 pixels wide": (with_jpeg_frame(jpeg, width=65_535, height=8), UNREADABLE),
        "jpeg with 5,000 segments of applications": (jpeg[:2] + jpeg_segment(0xEF, b"") * 5_000 + jpeg[2:], NO_FACE),
        "jpeg with 100,000 bytes of padding": (jpeg[:2] + b"\xff" * 100_000 + jpeg[2:], NO_FACE),
        "jpeg inside a jpeg's exif": (insert_jpeg_segment(jpeg, 0xE1, thumbnail), NO_FACE),
        "jpeg inside a jpeg's segments": (jpeg[:2] + jpeg[:-2] + jpeg[2:], UNREADABLE),
    }  # fmt: skip


def faulty_metadata() -> Photos:
    """Pictures that are sound, and what is said about them is not: it must change nothing."""
    picture = plain_picture(320, 240)
    jpeg, png = encode(picture, "JPEG"), encode(picture, "PNG")
    loop = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 8, 8)
    huge = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x0112, 3, 2**32 - 1, 0xFFFFFFFF, 0)
    frames = [Image.fromarray(picture), Image.fromarray(picture[::-1])]
    mpo = encode(frames[0], "MPO", save_all=True, append_images=frames[1:])
    profile = struct.pack(">I", 2**32 - 1) + b"lcms" + bytes(28) + b"acsp" + bytes(88) + struct.pack(">I", 2**32 - 1)
    parts = [jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes([number, 255]) + bytes(100)) for number in range(1, 255)]
    return {
        name: (photo, NO_FACE)
        for name, photo in {
            "jpeg with an exif directory that leads to itself": insert_jpeg_segment(jpeg, 0xE1, b"Exif\0\0" + loop),
            "jpeg with 4 billion orientations": insert_jpeg_segment(jpeg, 0xE1, b"Exif\0\0" + huge),
            "jpeg with orientation 65,535": insert_jpeg_segment(jpeg, 0xE1, b"Exif\0\0" + exif_block(65_535)),
            "jpeg with an exif block of one byte": insert_jpeg_segment(jpeg, 0xE1, b"Exif\0\0M"),
            "png with an exif directory that leads to itself": insert_png_chunk(png, png_chunk(b"eXIf", loop)),
            "two pictures of nobody in one jpeg": mpo,
            "jpeg whose index of pictures leads outside": mpo.replace(
                struct.pack("<I", len(mpo)), b"\xff\xff\xff\x7f"
            ).replace(b"MPF\0II*\0\x08\0\0\0", b"MPF\0II*\0\xff\xff\xff\x7f"),
            "jpeg with a colour profile in 254 of 255 parts": jpeg[:2] + b"".join(parts) + jpeg[2:],
            "jpeg with a colour profile of 4 GiB": insert_jpeg_segment(jpeg, 0xE2, b"ICC_PROFILE\0\1\1" + profile),
            "png with a colour profile that does not inflate": insert_png_chunk(
                png, png_chunk(b"iCCP", b"p\0\0garbage")
            ),
            "png with text that does not inflate": insert_png_chunk(png, png_chunk(b"zTXt", b"Comment\0\0garbage")),
            "png with text in 5,000 languages": insert_png_chunk(
                png, png_chunk(b"iTXt", b"Title\0\0\0de\0\0x") * 5_000
            ),
        }.items()
    }


def faulty_pngs() -> Photos:
    """Chunks, palettes and depths."""
    picture = plain_picture(320, 240)
    png = encode(picture, "PNG")
    header, *_, (_, pixels), _ = png_chunks(png)
    data = png_chunk(b"IDAT", pixels)
    palette = encode(Image.fromarray(picture).quantize(8), "PNG")
    (colours,) = [body for kind, body in png_chunks(palette) if kind == b"PLTE"]
    rgba = np.dstack([picture, picture[..., 0]]).astype(np.uint16) * 257
    beyond = png_file(
        png_header(64, 64, colour_type=3),
        png_chunk(b"PLTE", bytes(6)),
        png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes([255]) * 64 for _ in range(64)))),
    )
    half = len(pixels) // 2
    return {
        "png of 16 bits with transparency, of nobody": (png_of(rgba, 6, interlaced=True), NO_FACE),
        "png whose pixels are beyond its palette": (beyond, NO_FACE),
        "png with a second palette of 257 colours": (insert_png_chunk(palette, png_chunk(b"PLTE", bytes(3 * 257))), NO_FACE),
        "png with more transparency than palette": (
            palette.replace(png_chunk(b"PLTE", colours), png_chunk(b"PLTE", colours) + png_chunk(b"tRNS", bytes(256))),
            NO_FACE,
        ),
        "png with two headers": (insert_png_chunk(png, png_header(1, 1)), UNREADABLE),
        "png with a chunk amid its pixels": (
            png_file(
                png_chunk(*header), png_chunk(b"IDAT", pixels[:half]), png_chunk(b"tIME", bytes(7)), png_chunk(b"IDAT", pixels[half:])
            ),
            NO_FACE,
        ),
        "png deflated with a dictionary": (png_file(png_chunk(*header), png_chunk(b"IDAT", b"\x78\xf9" + pixels[2:])), UNREADABLE),
        "png with half of its pixels": (png_file(png_chunk(*header), png_chunk(b"IDAT", pixels[:half])), UNREADABLE),
        "interlaced png of 65,535 x 65,535": (png_file(png_header(65_535, 65_535, 16, 6, 1), data), TOO_MANY_PIXELS),
        "interlaced png of 9 megapixels with the data of a small one": (png_file(png_header(3_000, 3_000, 16, 6, 1), data), UNREADABLE),
        "png of one bit, 100,000 wide": (
            png_file(png_header(100_000, 1, 1, 0), png_chunk(b"IDAT", zlib.compress(bytes(12_501)))),
            NO_FACE,
        ),
        "png that says it has 4 billion frames": (insert_png_chunk(png, png_chunk(b"acTL", b"\xff" * 8)), ANIMATED),
        "png with frames and no word of an animation": (
            png_file(png_chunk(*header), png_chunk(b"fcTL", bytes(26)), data, png_chunk(b"fdAT", bytes(4) + pixels)),
            NO_FACE,
        ),
    }  # fmt: skip


def faulty_webps() -> Photos:
    """Chunks that do not belong together."""
    picture = plain_picture(320, 240)
    (lossy,) = webp_chunks(encode(picture, "WEBP"))
    (lossless,) = webp_chunks(encode(picture, "WEBP", lossless=True))
    canvas = webp_canvas(320, 240, flags=0x10)
    odd = b"JUNK" + struct.pack("<I", 3) + b"odd"
    unpadded = riff([lossy])[:12] + odd + riff([lossy])[12:]
    loop = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 8, 8)
    return {
        "webp with transparency of random bytes": (
            riff([canvas, (b"ALPH", b"\x01" + np.random.default_rng(6).bytes(64)), lossy]),
            UNREADABLE,
        ),
        "webp that says it is animated and is not": (riff([webp_canvas(320, 240, flags=2), lossy]), ANIMATED),
        "webp with chunks of its own": (riff([(b"MINE", bytes(999)), lossy, (b"LAST", b"x")]), NO_FACE),
        "webp with a chunk that is not padded": (
            unpadded[:4] + struct.pack("<I", len(unpadded) - 8) + unpadded[8:],
            UNREADABLE,
        ),
        "webp whose first part is longer than all": (
            riff([(b"VP8 ", bytes([lossy[1][0] | 0xE0, 0xFF, 0xFF]) + lossy[1][3:])]),
            UNREADABLE,
        ),
        "webp of no length": (b"RIFF" + bytes(4) + riff([lossy])[8:], UNREADABLE),
        "webp with metadata of random bytes": (
            riff([webp_canvas(320, 240, flags=0x2C), (b"ICCP", b"\xff" * 200), lossless, (b"EXIF", loop)]),
            NO_FACE,
        ),
        "webp one pixel high and 16,383 wide": (encode(plain_picture(16_383, 1), "WEBP"), NO_FACE),
    }


def _with_scans_reversed(progressive: bytes) -> bytes:
    """The scans of a progressive JPEG, each with its own tables, the last one first."""
    first = progressive.index(b"\xff\xda")
    head, scans = progressive[:first], progressive[first:-2].split(b"\xff\xda")[1:]
    return head + b"".join(b"\xff\xda" + scan for scan in reversed(scans)) + b"\xff\xd9"
