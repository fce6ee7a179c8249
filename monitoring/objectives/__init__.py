"""The objectives: `slo.yaml`, read and checked. Rules, alerts and dashboards are made from them; load tests read the same file."""

from __future__ import annotations

from monitoring.objectives.errors import ObjectivesError as ObjectivesError
from monitoring.objectives.objectives import Objectives as Objectives
from monitoring.objectives.reading import SLO_PATH as SLO_PATH
from monitoring.objectives.reading import read_objectives as read_objectives
