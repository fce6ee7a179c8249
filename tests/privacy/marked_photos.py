"""Drawn faces with a marker in every place that a photo's file has, and a pattern of pixels that no other photo has.

Standard library and Pillow only. The faces are the project's own drawings: nobody's.
"""

from __future__ import annotations

import io
import secrets
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.privacy.markers import Markers

PACK: Final = Path(__file__).resolve().parents[2] / "training" / "synthetic" / "pack"
BLOCK_PIXELS: Final = 8
STRIP_ROWS: Final = 2
QUALITY: Final = 92
TURNED: Final = 6
"""EXIF's orientation of a picture that a viewer turns by a quarter to the right."""
_EXIF_FOLDER: Final = 0x8769
_GPS_FOLDER: Final = 0x8825
_EXIF_TEXTS: Final = {
    0x010E: "exif_description", 0x013B: "exif_artist", 0x8298: "exif_copyright",
}  # fmt: skip
_INNER_TEXTS: Final = {0xA430: "exif_camera_owner", 0xA431: "exif_serial_number"}
_USER_COMMENT: Final = 0x9286
_MAKER_NOTE: Final = 0x927C
_GPS_AREA: Final = 0x001C
_DOCUMENT_NAME: Final = 0x010D


@dataclass(frozen=True, slots=True)
class MarkedPhoto:
    """One photo: a name for reports, its media type, and its bytes."""

    name: str
    media_type: str
    content: bytes


def marked_photos(markers: Markers, most: int | None = None) -> list[MarkedPhoto]:
    """A face as JPEG (plain, turned by EXIF, progressive, large), PNG and WebP, all with markers; the first ones, or all."""
    makers: list[tuple[str, str, Callable[[], bytes]]] = [
        ("jpeg", "image/jpeg", lambda: mark_jpeg("face_640x480.jpg", markers)),
        ("jpeg turned", "image/jpeg", lambda: mark_jpeg("face_480x640.jpg", markers, orientation=TURNED)),
        ("jpeg progressive", "image/jpeg", lambda: mark_jpeg("face_1200x900.jpg", markers, progressive=True)),
        ("jpeg large", "image/jpeg", lambda: mark_jpeg("face_1200x1600.jpg", markers, factor=2)),
        ("png", "image/png", lambda: mark_png("face.png", markers)),
        ("webp", "image/webp", lambda: mark_webp("face_glasses.jpg", markers)),
    ]
    return [MarkedPhoto(name, media_type, make()) for name, media_type, make in makers[:most]]


