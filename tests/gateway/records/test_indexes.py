"""No question that pages, lists or retention ask reads a whole table: with a million rows each would take seconds."""

import re

import pytest
from sqlalchemy import event

from gateway.access.secret_keys import SecretKeys
from gateway.records.database import open_database
from tests.support.page_queries import fill, page_queries
from tests.support.records import make_records

COUNT = 400
BIG = ("receipts", "reviews", "outcomes", "audit_events")
ASKS = re.compile(r"\s*(SELECT|DELETE|UPDATE)\b")


@pytest.fixture
def asked(tmp_path, database_url):
    """The engine, what is asked, and a list of every statement with its parameters that was sent to the database."""
    settings = make_records(tmp_path, url=database_url)
    engine = open_database(database_url)
    fill(engine, COUNT)
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if ASKS.match(statement):
            sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield engine, page_queries(engine, SecretKeys.read(settings["record_key_file"])), sent
    engine.dispose()


def plan_of(connection, statement, parameters):
    """How the database would do it, where reading a whole table is the last resort."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in rows]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


def reads_whole(step):
    """`SCAN x USING INDEX` is in the order of an index, as far as somebody reads."""
    whole = re.search(r"Seq Scan on (\w+)", step) or re.fullmatch(r"SCAN (\w+)", step)
    return whole is not None and whole[1] in BIG


def test_every_question_has_an_index(asked):
    engine, questions, sent = asked
    for question in questions.values():
        question(COUNT // 2)
    statements = list(sent)
    assert len(statements) >= len(questions)
    slow = []
    with engine.connect() as connection:
        for statement, parameters in statements:
            if "advisory" in statement or "set_config" in statement:
                continue
            plan = plan_of(connection, statement, parameters)
            connection.rollback()
            slow += [(statement, plan)] if any(map(reads_whole, plan)) else []
    assert not slow
