"""What a scenario may have happen, by name. What each does to a running site is in `faults` and `drifts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Group: TypeAlias = Literal["fault", "drift", "burst"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change.

    Attributes:
        group: A part that fails, photos or people that are others, or more photos than usual.
        says: What happens, and what ends it.
        options: Numbers that a scenario gives it -> what each is where it is not given; None where it must be given.
    """

    group: Group
    says: str
    options: Mapping[str, float | None] = field(default_factory=dict)


KINDS: Final[Mapping[str, Kind]] = {
    "gateway_killed": Kind(
        "fault", "the second gateway is killed, as by a machine that dies; it ends when the gateway is started again"
    ),
    "model_server_hung": Kind("fault", "the model server is stopped by SIGSTOP and keeps its ports; SIGCONT ends it"),
    "disk_slow": Kind(
        "fault",
        "every flush of the gateways' records to their disk takes `flush_seconds` of real time (strace injects the wait, which takes "
        "the right to trace: root); wants `records`",
        {"flush_seconds": 8.0},
    ),
    "wrong_answers_after_promotion": Kind(
        "fault",
        "another version is promoted, and then answers as other weights would; it ends with a rollback, and somebody who resumes",
    ),
    "single_failures": Kind(
        "fault",
        "every `every_minutes` the model server refuses one patient's photo, and no other",
        {"every_minutes": None},
    ),
    "camera_darker": Kind(
        "drift",
        "photos come from a darker camera (brightness x 0.6); it ends with the old one, and somebody who takes the alarm up",
    ),
    "camera_blurred": Kind("drift", "photos come through a blurred lens (Gaussian, 2 pixels); it ends in the same way"),
    "prevalence": Kind(
        "drift",
        "nine of ten photos are of the third that this version gives the highest severities; it ends with photos as they come, and "
        "somebody who takes the alarm up",
    ),
    "bad_photos": Kind(
        "burst",
        "beside the usual photos come bad ones, `photos_a_minute` of them: nobody in them, cut off, black, or no photo at all",
        {"photos_a_minute": None},
    ),
}
