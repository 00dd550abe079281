"""What a firing rests on: the row that meets a rule's first condition, and those that its further ones need."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from panda_agent.reasoning.rules.predicates import matches, related, same_episode
from panda_agent.types import Condition, Evidence

SLACK = 1e-6
"""Seconds by which rows are looked for further than they may be: what is near enough is settled exactly afterwards."""
GLIMPSED = "caption"
"""The kind of evidence of which a row may tell of a single moment."""


@dataclass(frozen=True, slots=True)
class Company:
    """The rows that a firing rests on."""

    anchor: Evidence
    """What meets the first condition."""
    others: list[Evidence]
    """What meets the further ones."""
    until: float | None
    """Online: when it is known that what must not be there is there."""

    @property
    def rows(self) -> tuple[Evidence, ...]:
        """All of them."""
        return (self.anchor, *self.others)

    @property
    def since(self) -> float | None:
        """Online: when the last of them is known."""
        return max((row.known_at for row in self.rows if row.known_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Near:
    """The rows that meet a further condition, ready to be looked up by time."""

    condition: Condition
    rows: Sequence[Evidence]
    """Rising by start."""
    starts: Sequence[float]
    longest: float
    """Seconds that the longest of them lasts."""

    @classmethod
    def of(
        cls,
        condition: Condition,
        first: Condition,
        by_kind: Mapping[str, list[Evidence]],
        started_at: str | None,
        glance: float,
    ) -> Near:
        """Those of a rule.

        Args:
            condition: The further one.
            first: The rule's first.
            by_kind: The rows that can be trusted.
            started_at: ISO time of second 0.
            glance: A description of less than so many seconds tells of a moment.
        """
        rows = [row for row in by_kind.get(condition.kind, ()) if matches(row, condition, started_at)]
        if condition.kind == GLIMPSED and condition.where == first.where:  # told again: glances are weighed together
            rows = [row for row in rows if row.span.duration >= glance]
        longest = max((row.span.duration for row in rows), default=0.0)
        return cls(condition, rows, [row.span.start for row in rows], longest)

    def beside(self, anchor: Evidence) -> Iterable[Evidence]:
        """Those that stand in the relation to the anchor that is asked for."""
        reach = self.condition.within + SLACK
        first = bisect_left(self.starts, anchor.span.start - reach - self.longest)
        last = bisect_right(self.starts, anchor.span.end + reach)
        return (
            row
            for row in self.rows[first:last]
            if row.cite != anchor.cite and not same_episode(anchor, row) and related(anchor, row, self.condition)
        )


def company_of(anchor: Evidence, others: Sequence[Near]) -> Company | None:
    """The rows that the further conditions need beside the anchor; None when one of them is not met.

    Online a row that must not be there forbids nothing until it is known.
    """
    company = Company(anchor, [], None)
    for near in others:
        absent, row = near.condition.absent, _first_known(near.beside(anchor))
        if absent and row is not None and row.known_at is not None:
            company = replace(
                company, until=row.known_at if company.until is None else min(company.until, row.known_at)
            )
        elif (row is None) != absent:
            return None
        elif row is not None:
            company.others.append(row)
    never = company.until is not None and company.since is not None and company.until <= company.since
    return None if never else company


def _first_known(rows: Iterable[Evidence]) -> Evidence | None:
    """Online the row that is known first, else the first."""
    best: Evidence | None = None
    for row in rows:
        if row.known_at is None:
            return row
        if best is None or best.known_at is None or row.known_at < best.known_at:
            best = row
    return best
