"""The time as trial documents hold it."""

from __future__ import annotations

import datetime


def coarse_utcnow() -> datetime.datetime:
    """Return the time now: UTC, without a time zone, cut to whole milliseconds.

    MongoDB keeps milliseconds only, and documents compare equal after a round trip.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(microsecond=now.microsecond // 1000 * 1000, tzinfo=None)
