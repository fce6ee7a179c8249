"""gateway/PRIVACY.md says of everything that is kept what it is: held against the schema, the log, the cookies, the metrics, the settings."""

import dataclasses
import re
from pathlib import Path

from gateway import logs
from gateway.access.sign_in import flow, sessions
from gateway.logs import FIELDS
from gateway.records.tables import METADATA
from gateway.setting_values import path
from gateway.settings import Settings, name_of
from monitoring.metrics import DECLARATIONS
from tests.support.gateway_process import PROJECT

PAGE = (PROJECT / "gateway" / "PRIVACY.md").read_text()
HEALTH_DATA = {
    "receipts.severity_ppm", "receipts.p_no_depression", "receipts.band", "receipts.content", "reviews.verdict", "reviews.reason",
    "reviews.committed_band", "outcomes.instrument", "outcomes.score", "outcomes.assessed_on",
}  # fmt: skip
FORMATTER_FIELDS = ("time", "level", "logger", "event", "error", "where")
ROLES_AND_OTHERS = {"clinician", "operator", "auditor", "service", "administrator", "monitoring"}


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, heading
    lines = [line for line in section[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names_of(heading: str) -> list[str]:
    return [row[0].strip("`") for row in rows_of(heading)]


def test_every_column_of_every_table_is_there_once_and_in_order():
    columns = [f"{table.name}.{column.name}" for table in METADATA.tables.values() for column in table.columns]
    assert names_of("The database") == columns


def test_severity_reviews_and_outcomes_are_said_to_be_health_data():
    assert {row[0].strip("`") for row in rows_of("The database") if row[3] == "**yes**"} == HEALTH_DATA


def test_every_column_has_a_purpose_and_readers():
    for name, what, purpose, _, readers in rows_of("The database"):
        assert what, name
        assert purpose, name
        assert {reader.split()[0] for reader in readers.split(", ")} <= ROLES_AND_OTHERS, name


def test_every_field_of_the_log_is_there():
    assert names_of("The log") == [*FORMATTER_FIELDS, *FIELDS]
    source = Path(logs.__file__).read_text()
    assert set(re.findall(r'"(\w+)": |line\["(\w+)"\]', source)) >= {("time", ""), ("", "error"), ("", "where")}


def test_every_cookie_is_there():
    source = "\n".join(file.read_text() for file in (PROJECT / "gateway").rglob("*.py"))
    assert len(re.findall(r"= Cookie\(", source)) == len(names_of("Cookies"))
    assert set(names_of("Cookies")) == {sessions.SESSION_COOKIE, flow.FLOW_COOKIE}
    assert not re.search(r"\bset_cookie\(", re.sub(r"response\.set_cookie\(\s*self\.full_name", "", source))


def test_the_page_keeps_nothing_in_the_browser():
    for script in (PROJECT / "gateway" / "static").rglob("*.js"):
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.", script.read_text()), (
            script
        )


def test_every_metric_is_there_with_its_labels():
    expected = {each.name: ", ".join(f"`{label}`" for label in each.labels) or "none" for each in DECLARATIONS}
    assert {row[0].strip("`"): row[1] for row in rows_of("Metrics")} == expected


def test_every_file_that_a_setting_names_is_there():
    files = {name_of(field.name) for field in dataclasses.fields(Settings) if field.metadata["read"] is path}
    assert set(names_of("Files")) == files


def test_every_setting_that_the_page_names_exists():
    known = {name_of(field.name) for field in dataclasses.fields(Settings)}
    assert set(re.findall(r"SYMMETRA_[A-Z_]+", PAGE)) <= known


def test_the_page_says_what_is_not_kept_and_claims_no_more():
    assert "**Photos are not kept.**" in PAGE
    assert not re.search(r"nothing is (?:stored|kept|saved)|no data (?:is|are) (?:stored|kept)", PAGE, re.IGNORECASE)


def test_the_assessment_is_a_template_with_the_headings_of_the_regulation():
    template = PAGE.partition("## Template for the impact assessment")[2]
    assert "The site's officer completes it" in template
    for part in ("(a)", "(b)", "(c)", "(d)", "Art. 35(9)", "Art. 35(2)", "Art. 36", "Art. 35(11)"):
        assert part in template, part
