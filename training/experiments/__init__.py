"""Experiments as files: `NAME.toml` here is `--config NAME`; a path names a file of your own."""
