"""Everything a drawn face depends on, as plain numbers: `draw_face(parameters)` has no other input.

Lengths are in units of the inter-eye distance, angles in degrees, colours 0 to 1, and left and right are those of the
picture before any pose. Nothing in `Identity` and `View` depends on the severity or the label (`label_model`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from training.synthetic.label_model import Cues

HAIR_STYLES = ("bald", "buzz", "short", "side_part", "fringe", "curly", "bob", "long", "bun", "scarf")
GLASSES_STYLES = ("none", "round", "square")
BACKGROUNDS = ("plain", "two_tone", "lights", "shelves", "window", "foliage")


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same over a subject's photos."""

    texture_seed: int
    skin_depth: float
    """0 very light to 1 very dark."""
    undertone: float
    age: float
    """0 smooth to 1 deeply lined."""
    freckles: float
    face_width: float
    face_length: float
    jaw_width: float
    chin_length: float
    cheekbone: float
    brow_ridge: float
    eye_width: float
    eye_aperture: float
    eye_tilt: float
    lid_crease: float
    iris_hue: float
    iris_lightness: float
    iris_radius: float
    brow_height: float
    brow_arch: float
    brow_thickness: float
    brow_density: float
    nose_length: float
    nose_width: float
    nose_height: float
    mouth_width: float
    mouth_height: float
    upper_lip: float
    lower_lip: float
    lip_red: float
    fold_place: float
    """Where the fold beside the nose runs, outwards from its usual place; `trough_place` likewise, downwards."""
    trough_place: float
    ear_size: float
    hair_style: str
    hair_darkness: float
    hair_redness: float
    hair_grey: float
    hairline: float
    hair_volume: float
    parting_side: int
    moustache: float
    beard: float
    stubble: float
    lashes: float
    glasses_style: str
    glasses_darkness: float
    asymmetry_lid: float
    """Everybody's small structural asymmetry, right minus left, independent of the label; likewise the next two."""
    asymmetry_brow: float
    asymmetry_mouth: float


@dataclass(frozen=True, slots=True)
class View:
    """What changes from photo to photo without meaning anything."""

    texture_seed: int
    centre_x: float
    """Middle of the eyes, as a share of the picture's width; `centre_y` of its height."""
    centre_y: float
    inter_eye: float
    """Distance of the eyes as a share of the picture's shorter side."""
    yaw_degrees: float
    pitch_degrees: float
    roll_degrees: float
    light_azimuth_degrees: float
    light_elevation_degrees: float
    light_strength: float
    ambient: float
    light_warmth: float
    exposure: float
    gaze_x: float
    gaze_y: float
    lips_parted: float
    background: str
    background_hue: float
    background_lightness: float
    clothes_hue: float
    clothes_lightness: float
    collar: float
    blur_pixels: float
    """Standard deviation at 256 pixels; scales with the picture."""
    noise_levels: float
    jpeg_quality: int
    grey: bool


@dataclass(frozen=True, slots=True)
class FaceParameters:
    """One photo."""

    identity: Identity
    view: View
    cues: Cues


def parameter_names() -> tuple[str, ...]:
    """Flat column names of `flatten`, such as `identity.age` and `cues.lid_droop_left`."""
    groups = (("identity", Identity), ("view", View), ("cues", Cues))
    return tuple(f"{prefix}.{field.name}" for prefix, group in groups for field in dataclasses.fields(group))


def flatten(parameters: FaceParameters) -> dict[str, object]:
    """All parameters of a photo by their flat names, in a fixed order."""
    flat: dict[str, object] = {}
    for prefix in ("identity", "view", "cues"):
        group = getattr(parameters, prefix)
        flat.update({f"{prefix}.{field.name}": getattr(group, field.name) for field in dataclasses.fields(group)})
    return flat


def mirror(parameters: FaceParameters) -> FaceParameters:
    """The same person in a mirror: sides swapped, directions negated. Textures (hairs, freckles) are not mirrored."""
    identity, view, cues = parameters.identity, parameters.view, parameters.cues
    return FaceParameters(
        dataclasses.replace(
            identity,
            parting_side=-identity.parting_side,
            asymmetry_lid=-identity.asymmetry_lid,
            asymmetry_brow=-identity.asymmetry_brow,
            asymmetry_mouth=-identity.asymmetry_mouth,
        ),
        dataclasses.replace(
            view,
            centre_x=1.0 - view.centre_x,
            yaw_degrees=-view.yaw_degrees,
            roll_degrees=-view.roll_degrees,
            light_azimuth_degrees=-view.light_azimuth_degrees,
            gaze_x=-view.gaze_x,
        ),
        Cues(
            lid_droop_left=cues.lid_droop_right,
            lid_droop_right=cues.lid_droop_left,
            brow_droop_left=cues.brow_droop_right,
            brow_droop_right=cues.brow_droop_left,
            mouth_droop_left=cues.mouth_droop_right,
            mouth_droop_right=cues.mouth_droop_left,
            cheek_slackness_left=cues.cheek_slackness_right,
            cheek_slackness_right=cues.cheek_slackness_left,
        ),
    )
