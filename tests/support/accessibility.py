"""axe-core in a page of the browser: what keeps people from using it, as far as a program can tell."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

AXE = Path(__file__).resolve().parents[1] / "e2e/vendor/axe-core-4.14.1/axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
RUN = """
    const [rules, done] = arguments;
    const options = { resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }) };
    axe.run(document, options).then(
      ({ violations }) => done(violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`))),
      (error) => done([`axe failed: ${error}`]),
    );
"""


@cache
def axe_source() -> str:
    """axe-core, checked to be the file that NOTICE names."""
    content = AXE.read_bytes()
    assert hashlib.sha256(content).hexdigest() == AXE_SHA256
    return content.decode()


def violations(driver, rules: tuple[str, ...] | None = None) -> list[str]:
    """What axe-core finds in the page as it is now, one line for each place: by all rules, best practices included, or by some."""
    if not driver.execute_script("return typeof axe === 'object'"):
        driver.execute_script(axe_source())
    return driver.execute_async_script(RUN, rules)
