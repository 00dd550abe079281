"""Show a row of evidence with its numbers, or a rule; and the verdict in short."""

from __future__ import annotations

from collections.abc import Iterator

from panda_agent.conversation.docket import Docket
from panda_agent.conversation.turns import Reply, Show, Tell
from panda_agent.errors import UserError
from panda_agent.memory.cases import nearest_names
from panda_agent.reasoning.facts import COURSES
from panda_agent.reporting.text import likelihood, number, plain
from panda_agent.types import Evidence, Rule, Verdict, clock

LONG = COURSES | {"letters", "watched"}
"""Data that is told by its length."""


def show(docket: Docket, turn: Show) -> Reply:
    """A row or a rule.

    Raises:
        UserError: There is neither of that id.
    """
    rule = next((one for one in docket.plan.rules if turn.id in (one.id, f"{one.id}@{one.version}")), None)
    if rule is not None:
        return Reply(lines=tuple(_rule(rule, docket)))
    row = row_named(docket, turn.id)
    return Reply(lines=tuple(_row(row, docket)), cites=(row.cite,))


def row_named(docket: Docket, name: str) -> Evidence:
    """A row by its id, or by how its id starts.

    Raises:
        UserError: There is none, or more than one.
    """
    row = docket.case.store.get(name)
    if row is not None:
        return row
    cites = [one.cite for one in docket.case.store.evidence_slices()]
    found = [cite for cite in cites if len(name) >= 4 and cite.startswith(name)]
    if len(found) == 1:
        return row_named(docket, found[0])
    near = found[:3] or nearest_names(cites, name)
    what = "More than one row of evidence starts with" if found else "There is no row of evidence, and no rule,"
    raise UserError(f"{what} {name!r}.", hint=f"Nearest: {', '.join(near)}." if near else None)


def tell(docket: Docket, turn: Tell) -> Reply:
    """A version of the verdict.

    Raises:
        UserError: There is none of that number.
    """
    versions = docket.case.store.versions()
    wanted = versions[-1] if turn.version is None else next((v for v in versions if v.number == turn.version), None)
    verdict = None if wanted is None else docket.case.store.verdict(wanted.number)
    if wanted is None or verdict is None:
        raise UserError(f"There is no version {turn.version}.", hint=f"There are {len(versions)}.")
    lead = f"Version {wanted.number} of {len(versions)}, by {wanted.cause}."
    cites = [cite for claim in verdict.explanation for cite in claim.cites]
    return Reply(lines=(lead, *verdict_lines(verdict)), cites=tuple(dict.fromkeys(cites)))


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """Label, spans, claims, and what was set aside."""
    sure = f"{likelihood(verdict.confidence)} to be right ({verdict.confidence:.2f})"
    yield f"{verdict.label.upper()} {sure}: {verdict.headline}"
    for span in verdict.spans:
        yield f"  when {clock(span.start)}–{clock(span.end)} {plain(span.event_type)}, belief up to {span.peak:.2f}"
    for claim in verdict.explanation:
        yield f"  because {claim.span} {claim.text} [{', '.join(claim.cites)}]"
    for one in verdict.rejected_alternatives[:2]:
        yield f"  set aside ({one.belief:.2f}) {one.statement} {one.why}"


def _row(row: Evidence, docket: Docket) -> Iterator[str]:
    yield f"{row.cite} {row.kind} {row.span}: {row.statement}"
    if row.region is not None:
        r = row.region
        yield f"  where {r.x0:.2f},{r.y0:.2f} to {r.x1:.2f},{r.y1:.2f} of the picture"
    score = "" if row.score is None else f", score {number(row.score)}"
    yield f"  by {row.tool} (family {row.family}{score})"
    for name, value in sorted(row.data.items()):
        told = f"{len(value)} values" if name in LONG and isinstance(value, list) else number(value)
        yield f"  {name} {told}"
    if row.media_ref is not None:
        yield f"  picture {docket.case.folder / row.media_ref}"
    if row.call_id is not None:
        yield f"  call {row.call_id[:12]} (`panda ledger show {row.call_id[:12]}`)"
    if row.cite in docket.without:
        yield "  taken back: the verdict leaves it out"
    lines = [line for line in docket.weighed([*docket.rows()]).fired() if row.cite in line.evidence]
    for line in lines:
        yield f"  moves {line.event_type} by {line.weight:+.1f} ({line.rule})"
    if not lines:
        yield "  no rule fires on it"


def _rule(rule: Rule, docket: Docket) -> Iterator[str]:
    side = "for" if rule.supports == "anomaly" else "against"
    most = f"{rule.weight:g} log-odds at most"
    yield f"{rule.id}@{rule.version} speaks {side} {rule.event_type} with {most}: {rule.question}"
    for one in rule.when:
        tests = " and ".join(map(str, one.where)) or "any"
        yield f"  {'unless' if one.absent else 'when'} {one.kind}: {tests}"
    if rule.strength is not None:
        yield f"  strength 0 at {rule.strength.field} {rule.strength.low:g}, 1 at {rule.strength.high:g}"
    for line in docket.verdict.trace:
        if line.rule == f"{rule.id}@{rule.version}":
            yield f"  {line.outcome}{'' if line.span is None else f' {line.span} {line.weight:+.1f}'}: {line.why}"
