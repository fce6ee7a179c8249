"""The tiny version with a reference that fits who is screened: its own 48 faces are fewer than a reference needs, and other ones."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from monitoring.profile import PROFILE_PATH
from serving.contract.model import MODEL_NAME
from serving.contract.profile import IMAGE_STATS
from serving.repository import ModelRepository
from serving.repository.manifest import write_manifest
from tests.support.drawn_people import person_of, photo_of
from tests.support.gateway_process import GatewayProcess
from training.export.profile import make_profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from serving.contract.profile import Profile

VERSION = 1
SENDERS = 2


def measure_reference(root: Path, model_server: str, people: Sequence[int]) -> int:
    """Screen one photo of each through a real gateway and publish what it found as the version's profile; returns how many were answered."""
    with GatewayProcess(root, model_server) as gateway, ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda number: gateway.screen(photo_of(number)), people))
    answered = [(number, answer) for number, (status, answer) in zip(people, answers, strict=True) if status == 200]
    contract = ModelRepository(root, MODEL_NAME).contract(VERSION)
    publish_profile(
        root,
        make_profile(
            contract,
            [str(number) for number, _ in answered],
            np.array([person_of(number).latent.label for number, _ in answered]),
            np.array([answer["p_no_depression"] for _, answer in answered], np.float32),
            {name: np.array([answer["quality"][name] for _, answer in answered]) for name in IMAGE_STATS},
        ),
    )
    return len(answered)


def publish_profile(root: Path, profile: Profile) -> None:
    """Put it into the pinned version, which gets another digest by that."""
    repository = ModelRepository(root, MODEL_NAME)
    version = repository.directory / str(VERSION)
    (version / PROFILE_PATH).write_text(profile.to_json())
    (version / "manifest.json").unlink()
    pin = dataclasses.replace(repository.pin(), digest=write_manifest(version))
    (repository.directory / "pin.json").write_text(pin.to_json())
