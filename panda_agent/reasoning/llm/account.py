"""The account of a case, written by a model from what was found; a sentence that nothing backs is dropped.

Prose is written from claims and rows, never the other way round, and the label does not rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Literal, get_args

from pydantic import JsonValue

from panda_agent.errors import BackendError
from panda_agent.perception.orders import is_order
from panda_agent.reasoning.base import Brief, Findings, Means
from panda_agent.reasoning.grounding import check_prose
from panda_agent.reasoning.llm.shapes import AccountReply, Told
from panda_agent.reasoning.llm.voice import Voice
from panda_agent.types import Claim, Evidence, Passage, TimeSpan, Verdict, clock

Role = Literal["what", "why", "before", "after", "instead"]
ROLES: tuple[Role, ...] = get_args(Role)
AROUND = 30.0
"""Seconds before and after what was found from which rows are told."""
MOST_ROWS = 60
MOST_SENTENCES = 8
"""Sentences of one passage, at most."""


def account_of(verdict: Verdict, findings: Findings, means: Means) -> tuple[tuple[Passage, ...], list[str]]:
    """The account, and what was wrong with it: for the verdict's warnings.

    Raises:
        BackendError: There is no answer.
    """
    rows = {row.cite: row for row in _told_rows(verdict, findings)}
    data = _data(verdict, findings.brief, rows)
    reply = Voice(means).ask("conclude", AccountReply, "", data=data).value
    passages, wrong = _backed(reply, rows, verdict)
    if wrong:
        with suppress(BackendError):  # what is backed of the first is kept
            reply = Voice(means).ask("conclude", AccountReply, "again", data=data | {"refused": wrong}).value
            passages, wrong = _backed(reply, rows, verdict)
    count = len(wrong)
    return passages, [
        f"{count} sentences of the model's account were left out: no evidence backs them."
    ] if wrong else []


def _backed(
    reply: AccountReply, rows: Mapping[str, Evidence], verdict: Verdict
) -> tuple[tuple[Passage, ...], list[JsonValue]]:
    """The passages of what stands, and each sentence that does not, with what is wrong with it."""
    passages: list[Passage] = []
    wrong: list[JsonValue] = []
    for role in ROLES:
        kept: list[Claim] = []
        for told in getattr(reply, role)[:MOST_SENTENCES]:
            claims, problems = _checked(told, rows, verdict)
            kept += claims
            wrong += [{"sentence": told.text, "wrong": [*problems[:3]]}] if problems else []
        passages += [Passage(role=role, sentences=tuple(kept))] if kept else []
    return tuple(passages), wrong


def _checked(told: Told, rows: Mapping[str, Evidence], verdict: Verdict) -> tuple[list[Claim], list[JsonValue]]:
    """What of a text is backed, as claims about the time of what it cites, and what is wrong with the rest."""
    cites = tuple(dict.fromkeys(cite.strip("[]() ") for cite in told.cites))
    text = " ".join(told.text.split())
    if not text or rows.keys().isdisjoint(cites):
        return [], ["it cites no evidence that there is"]
    if is_order(text):  # the words may be a row's own: quoted there, they are no account of anything
        return [], ["it reads like an order to whoever reads it"]
    kept, problems = check_prose([(text, cites)], rows, verdict.event_type or "scene")
    return kept, [one.sentence for one in problems]


def _told_rows(verdict: Verdict, findings: Findings) -> list[Evidence]:
    """What the verdict cites, then what happened around what was found; without anything found, the scene."""
    cited = [row for row in verdict.evidence_rows]
    spans = [TimeSpan(start=max(0.0, span.start - AROUND), end=span.end + AROUND) for span in verdict.spans]
    known = {row.cite for row in cited}
    near = [
        row
        for row in findings.evidence
        if row.cite not in known and row.kind != "unanswered" and any(row.span.touches(span) for span in spans)
    ]
    near.sort(key=lambda row: (-(row.score or 0.0), row.span.start, row.id))
    kept = [*cited, *near][:MOST_ROWS]
    return sorted(kept, key=lambda row: (row.span.start, row.span.end, row.id))


def _data(verdict: Verdict, brief: Brief, rows: Mapping[str, Evidence]) -> dict[str, JsonValue]:
    return {
        "doubt": brief.question,
        "verdict": verdict.label,
        "found": [
            {"event": span.event_type, "from": clock(span.start), "to": clock(span.end)} for span in verdict.spans
        ],
        "claims": [{"text": claim.text, "cites": [*claim.cites]} for claim in verdict.explanation],
        "rejected": [{"text": one.statement, "why": one.why} for one in verdict.rejected_alternatives],
        "evidence": [{"id": row.cite, "at": str(row.span), "says": row.statement} for row in rows.values()],
    }
