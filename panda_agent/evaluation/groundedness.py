"""How much of a verdict is backed by the evidence that it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from panda_agent.reasoning.grounding import Problem, hull_of, problems, unbacked
from panda_agent.reasoning.rules.account import AGAINST, HOWEVER, UNSEEN, WEAK, WEIGHS
from panda_agent.reasoning.tokens import tokens
from panda_agent.types import Claim, Evidence, Rejected, Verdict

FRAMES = (UNSEEN, WEAK, AGAINST, WEIGHS, HOWEVER, "Nothing speaks for it.")
"""What an account puts around the sentences of rules: it says nothing of the video."""
ROUNDING = 0.05 + 1e-6
"""Seconds by which a time that is written with one decimal may differ."""


@dataclass(frozen=True, slots=True)
class Ungrounded:
    """A sentence of a verdict that says more than its evidence."""

    place: str
    """explanation, rejected, account, headline or answer."""
    text: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Groundedness:
    """How many sentences there are, and which of them are not grounded."""

    claims: int
    problems: tuple[Ungrounded, ...]

    @property
    def grounded(self) -> int:
        """Sentences that are."""
        return self.claims - len(self.problems)


def groundedness(verdict: Verdict) -> Groundedness:
    """Check each claim, each rejected alternative, and the times and counts of headline and answer.

    Args:
        verdict: Any verdict; only `evidence_rows` of it counts as evidence.
    """
    checked = list(_checked(verdict))
    return Groundedness(len(checked), tuple(one for one in checked if one.problems))


def _checked(verdict: Verdict) -> Iterator[Ungrounded]:
    rows = {row.cite: row for row in verdict.evidence_rows}
    for claim in verdict.explanation:
        yield Ungrounded("explanation", claim.text, tuple(problems(claim, rows)))
    for passage in verdict.account:
        for claim in passage.sentences:
            yield Ungrounded("account", claim.text, tuple(problems(claim, rows)))
    for rejected in verdict.rejected_alternatives:
        yield Ungrounded("rejected", rejected.why, tuple(_of_rejected(rejected, verdict, rows)))
    if verdict.label == "anomalous":
        yield Ungrounded("headline", verdict.headline, tuple(_of_spans(verdict.headline, verdict)))
    if verdict.label == "anomalous" and verdict.answer is not None:
        yield Ungrounded("answer", verdict.answer, tuple(_of_spans(verdict.answer, verdict)))


def _of_rejected(rejected: Rejected, verdict: Verdict, rows: Mapping[str, Evidence]) -> list[Problem]:
    """What it says beyond its cites, once frames, and what the trace says of rules that did not fire, are left out."""
    cited = [rows[cite] for cite in rejected.cites if cite in rows]
    text, unseen = rejected.why, [line.why for line in verdict.trace if line.outcome != "fired"]
    if text.startswith(UNSEEN):
        text = "" if text.removeprefix(UNSEEN).removesuffix(".") in unseen else text.removeprefix(UNSEEN)
    for frame in FRAMES:
        text = text.replace(frame, " ")
    named = Claim(text=rejected.why, span=hull_of(cited), about="scene", cites=rejected.cites or tuple(rows)[:1])
    unknown = [one for one in problems(named, rows) if one.kind == "unknown_cite"] if rows else []
    return [*unknown, *(unbacked(text, cited, hull_of(cited)) if text.strip() else ())]


def _of_spans(text: str, verdict: Verdict) -> Iterator[Problem]:
    """Times must be those of its spans, and "and 2 more" must count them."""
    edges = [edge for span in verdict.spans for edge in (span.start, span.end)]
    for one in tokens(text):
        if one.kind == "time" and not any(abs(one.value - edge) <= ROUNDING for edge in edges):
            yield Problem("time", f"No span begins or ends at {one.text}.")
    more = re.search(r" and (\d+) more(?:…|$)", text)
    if more is not None and int(more[1]) != len(verdict.spans) - 1:
        yield Problem("number", f"There are {len(verdict.spans) - 1} more spans, not {more[1]}.")
