"""The largest rate that a target sustains, by search, and the site's number in one sentence."""