def refused_photos(markers: Markers, most: int | None = None) -> list[MarkedPhoto]:
    """Marked photos that get no score: no face, cut off, broken, and no photo at all; the first ones, or all."""
    whole = mark_jpeg("face_640x480.jpg", markers)
    makers: list[tuple[str, str, Callable[[], bytes]]] = [
        ("no face", "image/jpeg", lambda: mark_jpeg("cup.jpg", markers)),
        ("cut off", "image/jpeg", lambda: whole[: len(whole) // 2]),
        ("broken", "image/jpeg", lambda: whole[:200] + secrets.token_bytes(64) + whole[300:]),
        ("broken png", "image/png", lambda: _broken_in_the_middle(mark_png("face.png", markers))),
        (
            "no photo",
            "image/jpeg",
            lambda: b"no photo " + markers["exif_description"].encode() + whole[4000:9000],
        ),
        ("svg", "image/svg+xml", f"<svg><text>{markers['exif_artist']}</text></svg>".encode),
    ]
    return [MarkedPhoto(name, media_type, make()) for name, media_type, make in makers[:most]]


def mark_jpeg(
    name: str, markers: Markers, *, orientation: int = 1, progressive: bool = False, factor: int = 1
) -> bytes:
    """A photo of the pack as JPEG with EXIF, XMP, an ICC description, a comment, and bytes after its end."""
    stream = io.BytesIO()
    pixels = marked_pixels(name, factor)
    if orientation == TURNED:
        pixels = pixels.transpose(Image.Transpose.ROTATE_90)
    pixels.save(
        stream,
        "JPEG",
        quality=QUALITY,
        progressive=progressive,
        exif=_exif(markers, orientation),
        icc_profile=_icc_profile(markers),
        xmp=_xmp(markers),
        comment=markers["jpeg_comment"].encode(),
    )
    return stream.getvalue() + markers["after_the_end"].encode()


def mark_png(name: str, markers: Markers) -> bytes:
    """A photo of the pack as PNG with all three kinds of text, EXIF and an ICC description."""
    texts = PngInfo()
    texts.add_text("Author", markers["png_text"])
    texts.add_itxt("Comment", markers["png_international_text"], "en", "Comment")
    texts.add_text("Description", 4 * markers["png_compressed_text"], zip=True)
    stream = io.BytesIO()
    marked_pixels(name).save(stream, "PNG", pnginfo=texts, exif=_exif(markers, 1), icc_profile=_icc_profile(markers))
    return stream.getvalue()


def mark_webp(name: str, markers: Markers) -> bytes:
    """A photo of the pack as WebP with EXIF, XMP and an ICC description."""
    stream = io.BytesIO()
    marked_pixels(name).save(
        stream,
        "WEBP",
        quality=QUALITY,
        exif=_exif(markers, 1),
        icc_profile=_icc_profile(markers),
        xmp=_xmp(markers),
    )
    return stream.getvalue()


def marked_pixels(name: str, factor: int = 1) -> Image.Image:
    """A photo of the pack with a strip of random blocks at its top: it makes every byte of the scan after it this run's own."""
    with Image.open(PACK / name) as opened:
        photo = opened.convert("RGB")
    photo = photo.resize((photo.width * factor, photo.height * factor))
    blocks = photo.width // BLOCK_PIXELS
    strip = Image.frombytes("RGB", (blocks, STRIP_ROWS), secrets.token_bytes(3 * blocks * STRIP_ROWS))
    scaled = strip.resize((blocks * BLOCK_PIXELS, STRIP_ROWS * BLOCK_PIXELS), Image.Resampling.NEAREST)
    photo.paste(scaled, (0, 0))
    # A touch of noise over everything: drawn faces are smooth, and what looks like many photos would prove nothing.
    noise = Image.frombytes("L", photo.size, secrets.token_bytes(photo.width * photo.height))
    return Image.blend(photo, Image.merge("RGB", (noise, noise, noise)), 0.03)


def _exif(markers: Markers, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[_DOCUMENT_NAME] = markers["exif_thumbnail_name"]
    for tag, place in _EXIF_TEXTS.items():
        exif[tag] = markers[place]
    inner = exif.get_ifd(_EXIF_FOLDER)
    for tag, place in _INNER_TEXTS.items():
        inner[tag] = markers[place]
    inner[_USER_COMMENT] = b"ASCII\0\0\0" + markers["exif_user_comment"].encode()
    inner[_MAKER_NOTE] = b"Maker\0" + markers["exif_maker_note"].encode()
    exif.get_ifd(_GPS_FOLDER)[_GPS_AREA] = b"ASCII\0\0\0" + markers["exif_gps_place"].encode()
    return exif.tobytes()


def _xmp(markers: Markers) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="{markers["xmp"]}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


def _icc_profile(markers: Markers) -> bytes:
    """An sRGB profile whose copyright is the marker, in both of the ways that profiles hold text."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    word = markers["icc_description"]
    text = b"text\0\0\0\0" + word.encode() + b"\0"
    count = struct.unpack_from(">I", profile, 128)[0]
    for entry in range(count):
        at = 132 + 12 * entry
        if profile[at : at + 4] == b"cprt":
            struct.pack_into(">II", profile, at + 4, len(profile), len(text))
    profile += text + bytes(-len(text) % 4)
    struct.pack_into(">I", profile, 0, len(profile))
    return bytes(profile)


def _broken_in_the_middle(png: bytes) -> bytes:
    """The PNG with data that its own checksum belies."""
    at = png.index(b"IDAT") + 1000
    return png[:at] + bytes(byte ^ 0x55 for byte in png[at : at + 16]) + png[at + 16 :]


def places_in(content: bytes, markers: Markers) -> set[str]:
    """Which places of a photo's file hold their marker, packed text included."""
    packed = b""
    at = content.find(b"zTXt")
    if at >= 0:
        begin = content.index(b"\0\0", at) + 2
        packed = zlib.decompressobj().decompress(content[begin:])
    return {place for place, word in markers.words.items() if word.encode() in content or word.encode() in packed}
