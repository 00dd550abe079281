"""The contract of every rule that ships: its example fires it, its look-alike does not."""

import pytest

from panda_agent.errors import UserError
from panda_agent.prompts import check_evidence, load_pack, pack_names
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.tools import kinds_of, shipped_specs
from panda_agent.types import Evidence, Region, TimeSpan

RULES = {rule.id: rule for name in pack_names() for rule in load_pack(name).rules}


def row(number, short):
    """Evidence from its short form; `clock` sets the time of day of second 0."""
    data = {
        key: value for key, value in short.items() if key not in ("kind", "at", "region", "family", "clock", "score")
    }
    start, end = short.get("at", [0, 1])
    region = Region(**dict(zip(("x0", "y0", "x1", "y1"), short["region"], strict=True))) if "region" in short else None
    return Evidence(
        id=f"e{number}",
        kind=short["kind"],
        span=TimeSpan(start=start, end=end),
        region=region,
        statement="",
        data=data,
        tool="t@1",
        score=short.get("score"),
    )


def outcome(rule, shorts):
    clock = next((short["clock"] for short in shorts if "clock" in short), None)
    return weigh([rule], [row(i, short) for i, short in enumerate(shorts)], started_at=clock).trace[0].outcome


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_its_example_fires_it_and_its_look_alike_does_not(rule):
    assert outcome(rule, rule.fires) == "fired"
    assert outcome(rule, rule.must_not) != "fired"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_its_sentence_holds_numbers_from_its_evidence(rule):
    shorts = [row(i, short) for i, short in enumerate(rule.fires)]
    clock = next((short["clock"] for short in rule.fires if "clock" in short), None)
    why = weigh([rule], shorts, started_at=clock).trace[0].why
    assert "{" not in why, f"a placeholder is not measured: {why}"


def test_there_are_thirty_rules_and_every_pack_loads_with_the_tools_that_ship():
    makes = kinds_of(shipped_specs())
    packs = {name: load_pack(name) for name in pack_names()}
    for pack in packs.values():
        check_evidence(pack, makes)
    assert {"street", "road", "shop", "home", "industrial", "general"} <= set(packs)
    assert len(RULES) >= 30
    assert all(event.benign and event.severity for pack in packs.values() for event in pack.event_types)


def test_each_anomaly_has_a_rule_that_speaks_for_it():
    for pack in map(load_pack, pack_names()):
        spoken = {rule.event_type for rule in pack.rules if rule.supports == "anomaly"}
        assert {event.id for event in pack.event_types} <= spoken


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: [", "is not YAML"),
        ("- 1", "must be a mapping"),
        ("id: p\nversion: 1\ntitle: t\nscenes: []\nrules: []\nevent_types: [{id: a}]", "event_type 'a'"),
        (
            "include: [common]\nid: p\nversion: 1\ntitle: t\nscenes: []\nrules:\n  - {id: r, event_type: fight, "
            "when: [{kind: telepathy}], weight: 1, question: q, explanation: e, fires: [{}], must_not: [{}]}",
            "which no tool makes",
        ),
        (
            "include: [common]\nid: p\nversion: 1\ntitle: t\nscenes: []\nrules:\n  - {id: r, event_type: fight, "
            "when: [{kind: agitation, where: ['mood >= 1']}], weight: 1, question: q, "
            "explanation: e, fires: [{}], must_not: [{}]}",
            "which no tool measures",
        ),
        (
            "include: [common]\nid: p\nversion: 1\ntitle: t\nscenes: []\nrules:\n  - {id: r, event_type: theft, "
            "when: [{kind: agitation}], weight: 1, question: q, explanation: e, fires: [{}], must_not: [{}]}",
            "unknown event type 'theft'",
        ),
    ],
)
def test_a_wrong_pack_is_refused_with_one_sentence(tmp_path, text, message):
    path = tmp_path / "pack.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        check_evidence(load_pack(str(path)), kinds_of(shipped_specs()))


def test_a_pack_that_is_not_there_names_those_that_are():
    with pytest.raises(UserError, match="general"):
        load_pack("nonsense")
