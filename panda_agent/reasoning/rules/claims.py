"""Claims from firings: each says what its rule says, cites every row that made the rule fire then, and is grounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

from panda_agent.reasoning.grounding import WIDEST, grounded, hull_of
from panda_agent.reasoning.rules.sentences import fill
from panda_agent.types import Claim, Evidence, Firing, Rule, TimeSpan, merge_spans


def claims_from(
    lines: Sequence[Firing], inside: TimeSpan, rows: Mapping[str, Evidence], rules: Iterable[Rule]
) -> Iterator[Claim]:
    """The claims of a span: for each rule that fired, one for each stretch of rows near each other in time.

    Rows that a stronger rule of the same event type cites are not told again. Where a rule's sentence says more than
    its rows do, as that of a pack of one's own may, the rows are quoted instead.

    Args:
        lines: Firings for an anomaly that touch the span, the most important first.
        inside: The span.
        rows: What they cite, by cite.
        rules: Those that fired, and any others.
    """
    by_name = {f"{rule.id}@{rule.version}": rule for rule in rules}
    told: set[tuple[str, str]] = set()
    for name in dict.fromkeys((line.event_type, line.rule) for line in lines):
        own = [line for line in lines if (line.event_type, line.rule) == name]
        new = [line for line in own if any((name[0], cite) not in told for cite in line.evidence)]
        told |= {(name[0], cite) for line in new for cite in line.evidence}
        for stretch in stretches(rows[cite] for line in new for cite in line.evidence):
            yield from _claims(stretch, new, by_name[name[1]], inside)


def stretches(rows: Iterable[Evidence]) -> list[list[Evidence]]:
    """Rows in groups that one claim may cite: each spans at most twice the time that its rows cover."""
    groups: list[list[Evidence]] = []
    for row in sorted({row.cite: row for row in rows}.values(), key=lambda row: (row.span.start, row.span.end, row.id)):
        if groups and _is_dense([*groups[-1], row]):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def quoted(row: Evidence, about: str) -> Claim:
    """A row in its own words."""
    return Claim(text=row.statement, span=row.span, about=about, cites=(row.cite,))


def _is_dense(rows: Sequence[Evidence]) -> bool:
    covered = sum(span.duration for span in merge_spans(row.span for row in rows))
    return hull_of(rows).duration <= WIDEST * covered


def _claims(stretch: Sequence[Evidence], lines: Sequence[Firing], rule: Rule, inside: TimeSpan) -> Iterator[Claim]:
    """One claim in the words of the strongest firing that lies within the stretch; its rows in their own words else."""
    rows = {row.cite: row for row in stretch}
    own = [line for line in lines if set(line.evidence) <= set(rows)]
    if own:
        claim = _claim(own[0], rows, _when(own, stretch), rule, inside)
        if grounded(claim, rows):
            yield claim
            return
    yield from (quoted(row, rule.event_type) for row in stretch)


def _when(lines: Sequence[Firing], stretch: Sequence[Evidence]) -> TimeSpan:
    """The time of what fired, not of what kept it company, as far as every row shares it."""
    span = reduce(TimeSpan.hull, (line.span for line in lines if line.span is not None))
    return span if all(span.overlap(row.span) > 0 for row in stretch) else hull_of(stretch)


def _claim(line: Firing, rows: dict[str, Evidence], span: TimeSpan, rule: Rule, inside: TimeSpan) -> Claim:
    """What a firing says; of a course over time that is longer than the span, what it says within the span."""
    text, row = line.why, rows[line.evidence[0]]
    if "peak" in row.data and row.profile and span.overlap(inside) > 0:
        span = TimeSpan(start=max(span.start, inside.start), end=min(span.end, inside.end))
        peak = max((value for time, value in row.profile if span.start <= time <= span.end), default=None)
        if peak is not None and line.evidence == (row.cite,):
            text = fill(rule.explanation, row.model_copy(update={"data": row.data | {"peak": peak}}))
    return Claim(text=text, span=span, about=line.event_type, cites=tuple(rows))
