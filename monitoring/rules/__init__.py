"""Rules of Prometheus, and what writes them from the objectives.

`slo.rules.yaml`, `alerts.rules.yaml` and `drift.rules.yaml` are generated (`writing`) and committed, so that a site reads what it runs;
a test holds them against the generator. They hold for Prometheus 2.42 to 3.
"""
