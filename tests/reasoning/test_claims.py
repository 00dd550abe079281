"""What a verdict says of its firings: when, and by which rows."""

from __future__ import annotations

from panda_agent.reasoning.rules.claims import claims_from
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.types import Evidence, Rule, TimeSpan

FIRE = Rule.model_validate(
    {
        "id": "fire.somebody_was_there", "event_type": "fire", "weight": 4.0, "question": "Did somebody set it?",
        "when": [{"kind": "flicker"}, {"kind": "track", "within": 10.0}],
        "explanation": "A spot flickers where object {track.track} was.",
        "fires": [{"kind": "flicker", "at": [3, 6]}, {"kind": "track", "at": [0, 6], "track": 1}],
        "must_not": [{"kind": "track", "at": [0, 6], "track": 1}],
    }
)  # fmt: skip


def row(kind: str, start: float, end: float, statement: str, **data) -> Evidence:
    span = TimeSpan(start=start, end=end)
    return Evidence(id=kind, kind=kind, span=span, statement=statement, data=data, tool="eyes@1")


def told(*rows: Evidence):
    lines = weigh([FIRE], rows).fired()
    (claim,) = claims_from(lines, TimeSpan(start=0, end=20), {one.cite: one for one in rows}, [FIRE])
    return claim


def test_a_claim_is_of_the_time_of_what_fired_not_of_all_its_company():
    claim = told(row("flicker", 3, 6, "A spot flickers."), row("track", 0, 20, "Object 1 was here.", track=1))
    assert claim.text == "A spot flickers where object 1 was."
    assert claim.span == TimeSpan(start=3, end=6)
    assert set(claim.cites) == {"flicker", "track"}


def test_a_claim_spans_its_company_where_that_was_at_another_time():
    claim = told(row("flicker", 3, 6, "A spot flickers."), row("track", 0, 2.5, "Object 1 was here.", track=1))
    assert claim.span == TimeSpan(start=0, end=6)
