"""What moved between two verdicts of one case, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from panda_agent.reporting.text import plain
from panda_agent.types import AnomalySpan, Model, TimeSpan, Verdict

LEAST = 0.005
"""A number that moves by less has not moved."""
SCENE = "the scene"
"""What a claim is about that tells of no anomaly."""
What = Literal["label", "headline", "confidence", "severity", "span", "belief", "rule", "claim", "evidence", "mind"]


REVISING: tuple[What, ...] = ("label", "headline", "confidence", "severity", "span", "belief")
"""What makes a verdict another one; that a claim cites one more row does not."""


class Moved(Model):
    """One thing that differs; None where it is not there."""

    what: What
    about: str
    before: str | None
    after: str | None

    def line(self) -> str:
        """As one line of text."""
        if self.before is not None and self.after is not None:
            return f"{self.what} {self.about}: {self.before} → {self.after}".replace(" :", ":")
        sign, said = ("gone", self.before) if self.after is None else ("new", self.after)
        return f"{sign} {self.what} {self.about}: {said}".replace(" :", ":")


def moved(before: Verdict, after: Verdict) -> list[Moved]:
    """What differs, the most important first; the wording of judgements, costs and provenance are left out."""
    return [
        *_facts(before, after),
        *_spans(before.spans, after.spans),
        *_beliefs(before, after),
        *_changes("rule", _fired(before), _fired(after)),
        *_claims(before, after),
        *_changes("evidence", _evidence(before), _evidence(after)),
        *_changes("mind", {text: text for text in before.warnings}, {text: text for text in after.warnings}),
    ]


def _facts(before: Verdict, after: Verdict) -> Iterator[Moved]:
    if before.label != after.label:
        yield Moved(what="label", about="", before=before.label, after=after.label)
    if before.headline != after.headline:
        yield Moved(what="headline", about="", before=before.headline, after=after.headline)
    if abs(before.confidence - after.confidence) >= LEAST or before.label != after.label:
        yield Moved(what="confidence", about="", before=f"{before.confidence:.2f}", after=f"{after.confidence:.2f}")
    if before.severity != after.severity:
        yield Moved(what="severity", about="", before=before.severity or "none", after=after.severity or "none")


def _spans(before: Iterable[AnomalySpan], after: Iterable[AnomalySpan]) -> Iterator[Moved]:
    """Spans of one event type that touch are one span that moved."""
    left = list(after)
    for old in before:
        same = next((new for new in left if _same(old, new)), None)
        if same is not None:
            left.remove(same)
        if same is None or _told(old) != _told(same):
            yield Moved(
                what="span",
                about=plain(old.event_type),
                before=_told(old),
                after=None if same is None else _told(same),
            )
    for new in left:
        yield Moved(what="span", about=plain(new.event_type), before=None, after=_told(new))


def _same(old: AnomalySpan, new: AnomalySpan) -> bool:
    return old.event_type == new.event_type and old.start <= new.end and new.start <= old.end


def _told(span: AnomalySpan) -> str:
    return f"{TimeSpan(start=span.start, end=span.end)}, belief up to {span.peak:.2f}"


def _beliefs(before: Verdict, after: Verdict) -> Iterator[Moved]:
    """Beliefs in anomalies; those in their benign twins are what is left."""
    old = {one.id: one for one in before.hypotheses if one.kind == "anomaly"}
    new = {one.id: one for one in after.hypotheses if one.kind == "anomaly"}
    for name in sorted({*old, *new}, key=lambda name: (name not in old, name)):
        was, now = old.get(name), new.get(name)
        if was is not None and now is not None and abs(was.belief - now.belief) < LEAST:
            continue
        yield Moved(
            what="belief",
            about=plain(name),
            before=None if was is None else f"{was.belief:.2f} ({was.status})",
            after=None if now is None else f"{now.belief:.2f} ({now.status})",
        )


def _fired(verdict: Verdict) -> dict[str, str]:
    """How often each rule fired, and how strongly at most."""
    weights: dict[str, list[float]] = {}
    for line in verdict.trace:
        if line.outcome == "fired":
            weights.setdefault(line.rule, []).append(line.weight)
    return {rule: f"fires {len(all_)} times, {max(all_, key=abs):+.1f} at most" for rule, all_ in weights.items()}


def _claims(before: Verdict, after: Verdict) -> Iterator[Moved]:
    old, new = (
        {(one.about, f"{one.span} {one.text}"): f"{one.text} [{', '.join(one.cites)}]" for one in verdict.explanation}
        for verdict in (before, after)
    )
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            about = SCENE if key[0] == "scene" else plain(key[0])
            yield Moved(what="claim", about=about, before=old.get(key), after=new.get(key))


def _evidence(verdict: Verdict) -> dict[str, str]:
    return {row.cite: f"{row.span} {row.statement}" for row in verdict.evidence_rows}


def _changes(what: What, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Moved]:
    """What is gone, new, or told otherwise, by name."""
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was != now:
            about = "" if what == "mind" else name
            yield Moved(what=what, about=about, before=was, after=now)
