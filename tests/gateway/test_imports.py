"""What the settings do not ask for is not imported: it would only make every gateway start later."""

import subprocess
import sys

from tests.support.gateway_process import PROJECT

ONLY_WHEN_ASKED_FOR = (
    "sqlalchemy", "alembic", "pg8000", "joserfc", "cryptography", "gateway.records.recorder", "gateway.records.store",
    "gateway.access.keys", "gateway.access.tokens", "gateway.access.signed_tokens", "gateway.access.sign_in.assembly", "gateway.openapi.document", "gateway.languages.de",
    "gateway.upstream.shadow", "gateway.upstream.credentials", "gateway.spans",
)  # fmt: skip
BUILD = """
import sys
from gateway.settings import Settings
from gateway.wsgi import build
build(Settings(model_repository=sys.argv[1], metrics_port=0))
print(*sys.modules)
"""


def test_a_gateway_of_the_default_settings_imports_only_what_it_uses(tmp_path):
    built = subprocess.run(
        [sys.executable, "-c", BUILD, tmp_path], cwd=PROJECT, check=True, capture_output=True, text=True, timeout=60
    )
    assert not set(ONLY_WHEN_ASKED_FOR) & set(built.stdout.split())
