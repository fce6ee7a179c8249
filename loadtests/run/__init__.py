"""One run of a load test: what is planned, recorded, observed of the target, and kept as a folder."""
