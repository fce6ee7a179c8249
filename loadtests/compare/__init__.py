"""Runs held against earlier ones of the same thing: what changed beyond the noise that those earlier ones measured."""
