"""The whole stack on one machine: ports checked, processes started and stopped together, the demo."""
