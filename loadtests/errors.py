"""What can go wrong before or after a load test, by name; the message is a sentence for whoever started it.

LoadTestError
├── ArrivalsUnusable     a schedule that cannot be drawn
├── HistogramUnreadable  a file or message that holds no histogram
├── PackUnusable         a folder that is no pack of photos, or says nothing of what is wanted
├── TargetRefused        a target that nobody said is theirs, or that would be loaded as patients' traffic
├── TargetUnreadable     a target whose metrics or version cannot be read
├── RunUnreadable        a folder that holds no finished run
├── RunFailed            a run that left no result
├── ObjectivesUnusable   a file or word that says no objective
├── BaselineUnusable     runs that nothing can be held against
├── CapacityUnusable     a folder or options with which no capacity can be searched
├── TuneUnusable         options, a folder or a repository with which nothing can be tuned
├── TuneFailed           a model server that did not start, or did not answer
│   └── ServerNotStarted it ended, or its version did not become available
├── SizingUnusable       raw results that no table can be calculated from
├── ScenarioUnusable     a file that describes no scenario
└── ScenarioFailed       a system that could not be started, watched or changed as a scenario wants
"""

from __future__ import annotations


class LoadTestError(Exception):
    """Root of this package's errors."""


class ArrivalsUnusable(LoadTestError):
    """No schedule can be drawn from this."""


class HistogramUnreadable(LoadTestError):
    """This is no histogram."""


class PackUnusable(LoadTestError):
    """This is no pack of photos, or it does not say what a target should answer."""


class TargetRefused(LoadTestError):
    """Load may not go there."""


class TargetUnreadable(LoadTestError):
    """What the target says of itself cannot be read."""


class RunUnreadable(LoadTestError):
    """This folder holds no finished run."""


class RunFailed(LoadTestError):
    """The load generator ended without a result."""


class ObjectivesUnusable(LoadTestError):
    """This says no objective that a run can be held to."""


class BaselineUnusable(LoadTestError):
    """These runs are no baseline, or not one for that run."""


class CapacityUnusable(LoadTestError):
    """No capacity can be searched with this."""


class TuneUnusable(LoadTestError):
    """Nothing can be tuned with this."""


class TuneFailed(LoadTestError):
    """The model server did not start, or did not answer; nothing is said of its configuration."""


class ServerNotStarted(TuneFailed):
    """With this configuration the model server ended, or its version did not become available."""


class SizingUnusable(LoadTestError):
    """From these raw results no table can be calculated."""


class ScenarioUnusable(LoadTestError):
    """This describes no scenario."""


class ScenarioFailed(LoadTestError):
    """The system of a scenario could not be started, watched or changed; nothing is said of its alarms."""
