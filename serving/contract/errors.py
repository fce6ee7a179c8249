"""Everything that can go wrong between photo bytes and a band, as names. No HTTP and no gRPC here.

ContractError
├── PhotoError                   the caller's photo; `code` is stable, `advice` is for the person
│   ├── PhotoEmpty               photo_empty
│   ├── PhotoTooLarge            photo_too_large            more bytes than the limit
│   ├── PhotoTooManyPixels       photo_too_many_pixels      decompression bombs included
│   ├── PhotoUnsupported         photo_unsupported          not JPEG, PNG or WebP, or a missing extra
│   ├── PhotoAnimated            photo_animated             more than one frame
│   ├── PhotoUnreadable          photo_unreadable           truncated, corrupt, or two formats in one file
│   └── FaceError                a readable photo that gets no score
│       ├── NoFace               no_face
│       ├── SeveralFaces         several_faces
│       ├── FaceTooSmall         face_too_small
│       ├── FaceTurned           face_turned
│       ├── FaceCutOff           face_cut_off
│       ├── TooDark              too_dark
│       ├── TooBright            too_bright
│       └── TooBlurred           too_blurred
├── ModelAnswerInvalid           model_answer_invalid       p is not a finite number in [0, 1]: never a band
├── ContractInvalid              contract_invalid           a contract or policy file that cannot be trusted
└── DetectorWeightsMissing       detector_weights_missing   the face detector's weights are not installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from serving.contract.sentences import fill

if TYPE_CHECKING:
    from collections.abc import Mapping


class ContractError(Exception):
    """Root of the tree. `code` is stable and may be stored, counted and translated."""

    code: ClassVar[str] = "contract_error"


class PhotoError(ContractError):
    """The photo cannot be scored. `str(error)` says what was wrong, `advice` what to do; neither holds photo content."""

    code: ClassVar[str] = "photo_error"
    sentence: ClassVar[str] = "This photo cannot be used."
    advice: str = "Please send another photo."

    def __init__(
        self,
        sentence: str | None = None,
        *,
        advice: str | None = None,
        figures: Mapping[str, str | int] | None = None,
    ) -> None:
        """Use the class's own words, or some with the figures or format of this photo (never its content).

        Args:
            sentence: In place of the class's own; names of figures stand in braces.
            advice: In place of the class's own.
            figures: Of this photo, by name.
        """
        self.template = sentence or self.sentence
        self.figures = figures or {}
        super().__init__(fill(self.template, self.figures))
        if advice is not None:
            self.advice = advice


class PhotoEmpty(PhotoError):
    """No bytes at all."""

    code = "photo_empty"
    sentence = "The photo is empty."
    advice = "Choose a photo and send it again."


class PhotoTooLarge(PhotoError):
    """More bytes than `PhotoLimits.max_photo_bytes`."""

    code = "photo_too_large"
    sentence = "The photo file is too large."
    advice = "Send a photo of at most 10 MiB, for example at a lower camera resolution."


class PhotoTooManyPixels(PhotoError):
    """More pixels than allowed for the format; judged from the header, before anything is decoded."""

    code = "photo_too_many_pixels"
    sentence = "The photo has too many pixels."
    advice = "Send a photo of at most 50 megapixels as JPEG, or 16 megapixels in another format."


class PhotoUnsupported(PhotoError):
    """A format that this installation does not read; judged by magic bytes, never by name or declared type."""

    code = "photo_unsupported"
    sentence = "This is not a photo format that can be read here."
    advice = "Send a JPEG, PNG or WebP photo."


class PhotoAnimated(PhotoError):
    """More than one frame: which one should be scored is not ours to guess."""

    code = "photo_animated"
    sentence = "This is an animation, not a single photo."
    advice = "Send a single still photo."


class PhotoUnreadable(PhotoError):
    """The bytes start like a photo but cannot be decoded completely."""

    code = "photo_unreadable"
    sentence = "The photo file is damaged or incomplete."
    advice = "Export or take the photo again and send the new file."


class FaceError(PhotoError):
    """The photo was read, but no honest score can be given for it."""

    code = "face_error"


class NoFace(FaceError):
    """Nothing that the detectors are sure enough is a face."""

    code = "no_face"
    sentence = "No face was found in this photo."
    advice = "Send a photo of one face, looking at the camera, filling at least a quarter of the picture's width."


class SeveralFaces(FaceError):
    """Two or more faces of similar size: whose answer would it be?"""

    code = "several_faces"
    sentence = "More than one face was found in this photo."
    advice = "Send a photo that shows one person only."


class FaceTooSmall(FaceError):
    """Fewer pixels between the eyes than the crop needs."""

    code = "face_too_small"
    sentence = "The face is too small in this photo."
    advice = "Move closer to the camera, or send the photo at its full resolution."


class FaceTurned(FaceError):
    """Head turned so far that left and right cannot be compared."""

    code = "face_turned"
    sentence = "The face is turned away from the camera."
    advice = "Look straight at the camera."


class FaceCutOff(FaceError):
    """A part of the face that the crop needs lies outside the photo."""

    code = "face_cut_off"
    sentence = "A part of the face is outside the photo."
    advice = "Keep the whole face, from forehead to chin, inside the picture."


class TooDark(FaceError):
    """The face is too dark to tell its features apart."""

    code = "too_dark"
    sentence = "The face is too dark in this photo."
    advice = "Take the photo in even light, facing the light."


class TooBright(FaceError):
    """The face is washed out."""

    code = "too_bright"
    sentence = "The face is too bright in this photo."
    advice = "Avoid flash and direct sunlight on the face."


class TooBlurred(FaceError):
    """Not enough detail left for a score."""

    code = "too_blurred"
    sentence = "The face is too blurred in this photo."
    advice = "Hold the camera still, clean the lens and focus on the face."


class ModelAnswerInvalid(ContractError):
    """The model answered with something that is not a probability. Our fault: an error, never a band."""

    code = "model_answer_invalid"


class ContractInvalid(ContractError):
    """A contract, policy or pin file that is malformed, incomplete or from an unknown schema."""

    code = "contract_invalid"


class DetectorWeightsMissing(ContractError):
    """The face detector's weights are not installed, or are not the files this code was measured with."""

    code = "detector_weights_missing"
