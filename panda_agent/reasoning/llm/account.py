"""The account of a case, written by a model from what was found; a sentence that nothing backs is dropped.

Prose is written from claims and rows, never the other way round, and the label does not rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import reduce
from typing import Literal, get_args

from pydantic import JsonValue

from panda_agent.errors import BackendError
from panda_agent.perception.orders import is_order
from panda_agent.reasoning.base import Brief, Findings, Means
from panda_agent.reasoning.grounding import problems
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
    bad = _complaints(reply, rows, verdict)
    if bad:
        with suppress(BackendError):  # what is backed of the first is kept
            reply = Voice(means).ask("conclude", AccountReply, "again", data=data | {"refused": [*bad]}).value
    return _backed(reply, rows, verdict)


def _backed(
    reply: AccountReply, rows: Mapping[str, Evidence], verdict: Verdict
) -> tuple[tuple[Passage, ...], list[str]]:
    passages, dropped = [], 0
    for role in ROLES:
        told: list[Told] = getattr(reply, role)[:MOST_SENTENCES]
        claims = [claim for one in told if (claim := claim_of(one, rows, verdict)) and not _wrong(claim, rows)]
        dropped += len(told) - len(claims)
        if claims:
            passages.append(Passage(role=role, sentences=tuple(claims)))
    warnings = [f"{dropped} sentences of the model's account were left out: no evidence backs them."] if dropped else []
    return tuple(passages), warnings


def claim_of(told: Told, rows: Mapping[str, Evidence], verdict: Verdict) -> Claim | None:
    """A sentence as a claim about the time of what it cites; None where it cites nothing that there is."""
    cites = tuple(dict.fromkeys(cite.strip("[]() ") for cite in told.cites))
    spans = [rows[cite].span for cite in cites if cite in rows]
    if not spans or not told.text.strip():
        return None
    span = reduce(TimeSpan.hull, spans)
    return Claim(text=" ".join(told.text.split()), span=span, about=verdict.event_type or "scene", cites=cites)


def _complaints(reply: AccountReply, rows: Mapping[str, Evidence], verdict: Verdict) -> list[JsonValue]:
    """What is wrong with each sentence that can't stand, for the one chance to mend it."""
    found: list[JsonValue] = []
    for role in ROLES:
        for told in getattr(reply, role):
            claim = claim_of(told, rows, verdict)
            wrong = _wrong(claim, rows)
            if wrong:
                found.append({"sentence": told.text, "wrong": [*wrong[:3]]})
    return found


def _wrong(claim: Claim | None, rows: Mapping[str, Evidence]) -> list[str]:
    if claim is None:
        return ["it cites no evidence that there is"]
    if is_order(claim.text):  # the words may be a row's own: quoted there, they are no account of anything
        return ["it reads like an order to whoever reads it"]
    return [one.sentence for one in problems(claim, rows)]


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
