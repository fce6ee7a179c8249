"""Whoever can write to the database and does not have the keys changes nothing of the trail unseen.

pytest -m long tests/gateway/records/audit/test_manipulations.py    # a thousand on each database, into loadtests/results
"""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from gateway.records.audit.checkpoint import CheckpointKeys
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.verification import verify_trail
from gateway.records.database import open_database
from gateway.records.tables import METADATA
from tests.support.audit_manipulations import MANIPULATIONS, build_trail, manipulate, write_state

RESULTS = Path("loadtests/results/audit_manipulations.json")
SEED = 20261128


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_system("postgres"))])
def engine(request):
    """Empty tables that are fast to fill again: of SQLite in memory, or of a real PostgreSQL."""
    if request.param == "sqlite":
        engine = create_engine("sqlite://", poolclass=StaticPool)
        METADATA.create_all(engine)
        yield engine
        engine.dispose()
    else:
        server = request.getfixturevalue("postgresql")
        url = server.new_database()
        engine = open_database(url)
        yield engine
        engine.dispose()
        server.drop(url)


def run_manipulations(engine, keys, count):
    """How many of each were tried, and each that nobody saw."""
    trail = build_trail(engine, keys)
    audit_keys, checkpoint_keys = AuditKeys(keys), CheckpointKeys(keys)
    assert verify_trail(engine, audit_keys, checkpoint_keys, trail.outside).findings.kept == []
    tried, unseen, found = Counter(), [], Counter()
    for number in range(count):
        name, state = manipulate(trail, number, random.Random(SEED + number), any_type=engine.dialect.name == "sqlite")
        write_state(engine, state)
        result = verify_trail(engine, audit_keys, checkpoint_keys, trail.outside)
        tried[name] += 1
        found.update({kind.value for kind in result.findings.counts})
        if result.is_whole:
            unseen.append((number, name))
    write_state(engine, trail.state)
    assert verify_trail(engine, audit_keys, checkpoint_keys, trail.outside).is_whole
    return tried, unseen, found


def test_every_manipulation_is_seen(engine, keys):
    tried, unseen, _ = run_manipulations(engine, keys, 200 if engine.dialect.name == "sqlite" else 40)
    assert unseen == []
    assert set(tried) == set(MANIPULATIONS)


@pytest.mark.long
def test_a_thousand_manipulations_are_seen(engine, keys):
    tried, unseen, found = run_manipulations(engine, keys, 1000)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[engine.dialect.name] = {
        "manipulations": sum(tried.values()),
        "unseen": len(unseen),
        "by_kind": dict(sorted(tried.items())),
        "runs_with_finding": dict(sorted(found.items())),
        "first_seed": SEED,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    assert unseen == []
