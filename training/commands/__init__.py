"""The commands of `python -m training`, one module each: options, the steps in order, what is said to the person."""
