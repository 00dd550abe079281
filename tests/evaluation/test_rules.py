"""The sentence of every rule that ships says no more than the evidence that fires it."""

import json
from pathlib import Path

from panda_agent.prompts import load_pack, pack_names
from panda_agent.reasoning.grounding import hull_of, unbacked
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.reasoning.rules.sentences import fill
from panda_agent.tools import kinds_of, shipped_specs
from panda_agent.types import Evidence, TimeSpan

RULES = {rule.id: rule for name in pack_names() for rule in load_pack(name).rules}
STATEMENTS = json.loads((Path(__file__).parent / "data" / "statements.json").read_text(encoding="utf-8"))
"""What the tools that ship say of each kind of measured evidence, with the numbers that rules tell filled in."""


def rows_of(rule):
    """The evidence of its example, with what a tool would say of it; what is told is its own statement."""
    for i, short in enumerate(rule.fires):
        data = {k: v for k, v in short.items() if k not in ("kind", "at", "region", "family", "clock", "score")}
        told = next((str(data[name]) for name in ("told", "answered", "judged", "marked", "said") if name in data), "")
        row = Evidence(
            id=f"e{i:011x}", kind=short["kind"], span=TimeSpan(start=short["at"][0], end=short["at"][1]),
            statement=told, data=data, tool="t@1", score=short.get("score"),
        )  # fmt: skip
        yield row.model_copy(update={"statement": fill(STATEMENTS.get(row.kind, told), row)})


def beyond(rule):
    """What the sentence of a rule says beyond the example that fires it."""
    rows = list(rows_of(rule))
    clock = next((short["clock"] for short in rule.fires if "clock" in short), None)
    for line in weigh([rule], rows, started_at=clock).fired():
        cited = [row for row in rows if row.cite in line.evidence]
        yield from ((line.why, one.sentence) for one in unbacked(line.why, cited, hull_of(cited)))


def test_the_sentence_of_every_rule_that_ships_says_no_more_than_its_evidence():
    assert len(RULES) >= 30
    found = {rule.id: list(beyond(rule)) for rule in RULES.values()}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_the_statements_are_of_kinds_that_tools_make_and_a_sentence_that_says_more_is_found():
    assert set(STATEMENTS) <= set(kinds_of(shipped_specs()))
    rule = RULES["fight.agitation"].model_copy(update={"explanation": "Two men fight for {seconds} s."})
    assert {sentence for _, sentence in beyond(rule)} == {
        "No cited evidence says 'fight'.",
        "No cited evidence says 'mann'.",
        "No cited evidence has the number two there.",
    }
