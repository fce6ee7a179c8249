"""A verdict as text, JSON, JUnit XML and one HTML page that needs nothing else."""
