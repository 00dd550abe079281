"""What a person marked as normal answers the firings that rest on it alone: a mark must not blind the camera."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from panda_agent.reasoning.rules.beliefs import Push
from panda_agent.types import Evidence, Firing

KIND = "known_normal"
ENOUGH = 0.5
"""Share of its weight that a firing must lose to be no reason for a verdict any more."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A firing with the row it is anchored in and what it does to belief."""

    firing: Firing
    anchor: Evidence
    push: Push


Levels = Mapping[tuple[str, str], float]
"""Log-odds that are answered, by event type and by the cite of the row that is known."""


def answered(drawn: Sequence[Drawn], rows: Iterable[Evidence]) -> tuple[list[Push], frozenset[tuple[str, ...]]]:
    """The pushes once each rule about `known_normal` has answered what rests on known rows only.

    Such a rule pushes nothing by itself: as a push for the benign side it would weigh on whatever else happens at the
    same moment. It lowers each anomaly push of its event type all of whose rows are known, down to zero at most. A
    course over time that is about the whole picture can't tell where; it is lowered while a known row of the same
    sense lasts.

    Args:
        drawn: Every firing of the rules.
        rows: All evidence.

    Returns:
        The pushes, and the cites of the firings that lost at least `ENOUGH` of their weight.
    """
    levels: dict[tuple[str, str], float] = {}
    for one in drawn:
        if one.push.kind == KIND:
            key = one.push.event_type, str(one.anchor.data.get("of"))
            levels[key] = max(levels.get(key, 0.0), -one.push.level)
    others = [one for one in drawn if one.push.kind != KIND]
    if not levels:
        return [one.push for one in others], frozenset()
    cites = {cite for _, cite in levels}
    known = {row.cite: row for row in rows if row.cite in cites}
    pushes = [_lowered(one, levels, known) for one in others]
    lost = {
        one.firing.evidence
        for one, push in zip(others, pushes, strict=True)
        if one.push.level > 0 and push.level <= (1 - ENOUGH) * one.push.level
    }
    return pushes, frozenset(lost)


def _lowered(one: Drawn, levels: Levels, known: Mapping[str, Evidence]) -> Push:
    push = one.push
    if push.level <= 0:
        return push
    answers = [levels.get((push.event_type, cite), 0.0) for cite in one.firing.evidence]
    if answers and min(answers) > 0:
        by = min(answers)
        return replace(push, level=max(0.0, push.level - by), levels=[max(0.0, level - by) for level in push.levels])
    if push.times and one.anchor.region is None:
        return replace(push, levels=_lowered_while(push, levels, known))
    return push


def _lowered_while(push: Push, levels: Levels, known: Mapping[str, Evidence]) -> Sequence[float]:
    lowered = array("d", push.levels)
    for (event, cite), by in levels.items():
        row = known.get(cite)
        if row is not None and event == push.event_type and row.family == push.family:
            for i, t in enumerate(push.times):
                if row.span.start <= t <= row.span.end:
                    lowered[i] = max(0.0, min(lowered[i], push.levels[i] - by))
    return lowered
