import dataclasses

import numpy as np
import pytest
from PIL import Image

from serving.contract.blazeface import BlazeFace
from serving.contract.detector_weights import SHORT_RANGE
from training.synthetic.drawing import draw_face, draw_people
from training.synthetic.label_model import LARGEST_DROOP, Cues
from training.synthetic.parameters import HAIR_STYLES, FaceParameters, flatten, mirror, parameter_names
from training.synthetic.sampling import sample_photo, sample_subject
from training.synthetic.still_life import draw_cup

CALM = Cues(*[0.0] * 8)


def make_parameters(seed: int = 0, cues: Cues | None = None) -> FaceParameters:
    rng = np.random.default_rng(seed)
    parameters = sample_photo(rng, sample_subject(rng))
    return parameters if cues is None else dataclasses.replace(parameters, cues=cues)


def make_plain(cues: Cues) -> FaceParameters:
    """A frontal face in frontal light without anything random on it or around it."""
    parameters = make_parameters(3, cues)
    return dataclasses.replace(
        parameters,
        identity=dataclasses.replace(
            parameters.identity, hair_style="bald", glasses_style="none", beard=0.0, moustache=0.0, stubble=0.0, age=0.0,
            freckles=0.0, asymmetry_lid=0.0, asymmetry_brow=0.0, asymmetry_mouth=0.0, skin_depth=0.3,
        ),
        view=dataclasses.replace(
            parameters.view, yaw_degrees=0.0, pitch_degrees=0.0, roll_degrees=0.0, centre_x=0.5, light_azimuth_degrees=0.0,
            gaze_x=0.0, background="plain", noise_levels=0.0, blur_pixels=0.0, grey=False, exposure=1.0,
        ),
    )  # fmt: skip


def difference_by_side(one: FaceParameters, other: FaceParameters) -> tuple[float, float]:
    changed = np.abs(draw_face(one).astype(int) - draw_face(other).astype(int)).sum(axis=2)
    return float(changed[:, :126].sum()), float(changed[:, 130:].sum())


def test_the_same_parameters_give_the_same_pixels():
    pixels = draw_face(make_parameters(1))
    assert pixels.shape == (256, 256, 3)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, draw_face(make_parameters(1)))
    assert not np.array_equal(pixels, draw_face(make_parameters(2)))


@pytest.mark.parametrize("feature", ["lid_droop", "brow_droop", "mouth_droop", "cheek_slackness"])
def test_each_side_of_each_feature_is_drawn_on_its_own_side_only(feature):
    calm = make_plain(CALM)
    amount = 1.0 if feature == "cheek_slackness" else LARGEST_DROOP
    left = dataclasses.replace(calm, cues=dataclasses.replace(CALM, **{f"{feature}_left": amount}))
    right = dataclasses.replace(calm, cues=dataclasses.replace(CALM, **{f"{feature}_right": amount}))
    on_left, on_right = difference_by_side(calm, left)
    assert on_left > 500
    assert on_right == 0
    on_left, on_right = difference_by_side(calm, right)
    assert on_left == 0
    assert on_right > 500


def test_a_mirrored_face_is_the_mirror_image_but_for_its_textures():
    cues = Cues(0.05, 0.01, 0.02, 0.06, 0.0, 0.05, 0.0, 0.0)
    tilted = make_plain(cues)
    view = dataclasses.replace(
        tilted.view, yaw_degrees=6.0, roll_degrees=4.0, light_azimuth_degrees=30.0, centre_x=0.48
    )
    tilted = dataclasses.replace(tilted, view=view)
    drawn = draw_face(tilted).astype(int)
    mirrored = draw_face(mirror(tilted))[:, ::-1].astype(int)
    unmirrored = draw_face(tilted)[:, ::-1].astype(int)
    assert np.abs(drawn - mirrored).mean() < 0.25 * np.abs(drawn - unmirrored).mean()


def test_mirroring_twice_changes_nothing():
    parameters = make_parameters(6)
    twice = flatten(mirror(mirror(parameters)))
    for name, value in flatten(parameters).items():
        assert twice[name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_every_hair_style_is_drawn_and_leaves_eyes_and_mouth_free():
    calm = make_plain(CALM)
    bald = draw_face(calm).astype(int)
    unit = calm.view.inter_eye * 256
    middle_x, eyes_y = 128, calm.view.centre_y * 256
    rows = slice(int(eyes_y - 0.1 * unit), int(eyes_y + 1.3 * unit))
    columns = slice(int(middle_x - 0.6 * unit), int(middle_x + 0.6 * unit))
    for style in HAIR_STYLES:
        styled = dataclasses.replace(calm, identity=dataclasses.replace(calm.identity, hair_style=style))
        changed = np.abs(draw_face(styled).astype(int) - bald)
        assert (changed.sum() > 0) == (style != "bald")
        assert changed[rows, columns].max() <= 2, style


@pytest.mark.parametrize("shape", [(64, 64), (240, 320), (320, 240), (700, 500)])
def test_any_size_and_shape_can_be_drawn(shape):
    assert draw_face(make_parameters(4), *shape).shape == (*shape, 3)


def test_a_picture_too_small_for_a_face_is_refused():
    with pytest.raises(ValueError, match="at least 64"):
        draw_face(make_parameters(4), 63, 100)


def test_two_people_are_drawn_into_one_photo():
    left, right = make_parameters(7), make_parameters(8)
    pair = tuple(
        dataclasses.replace(person, view=dataclasses.replace(person.view, centre_x=place, inter_eye=0.16))
        for person, place in ((left, 0.27), (right, 0.73))
    )
    assert draw_people(pair, 240, 320).shape == (240, 320, 3)


def test_pose_stays_within_the_agreed_limits():
    views = [make_parameters(seed).view for seed in range(300)]
    assert max(abs(view.roll_degrees) for view in views) <= 15.0
    assert max(abs(view.yaw_degrees) for view in views) <= 15.0


def test_skin_tones_cover_the_whole_range():
    depths = sorted(make_parameters(seed).identity.skin_depth for seed in range(200))
    assert depths[0] < 0.05
    assert depths[-1] > 0.95
    assert abs(float(np.mean(depths)) - 0.5) < 0.07


def test_flat_names_are_unique_and_complete():
    assert list(flatten(make_parameters(0))) == list(parameter_names())
    assert len(set(parameter_names())) == len(parameter_names())


def test_the_face_detector_finds_the_faces_and_not_the_cup():
    detector = BlazeFace(SHORT_RANGE)
    side = detector.input_side

    def best_score(pixels: np.ndarray) -> float:
        square = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))
        scores = detector.find(square, 0.5).scores
        return float(scores.max()) if len(scores) else 0.0

    found = sum(best_score(draw_face(make_parameters(1000 + seed))) > 0.5 for seed in range(100))
    assert found >= 99
    assert best_score(draw_cup(480, 480)) == 0.0
