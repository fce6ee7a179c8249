"""`python -m monitoring drift sign-profile`: a person says that what was counted is normal at this site.

From the next look on the alarm is about changes from this profile. After an alarm whose cause stays (other cameras): first
`drift restart`, then wait until 2,000 photos of the new state were counted, then sign, so that nothing from before is in it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

from monitoring.commands.drift.restart import add_person, add_place
from monitoring.controller.errors import ControllerError, ProfileUnsignable
from monitoring.controller.kept_state import read_kept
from monitoring.controller.settings import add_state
from monitoring.controller.site_profile import FILE_NAME, read_profiles, sign, write_profiles


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Write the profile beside the state; 1 where there is nothing to sign."""
    parser = argparse.ArgumentParser(
        prog="python -m monitoring drift sign-profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_state(parser, environment)
    add_place(parser)
    add_person(parser)
    options = parser.parse_args(arguments)
    try:
        chosen = read_kept(options.state).choose(options.site, options.model_version)
        if len(chosen) > 1:
            there = "; ".join(str(watch.place) for watch in chosen)
            message = f"say which with --site and --model-version: {there}"
            raise ProfileUnsignable(message)
        (watch,) = chosen
        profile = sign(watch, by=options.by, why=options.why, now=time.time())
        path = options.state.with_name(FILE_NAME)
        write_profiles(path, {**read_profiles(path), profile.place: profile})
    except ControllerError as error:
        err.write(f"{str(error)[:1].upper()}{str(error)[1:]}.\n")
        return 1
    except OSError as error:
        err.write(f"The profile cannot be written: {error}\n")
        return 1
    out.write(
        f"{watch.place}: {profile.photos:,.0f} photos since {_moment(profile.began)} are the site's profile now"
        f" (SHA-256 {profile.digest[:12]}), signed by {profile.by}.\n"
    )
    if profile.share_with_subject == 0:
        out.write("No photo came with a subject: these are photos, not people.\n")
    if watch.alarm_since is not None:
        out.write(
            f"An alarm stands since {_moment(watch.alarm_since)}. Photos from before its cause are in this profile; to leave them out,"
            " restart first and sign later.\n"
        )
    return 0


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="minutes")
