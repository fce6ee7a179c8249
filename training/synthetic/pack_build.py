"""Makes the files of `training.synthetic.pack`: `python -m training synthesize --pack DIR`."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.synthetic.corpus import ASSUMPTION, GENERATOR_VERSION
from training.synthetic.drawing import draw_face, draw_people
from training.synthetic.pack import ANSWERED, PACK_SCHEMA, PackPhoto
from training.synthetic.parameters import FaceParameters
from training.synthetic.sampling import sample_photo, sample_subject
from training.synthetic.still_life import draw_cup

EXIF_ORIENTATION = 0x0112
SEED = 20261122


def write_pack(folder: Path) -> int:
    """Write all files and `pack.json`; returns their number."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for photo, content in make_pack():
        (folder / photo.name).write_bytes(content)
        entries.append(dataclasses.asdict(photo))
    index = {"schema": PACK_SCHEMA, "generator_version": GENERATOR_VERSION, "note": ASSUMPTION, "photos": entries}
    (folder / "pack.json").write_text(json.dumps(index, indent=2) + "\n")
    return len(entries)


def make_pack() -> Iterator[tuple[PackPhoto, bytes]]:
    """All files with their descriptions, always the same for one version of the generator."""
    yield from _answered()
    yield from _refused_faces()
    yield from _refused_files()


def make_twelve_megapixels() -> bytes:
    """A 4000 x 3000 JPEG of a drawn face, as a phone would send it; too large to keep in the pack."""
    small = Image.fromarray(draw_face(_person(1), 750, 1000))
    return _encode(small.resize((4000, 3000), Image.Resampling.BICUBIC), "JPEG", quality=85)


def _answered() -> Iterator[tuple[PackPhoto, bytes]]:
    def entry(name: str, description: str, content: bytes) -> tuple[PackPhoto, bytes]:
        return _entry(name, description, ANSWERED, content)

    shapes = ((256, 256), (480, 640), (640, 480), (900, 1200), (1600, 1200))
    for number, (height, width) in enumerate(shapes):
        pixels = draw_face(_person(number), height, width)
        name = f"face_{width}x{height}.jpg"
        yield entry(name, f"A face, {width} x {height} pixels, baseline JPEG.", _jpeg(pixels, quality=82))
    pixels = draw_face(_person(5), 480, 480)
    yield entry("face_progressive.jpg", "A face, progressive JPEG.", _jpeg(pixels, progressive=True))
    yield entry("face_quality_30.jpg", "A face, strongly compressed.", _jpeg(pixels, quality=30))
    picture = Image.fromarray(pixels)
    yield entry("face_cmyk.jpg", "A face, JPEG in the four colours of print.", _encode(picture.convert("CMYK"), "JPEG"))
    picture = Image.fromarray(draw_face(_person(6), 320, 320))
    yield entry("face.png", "A face, PNG.", _encode(picture, "PNG", optimize=True))
    yield entry("face_palette.png", "A face, PNG with 128 colours.", _encode(picture.quantize(128), "PNG"))
    see_through = picture.resize((200, 200), Image.Resampling.LANCZOS).convert("RGBA")
    yield entry("face_alpha.png", "A face, PNG with an opaque alpha channel.", _encode(see_through, "PNG"))
    deep = np.asarray(picture.resize((200, 200)).convert("L"), dtype=np.uint16) * 257
    yield entry("face_16_bit.png", "A face, grey PNG with 16 bits.", _encode(Image.fromarray(deep), "PNG"))
    picture = Image.fromarray(draw_face(_person(7), 640, 640))
    yield entry("face.webp", "A face, lossy WebP.", _encode(picture, "WEBP", quality=80))
    yield entry("face_grey.jpg", "A face, grey JPEG.", _encode(picture.convert("L"), "JPEG"))
    for orientation, undo in ((3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90)):
        upright = Image.fromarray(draw_face(_person(8), 640, 480))
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = orientation
        content = _encode(upright.transpose(undo), "JPEG", exif=exif)
        yield entry(f"face_exif_{orientation}.jpg", f"A face, stored turned, EXIF orientation {orientation}.", content)
    looks: tuple[tuple[str, str, dict[str, object], dict[str, object]], ...] = (
        ("face_very_dark_skin.jpg", "Very dark skin.", {"skin_depth": 0.97}, {}),
        ("face_very_light_skin.jpg", "Very light skin.", {"skin_depth": 0.02, "freckles": 0.8}, {}),
        ("face_glasses.jpg", "Glasses.", {"glasses_style": "square"}, {}),
        ("face_tilted.jpg", "Head tilted by 15 degrees.", {}, {"roll_degrees": 15.0}),
    )
    for number, (name, description, who, how) in enumerate(looks):
        yield entry(name, description, _jpeg(draw_face(_person(9 + number, who, how), 400, 400)))


