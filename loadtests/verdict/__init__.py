"""What a finished run means: whether it meets the objectives, and what limited it."""
