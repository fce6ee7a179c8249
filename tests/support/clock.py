"""A clock that stands still until a test moves it."""


class Clock:
    """Seconds, monotonic, as `time.monotonic` gives them."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds
