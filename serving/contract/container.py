"""What a photo file says about itself before anything is decoded, and how it is told from other files.

Every format has a reader of its own (`jpeg.py`, `png.py`, `webp.py`) that walks the file's structure in plain Python
and returns a `Container`: the dimensions, the few pieces of metadata that change pixels (orientation, colour profile),
and `image_file`, a copy that holds nothing but the picture. Pillow is handed that copy only, so comments, thumbnails,
XMP, compressed text, further pictures and trailing data never reach a decoder.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from serving.contract.errors import PhotoUnreadable, PhotoUnsupported

MAX_PROFILE_BYTES: Final = 4 * 1024 * 1024
"""Larger colour profiles are ignored; printing presses use up to 3 MB, phones and browsers a few KB."""


class PhotoFormat(enum.StrEnum):
    """Formats that are read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class Container:
    """One still picture, as its file describes it.

    Attributes:
        format: The format, by magic bytes.
        width: Pixels per row as stored, before orientation.
        height: Rows as stored.
        orientation: EXIF orientation, 1 to 8; 1 where the file says nothing sensible.
        colour_profile: The embedded ICC profile, or None.
        image_file: The picture alone, in its own format.
        decoder_bytes: Upper estimate of the memory that decoding takes, apart from the decoded pixels themselves.
        shrinks_while_decoding: Whether the decoder can produce 1/2, 1/4 or 1/8 of the size by itself.
    """

    format: PhotoFormat
    width: int
    height: int
    orientation: int
    colour_profile: bytes | None
    image_file: bytes
    decoder_bytes: int
    shrinks_while_decoding: bool


REMEDIES: Final = {
    "HEIC": (
        "On an iPhone choose Settings > Camera > Formats > Most Compatible and take the photo again, or export this one as JPEG."
    ),
    "AVIF": "Export the photo as JPEG, PNG or WebP.",
    "DICOM": "Export the photo from your DICOM viewer as JPEG or PNG.",
    "GIF": "Send the original photo as JPEG, PNG or WebP.",
    "BMP": "Save the photo as PNG or JPEG.",
    "TIFF": "Export the photo as JPEG or PNG; camera raw files need to be developed first.",
    "JPEG 2000": "Export the photo as JPEG or PNG.",
    "JPEG XL": "Export the photo as JPEG, PNG or WebP.",
    "PSD": "Export the photo as JPEG or PNG.",
    "SVG or HTML": "Send a photo, not a drawing or a page.",
    "PDF": "Send the photo itself, not a document that contains it.",
    "ZIP": "Unpack the archive and send one photo.",
    "video": "Send a still photo.",
}
"""What a person can do about each format that is recognised but not read."""

_MAGIC: Final = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"8BPS", "PSD"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
)
_ISO_MEDIA_BRANDS: Final = {
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"hevm": "HEIC",
    b"hevs": "HEIC",
    b"avif": "AVIF",
    b"avis": "AVIF",
}
"""Of the codec (ISO/IEC 23008-12, annex B; AV1 Image File Format, section 6)."""
_MAX_BRANDS_BYTES: Final = 256
_HEIF_BRANDS: Final = {b"mif1", b"mif2", b"msf1", b"miaf"}
"""Of the container alone; which codec, its other brands say."""

_OTHER_FILE_STARTS: Final = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"%PDF",
    b"%!PS",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ",
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"GIF8",
    b"#!",
    b"\0asm",
)
_OTHER_FILE_MARKS: Final = (b"<?php", b"<script", b"<html", b"<!doctype", b"<svg", b"<%", b"javascript:")
_MARK_SEARCH_BYTES: Final = 4096
_ZIP_DIRECTORY_END: Final = b"PK\x05\x06"
_ZIP_SEARCH_BYTES: Final = 65_535 + 22
"""A ZIP ends with its directory (22 bytes) and a comment of at most 65,535 (APPNOTE 4.3.16)."""


def recognise(photo: bytes) -> PhotoFormat:
    """The format, by magic bytes; never by name or declared type.

    Raises:
        PhotoUnsupported: any other format, named with what to do where it is known.
    """
    if photo.startswith(b"\xff\xd8\xff"):
        return PhotoFormat.JPEG
    if photo.startswith(b"\x89PNG\r\n\x1a\n"):
        return PhotoFormat.PNG
    if photo[:4] == b"RIFF" and photo[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    name = _name_of_other_format(photo)
    if name is None:
        raise PhotoUnsupported
    message = "This is a {format} file, which is not read here."
    raise PhotoUnsupported(message, advice=REMEDIES[name], figures={"format": name})


def refuse_other_file(photo: bytes, end: int) -> None:
    """Refuse a photo that is another file as well; what cameras append is let through.

    Phones append further pictures, videos and maker notes in formats of their own, and nothing after the picture is
    ever read here: so what follows is refused only where it is recognisably meant for another program.

    Args:
        photo: The whole file.
        end: Where the picture ends.

    Raises:
        PhotoUnreadable: an archive, document, program, page or script follows the picture or is folded into it.
    """
    trailer = photo[end : end + _MARK_SEARCH_BYTES].lstrip(b"\0\xff \t\r\n")
    lowered = trailer.lower()
    other = (
        trailer.startswith(_OTHER_FILE_STARTS)
        or any(mark in lowered for mark in _OTHER_FILE_MARKS)
        or _ZIP_DIRECTORY_END in photo[max(end, len(photo) - _ZIP_SEARCH_BYTES) :]
        or b"%PDF-" in photo[:1024]
        or photo[128:132] == b"DICM"
    )
    if other:
        message = "The photo file holds a second file of another kind."
        raise PhotoUnreadable(message)


def _name_of_other_format(photo: bytes) -> str | None:
    for magic, name in _MAGIC:
        if photo.startswith(magic):
            return name
    if photo[4:8] == b"ftyp":
        return _name_of_iso_media(photo)
    if photo[128:132] == b"DICM":
        return "DICOM"
    if photo[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        return "SVG or HTML"
    return None


def _name_of_iso_media(photo: bytes) -> str:
    """By the main brand, and where that names no codec by the others. A picture of no codec that is named is most often HEIC."""
    end = min(int.from_bytes(photo[:4]), _MAX_BRANDS_BYTES)
    main, others = photo[8:12], [photo[start : start + 4] for start in range(16, end - 3, 4)]
    if main in _HEIF_BRANDS:
        return next((_ISO_MEDIA_BRANDS[brand] for brand in others if brand in _ISO_MEDIA_BRANDS), "HEIC")
    return _ISO_MEDIA_BRANDS.get(main, "video")
