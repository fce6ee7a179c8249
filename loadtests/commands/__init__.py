"""The commands of `python -m loadtests`, one module each: `run(arguments, environment, out, err) -> int`, the exit code."""
