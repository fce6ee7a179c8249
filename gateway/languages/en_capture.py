"""English: taking a photo with the camera, pasting one, and the label that stays on the page."""

from __future__ import annotations

from typing import Final

CAPTURE: Final = {
    "drop": "or drop or paste it here",
    "nothing_pasted": "There is no photo in what was pasted.",
    "camera": "Use the camera",
    "camera_heading": "Take a photo",
    "camera_view": "What the camera sees",
    "camera_starting": "The camera is starting. The browser may ask you to allow it.",
    "camera_hint": "Fill the oval with one face, straight towards the camera, in even light.",
    "camera_take": "Take the photo",
    "camera_turn": "Use the other camera",
    "camera_close": "Close the camera",
    "camera_missing": "No camera was found. Choose a photo instead.",
    "camera_refused": (
        "This page may not use the camera. Allow it in the settings that the browser keeps for this page, or choose a photo instead."
    ),
    "camera_busy": "The camera gives no picture. Another program may be using it: close that one, or choose a photo instead.",
    "camera_unsupported": "Here the browser gives no page the camera; it wants a secure connection. Choose a photo instead.",
    "not_copied": "The text is marked: copy it with your keyboard.",
    "case_label": "Case label, if you want one",
    "case_label_hint": "It stays on this page, so that two open pages are not mixed up. It is not sent.",
    "case_of": "Case",
}
