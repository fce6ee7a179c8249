"""Who is drawn and how the photo is taken, at random; independent of severity and label except for `Subject.latent`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.label_model import SubjectLatent, sample_cues, sample_latent
from training.synthetic.parameters import BACKGROUNDS, HAIR_STYLES, FaceParameters, Identity, View


@dataclass(frozen=True, slots=True)
class Subject:
    """A drawn person: the looks, and the severity and label that all photos of the person share."""

    identity: Identity
    latent: SubjectLatent


def sample_subject(rng: np.random.Generator) -> Subject:
    """Draw a person. The latent severity comes from a generator of its own, so that looks cannot depend on it."""
    looks, severity = rng.spawn(2)
    return Subject(sample_identity(looks), sample_latent(severity))


def sample_photo(rng: np.random.Generator, subject: Subject) -> FaceParameters:
    """Draw one photo of a person."""
    view, cues = rng.spawn(2)
    return FaceParameters(subject.identity, sample_view(view), sample_cues(subject.latent, cues))


def sample_identity(rng: np.random.Generator) -> Identity:
    """Draw looks over the whole range of skin tones, ages, hair, beards and glasses."""

    def normal(mean: float, sd: float) -> float:
        """Normal, cut at two standard deviations so that nobody looks impossible."""
        return mean + sd * float(np.clip(rng.normal(), -2.0, 2.0))

    def uniform(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    age = uniform(0.0, 1.0)
    skin_depth = uniform(0.0, 1.0)
    masculine = float(rng.random() < 0.5)
    bearded = masculine * float(rng.random() < 0.45)
    fair = skin_depth < 0.45
    style_weights = (
        np.array([0.12, 0.16, 0.28, 0.2, 0.06, 0.1, 0.0, 0.03, 0.03, 0.02])
        if masculine
        else np.array([0.01, 0.02, 0.07, 0.06, 0.17, 0.14, 0.16, 0.2, 0.1, 0.07])
    )
    return Identity(
        texture_seed=int(rng.integers(2**31)),
        skin_depth=skin_depth,
        undertone=normal(0.0, 0.5),
        age=age,
        freckles=uniform(0.3, 1.0) if fair and rng.random() < 0.25 else 0.0,
        face_width=normal(1.10, 0.03) + 0.02 * masculine,
        face_length=normal(1.0, 0.03) + 0.02 * masculine,
        jaw_width=normal(0.62, 0.05) + 0.08 * masculine,
        chin_length=normal(0.0, 0.04) + 0.02 * masculine,
        cheekbone=normal(1.0, 0.25),
        brow_ridge=normal(0.7, 0.2) + 0.4 * masculine,
        eye_width=normal(0.245, 0.010),
        eye_aperture=normal(0.113, 0.006),
        eye_tilt=normal(0.012, 0.012),
        lid_crease=uniform(0.15, 1.0),
        iris_hue=uniform(0.0, 1.0),
        iris_lightness=uniform(0.15, 1.0) if fair and rng.random() < 0.6 else uniform(0.0, 0.15),
        iris_radius=normal(0.094, 0.003),
        brow_height=normal(0.325, 0.014),
        brow_arch=normal(0.060, 0.016) - 0.018 * masculine,
        brow_thickness=normal(0.088, 0.012) + 0.022 * masculine,
        brow_density=uniform(0.65, 1.0),
        nose_length=normal(0.73, 0.035),
        nose_width=normal(0.24, 0.02) + 0.05 * skin_depth,
        nose_height=normal(1.0, 0.12),
        mouth_width=normal(0.40, 0.022),
        mouth_height=normal(1.09, 0.025),
        upper_lip=normal(0.108, 0.016) + 0.035 * skin_depth,
        lower_lip=normal(0.140, 0.016) + 0.035 * skin_depth,
        lip_red=uniform(0.0, 1.0) * (1.0 - 0.65 * masculine),
        fold_place=normal(0.02, 0.045),
        trough_place=normal(0.02, 0.045),
        ear_size=normal(1.0, 0.08),
        hair_style=str(rng.choice(HAIR_STYLES, p=style_weights)),
        hair_darkness=uniform(0.0, 1.0) if fair else uniform(0.75, 1.0),
        hair_redness=uniform(0.0, 1.0),
        hair_grey=float(np.clip(normal(age * 1.5 - 0.8, 0.25), 0.0, 1.0)),
        hairline=normal(1.02, 0.05) + 0.08 * masculine * age,
        hair_volume=normal(1.0, 0.2),
        parting_side=1 if rng.random() < 0.5 else -1,
        moustache=bearded * float(rng.random() < 0.75),
        beard=bearded * float(rng.random() < 0.6),
        stubble=masculine * uniform(0.0, 0.7),
        lashes=uniform(0.7, 1.0) - 0.4 * masculine,
        glasses_style="none" if rng.random() < 0.8 else str(rng.choice(["round", "square"])),
        glasses_darkness=uniform(0.3, 1.0),
        asymmetry_lid=normal(0.0, 0.004),
        asymmetry_brow=normal(0.0, 0.005),
        asymmetry_mouth=normal(0.0, 0.005),
    )


def sample_view(rng: np.random.Generator) -> View:
    """Draw pose (roll <= 15, yaw <= 15, pitch <= 8 degrees), light, background and camera."""

    def uniform(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def normal(sd: float, limit: float) -> float:
        return float(np.clip(rng.normal(0.0, sd), -limit, limit))

    return View(
        texture_seed=int(rng.integers(2**31)),
        centre_x=uniform(0.47, 0.53),
        centre_y=uniform(0.44, 0.49),
        inter_eye=uniform(0.205, 0.25),
        yaw_degrees=normal(5.0, 15.0),
        pitch_degrees=normal(3.0, 8.0),
        roll_degrees=normal(5.0, 15.0),
        light_azimuth_degrees=uniform(-60.0, 60.0),
        light_elevation_degrees=uniform(10.0, 55.0),
        light_strength=uniform(0.55, 0.95),
        ambient=uniform(0.30, 0.55),
        light_warmth=normal(0.5, 1.0),
        exposure=uniform(0.85, 1.2),
        gaze_x=normal(0.012, 0.03),
        gaze_y=normal(0.006, 0.012),
        lips_parted=uniform(0.3, 1.0) if rng.random() < 0.2 else 0.0,
        background=str(rng.choice(BACKGROUNDS)),
        background_hue=uniform(0.0, 1.0),
        background_lightness=uniform(0.1, 0.9),
        clothes_hue=uniform(0.0, 1.0),
        clothes_lightness=uniform(0.05, 0.9),
        collar=float(rng.integers(3)),
        blur_pixels=uniform(0.0, 0.7),
        noise_levels=uniform(0.0, 5.0),
        jpeg_quality=int(rng.integers(70, 96)),
        grey=bool(rng.random() < 0.1),
    )
