"""Spans for the site's OpenTelemetry collector, where the settings name one; imported only then.

One span per request and one per stage of a screening, over OTLP/HTTP in its JSON encoding (OpenTelemetry protocol 1.x), which every
collector takes. That is a hundred lines here instead of eight packages in every gateway. A span says which route, which stage, which
outcome and how long: no name, no identifier but the random ones of the trace, nothing of the photo, no score and no band.
"""
