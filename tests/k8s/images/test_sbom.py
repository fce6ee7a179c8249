"""Bills of materials: every package of a lock, with its hashes, the same bytes each time."""

from __future__ import annotations

import io
import json
import re
import uuid
from pathlib import Path

import pytest

from k8s.operations.__main__ import main
from k8s.operations.errors import LockUnreadable
from k8s.operations.images.plan import PLANS
from k8s.operations.images.sbom import bill_of_materials, packages

ROOT = Path(__file__).parents[3]
WITH_LOCKS = [plan for plan in PLANS if plan.locks]


def texts(plan):
    return [(ROOT / lock).read_text() for lock in plan.locks]


@pytest.mark.parametrize("plan", WITH_LOCKS, ids=lambda plan: plan.name)
def test_a_bill_names_every_pin_once(plan):
    bill = bill_of_materials(plan.name, "0.1.0", texts(plan))
    pins = {
        line.split("==")[0].split("[")[0].lower()
        for text in texts(plan)
        for line in text.splitlines()
        if re.match(r"[a-z0-9].*==", line, re.IGNORECASE)
    }
    assert {component["name"] for component in bill["components"]} == pins
    references = [component["bom-ref"] for component in bill["components"]]
    assert len(set(references)) == len(references) == len(pins)
    assert bill["dependencies"][0]["dependsOn"] == references
    for component in bill["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        assert component["properties"]
    uuid.UUID(bill["serialNumber"].removeprefix("urn:uuid:"))


def test_equal_locks_give_equal_bills_and_others_do_not():
    plan = WITH_LOCKS[0]
    first, second = (bill_of_materials(plan.name, "0.1.0", texts(plan)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    assert bill_of_materials(plan.name, "0.1.1", texts(plan))["serialNumber"] != first["serialNumber"]


def test_a_package_with_extras_and_a_marker_is_read():
    text = (
        "gunicorn[gevent]==27.0.1 \\\n    --hash=sha256:"
        + "a" * 64
        + " \\\n    --hash=sha256:"
        + "b" * 64
        + "\n    # via x\nFoo_Bar==1 \\\n    --hash=sha256:"
        + "c" * 64
        + "\n"
    )
    assert packages(text) == [("gunicorn", "27.0.1", ["a" * 64, "b" * 64]), ("foo-bar", "1", ["c" * 64])]


@pytest.mark.parametrize(
    ("text", "says"), [("flask==3.1\n", "pins flask without a hash"), ("# nothing\n", "pins nothing")]
)
def test_a_lock_that_is_none_is_refused(text, says):
    with pytest.raises(LockUnreadable, match=says):
        packages(text)


def test_the_command_prints_one():
    out = io.StringIO()
    lock = ROOT / "requirements/monitoring.txt"
    assert main(["sbom", str(lock), "--name", "symmetra-monitoring", "--version", "0.1.0"], {}, out, io.StringIO()) == 0
    assert json.loads(out.getvalue())["specVersion"] == "1.6"
