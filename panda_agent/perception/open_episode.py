"""Online: how an episode is told that is not over yet."""

from __future__ import annotations

from dataclasses import replace

from panda_agent.perception.observation import Observation

EVERY = 0.5
"""Seconds after which it may be told again."""
GROWN = 0.1
"""Share of its length by which it has to have grown by then: what lasts for hours must not give a row a second."""
RECENT = 5.0
"""Seconds of its course over time that are told; all of it is told when it is over."""


def is_news(start: float, told: float | None, now: float) -> bool:
    """Whether an episode is to be told.

    Args:
        start: When it began, seconds.
        told: How far it had come when it was told last; None where it was not told yet.
        now: How far it has come.
    """
    return told is None or now - told >= max(EVERY, GROWN * (now - start))


def so_far(seen: Observation) -> Observation:
    """The same, saying that it is not over: without its path, and with the last of its course only."""
    data = {name: value for name, value in seen.data.items() if name != "path"} | {"so_far": True}
    profile = data.get("profile")
    if isinstance(profile, list):
        since = seen.span.end - RECENT
        data["profile"] = [one for one in profile if isinstance(one, list) and float(str(one[0])) >= since]
    return replace(seen, data=data)
