"""One page of what was measured, `loadtests/results/index.html`, made from the raw files beside it and from nothing else.

`python -m tests.bench.results_page` writes it; a test makes it anew and fails where the committed one differs. It belongs here and not to
`loadtests`, because most of the raw files are those of tests and benchmarks.
"""