def _refused_faces() -> Iterator[tuple[PackPhoto, bytes]]:
    yield _entry("cup.jpg", "A cup of coffee, no face.", "no_face", _jpeg(draw_cup()))
    two = (
        _person(13, how={"centre_x": 0.27, "inter_eye": 0.16}),
        _person(14, how={"centre_x": 0.73, "inter_eye": 0.16}),
    )
    yield _entry("two_people.jpg", "Two people.", "several_faces", _jpeg(draw_people(two, 480, 640)))
    views: tuple[tuple[str, str, str, int, dict[str, object]], ...] = (
        ("far_away.jpg", "A face far away.", "face_too_small", 15, {"inter_eye": 0.045}),
        ("turned.jpg", "A head turned aside.", "face_turned", 26, {"yaw_degrees": -56.5}),
        ("cut_off.jpg", "Half a face at the edge.", "face_cut_off", 15, {"centre_x": 0.12}),
        ("dark.jpg", "A face in the dark.", "too_dark", 15, {"exposure": 0.012, "noise_levels": 0.0}),
        ("bright.jpg", "A face burnt out.", "too_bright", 15, {"exposure": 4.5}),
        ("blurred.jpg", "A face out of focus.", "too_blurred", 15, {"blur_pixels": 4.5, "noise_levels": 0.0}),
    )
    for name, description, expected, number, how in views:
        # Seen from the front unless the file is about the pose.
        view = {"yaw_degrees": 0.0, "pitch_degrees": 0.0, "roll_degrees": 0.0} | how
        pixels = draw_face(_person(number, {"skin_depth": 0.3, "glasses_style": "none"}, view), 480, 480)
        yield _entry(name, description, expected, _jpeg(pixels))


def _refused_files() -> Iterator[tuple[PackPhoto, bytes]]:
    whole = _jpeg(draw_face(_person(16), 320, 320))
    yield _entry("cut_short.jpg", "A JPEG that ends half-way.", "photo_unreadable", whole[: len(whole) // 2])
    yield _entry("empty.jpg", "No bytes at all.", "photo_empty", b"")
    frames = [Image.fromarray(draw_face(_person(16 + shot), 160, 160)) for shot in range(2)]
    moving = _encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=500, quality=60)
    yield _entry("animated.webp", "A WebP of two frames.", "photo_animated", moving)
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="4"/></svg>\n'
    yield _entry("drawing.svg", "A vector drawing.", "photo_unsupported", drawing)
    vast = _encode(Image.new("1", (4200, 4000)), "PNG", optimize=True)
    yield _entry("vast.png", "16.8 megapixels in a few bytes of PNG.", "photo_too_many_pixels", vast)


def _person(number: int, who: dict[str, object] | None = None, how: dict[str, object] | None = None) -> FaceParameters:
    """A sampled person in fair light, with some looks and circumstances given."""
    rng = np.random.default_rng([SEED, number])
    parameters = sample_photo(rng, sample_subject(rng))
    # Plainer than the data set: the pack's files differ in what their names say, not by chance.
    plain: dict[str, Any] = {
        "noise_levels": 1.0,
        "blur_pixels": 0.0,
        "grey": False,
        "light_strength": 0.85,
        "ambient": 0.5,
    }
    return FaceParameters(
        dataclasses.replace(parameters.identity, **dict[str, Any](who or {})),
        dataclasses.replace(parameters.view, **(plain | dict[str, Any](how or {}))),
        parameters.cues,
    )


def _entry(name: str, description: str, expected: str, content: bytes) -> tuple[PackPhoto, bytes]:
    kinds = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "svg": "image/svg+xml"}
    return PackPhoto(name, description, expected, kinds[name.rpartition(".")[2]]), content


def _jpeg(pixels: NDArray[np.uint8], **options: object) -> bytes:
    return _encode(Image.fromarray(pixels), "JPEG", **({"quality": 85} | options))


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    save: Callable[..., None] = image.save
    save(buffer, kind, **options)
    return buffer.getvalue()
