"""The generated dashboards: which there are, and their text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from monitoring.dashboards.clinical_lead import clinical_lead
from monitoring.dashboards.hospital_it import hospital_it
from monitoring.dashboards.load_tester import load_tester
from monitoring.dashboards.panel import Dashboard
from monitoring.dashboards.sre import sre
from monitoring.objectives import Objectives

DASHBOARDS_FOLDER: Final = Path(__file__).resolve().parent


def generated_dashboards(objectives: Objectives) -> list[Dashboard]:
    """Every dashboard."""
    return [hospital_it(objectives), sre(objectives), clinical_lead(objectives), load_tester(objectives)]


def generated_files(objectives: Objectives) -> dict[str, str]:
    """Name of each file -> its text."""
    return {f"{each.uid}.json": each.to_json() for each in generated_dashboards(objectives)}
