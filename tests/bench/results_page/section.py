"""What one raw file comes to on the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        says: What was measured, with its figure.
        bar: What is wanted.
        is_met: Whether it is; None where this file or this machine cannot say.
    """

    says: str
    bar: str
    is_met: bool | None


@dataclass(frozen=True)
class Body:
    """Of one file.

    Attributes:
        paragraphs: Plain text.
        bars: Each met or missed.
        head: Of the table.
        rows: Of the table.
        plots: SVG.
    """

    paragraphs: Sequence[str] = ()
    bars: Sequence[Bar] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    plots: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Result:
    """One raw file that there may be.

    Attributes:
        file: Its name in `loadtests/results`.
        title: For people.
        command: Which measures it.
        read: Its content to what stands on the page; given the other files too, by name, for those that belong together.
    """

    file: str
    title: str
    command: str
    read: Callable[[dict, dict[str, dict]], Body]
