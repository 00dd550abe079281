"""Runs: a state that holds for some looks in a row becomes one observation."""

from __future__ import annotations

import numpy as np
from pydantic import JsonValue

from panda_agent.perception.observation import Observation
from panda_agent.types import TimeSpan

GAP_SECONDS = 0.6
"""A state may be interrupted for so long."""
LONGEST = 60.0
"""A state is reported after so long even while it lasts, so that memory stays bounded."""


class Run:
    """Collects the looks for which something holds.

    Args:
        kind: Of the observation.
        least: Seconds that it must last.
        statement: Template of the sentence; its fields are the means of the values, and `seconds`.
    """

    def __init__(self, kind: str, least: float, statement: str) -> None:
        self._kind, self._least, self._statement = kind, least, statement
        self._values: list[dict[str, float]] = []
        self._start = self._last = 0.0

    @property
    def seconds(self) -> float:
        """How long it has held by now."""
        return self._last - self._start if self._values else 0.0

    def update(self, time: float, values: dict[str, float] | None) -> list[Observation]:
        """Take a moment: the measured values where it holds, else None.

        Returns:
            The run that has just ended, if it lasted long enough.
        """
        over = bool(self._values) and (time - self._last > GAP_SECONDS or self.seconds > LONGEST)
        found = self.close() if over else []
        if values is not None:
            self._start = self._start if self._values else time
            self._last = time
            self._values.append(values)
        return found

    def close(self) -> list[Observation]:
        """End the run; nothing where it was too short."""
        seconds = self.seconds
        values, self._values = self._values, []
        if not values or seconds < self._least:
            return []
        data: dict[str, JsonValue] = {
            name: round(float(np.mean([row[name] for row in values])), 4) for name in values[0]
        }
        data["seconds"] = round(seconds, 2)
        span = TimeSpan(start=round(self._start, 3), end=round(self._last, 3))
        return [Observation(kind=self._kind, span=span, statement=self._statement.format(**data), data=data)]
