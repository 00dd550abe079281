"""The contract of every rule that ships: its example fires it, its look-alike does not."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from panda_agent import prompts
from panda_agent.errors import UserError
from panda_agent.prompts import check_evidence, load_pack, pack_names
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.tools import kinds_of, shipped_specs
from panda_agent.types import Evidence, Region, TimeSpan

PACKS = {name: load_pack(name) for name in pack_names()}
RULES = {rule.id: rule for pack in PACKS.values() for rule in pack.rules}
EVENTS = sorted({rule.event_type for rule in RULES.values()})
UCF = {
    *("Abuse", "Arrest", "Arson", "Assault", "Burglary", "Explosion", "Fighting", "RoadAccidents", "Robbery"),
    *("Shooting", "Shoplifting", "Stealing", "Vandalism"),
}
SETS = {"ucf-crime": UCF, "xd-violence": {"B1", "B2", "B4", "B5", "B6", "G"}}
PLACES = ("campus", "ubnormal", "traffic", "home", "shop", "industrial")
TOLD = {"caption", "told_like", "answer", "score", "known_normal", "human", "opinion"}
"""Kinds of evidence that are words, or what others say; the rest is measured."""
UNMEASURED = {
    *("abuse", "arrest", "robbery", "shoplifting"),  # hands and what they hold
    "incident",  # what descriptions say all in all
    *("no_protection", "work_at_height", "crawling", "dancing", "unsteady"),  # what it means
}
"""Event types that only words can tell of."""


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


@pytest.mark.parametrize("event", EVENTS)
def test_examples_fire_their_rules_and_look_alikes_do_not(event):
    rules = [rule for rule in RULES.values() if rule.event_type == event]
    assert [rule.id for rule in rules if outcome(rule, rule.fires) != "fired"] == []
    assert [rule.id for rule in rules if outcome(rule, rule.must_not) == "fired"] == []


@pytest.mark.parametrize("event", EVENTS)
def test_each_sentence_holds_numbers_from_its_evidence(event):
    for rule in RULES.values():
        if rule.event_type == event:
            shorts = [row(i, short) for i, short in enumerate(rule.fires)]
            clock = next((short["clock"] for short in rule.fires if "clock" in short), None)
            why = weigh([rule], shorts, started_at=clock).trace[0].why
            assert "{" not in why, f"{rule.id}: a placeholder is not measured: {why}"


@pytest.mark.parametrize("name", PACKS)
def test_each_pack_loads_with_the_tools_that_ship(name):
    check_evidence(PACKS[name], kinds_of(shipped_specs()))
    assert all(event.benign and event.severity for event in PACKS[name].event_types)


@pytest.mark.parametrize("name", PACKS)
def test_each_event_type_has_rules_for_what_is_told_and_what_is_measured_and_against_it(name):
    for event in PACKS[name].event_types:
        rules = [rule for rule in PACKS[name].rules if rule.event_type == event.id]
        told = [rule for rule in rules if rule.when[0].kind == "caption"]
        measured = [rule for rule in rules if rule.when[0].kind not in TOLD and rule.supports == "anomaly"]
        assert any(rule.supports == "anomaly" for rule in told), f"{event.id}: nothing told speaks for it"
        assert any(rule.supports == "benign" for rule in told), f"{event.id}: nothing told speaks against it"
        if event.id in UNMEASURED:
            assert not measured, f"{event.id} can be measured"
        else:
            assert measured, f"{event.id}: nothing measured speaks for it"


@pytest.mark.parametrize("name", PACKS)
def test_no_two_rules_of_a_pack_ask_the_same_of_the_evidence(name):
    same = defaultdict(list)
    for rule in PACKS[name].rules:
        same[rule.event_type, rule.supports, str(rule.when)].append(rule.id)
    assert [ids for ids in same.values() if len(ids) > 1] == []


@pytest.mark.parametrize("name", SETS)
def test_packs_of_data_sets_name_every_class_and_nothing_else(name):
    named = [event for event in PACKS[name].event_types if event.id != "incident"]  # no class, but a doubt about any
    names = [event.names.get(name) for event in named]
    assert set(names) == SETS[name]


def test_the_places_have_packs_and_general_leaves_out_what_is_only_wrong_at_some():
    assert set(PLACES) <= set(PACKS)
    general = {event.id for event in PACKS["general"].event_types}
    assert {"fight", "arson", "riot", "leak", "shoplifting"} <= general
    assert general.isdisjoint({"running", "jaywalking", "after_hours", "no_protection", "driving_wrong_way"})


def test_no_file_says_again_what_another_says():
    files = [yaml.safe_load(path.read_text()) for path in Path(prompts.__file__).parent.glob("rules/*.yaml")]
    for group in ("rules", "event_types"):
        ids = [entry["id"] for tree in files for entry in tree.get(group) or ()]
        assert sorted({one for one in ids if ids.count(one) > 1}) in ([], ["restricted_area"])
    lists = [name for tree in files for name in tree.get("words") or ()]
    assert len(lists) == len(set(lists))
    used = {name for tree in files for name in re.findall(r"@([a-z_]+)", str(tree))}
    assert sorted(set(lists) - used) == []


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


def write(folder, name, **keys):
    """A small pack of one's own; returns its path."""
    path = folder / f"{name}.yaml"
    base = {"id": name, "version": 1, "title": name, "scenes": ["street"]}
    path.write_text(yaml.safe_dump(base | keys))
    return str(path)


def event(name, title="t"):
    return {"id": name, "title": title, "statement": "s", "benign": "b", "severity": "low", "prior": 0.05}


def told(name, about, words):
    return {
        "id": name,
        "event_type": about,
        "when": [{"kind": "caption", "where": [f"told mentions {words}"]}],
        "weight": 2.0,
        "question": "q",
        "explanation": "e",
        "fires": [{"kind": "caption", "told": "x"}],
        "must_not": [{"kind": "caption", "told": "y"}],
    }


def test_word_lists_name_each_other_and_are_shared_by_include(tmp_path):
    low = write(
        tmp_path, "low", event_types=[event("a")], words={"who": ["man", "woman"], "hits": ["hit @who", "slap"]}
    )
    high = write(tmp_path, "high", include=[low], rules=[told("a.told", "a", "@all")], words={"all": ["@hits", "kick"]})
    (rule,) = load_pack(high).rules
    assert rule.when[0].where[0].value == ["hit man", "hit woman", "slap", "kick"]


@pytest.mark.parametrize(
    ("words", "why"), [({"x": ["hit"]}, "is not there"), ({"all": ["@all"]}, "comes back to itself")]
)
def test_a_word_list_that_is_not_there_or_names_itself_is_refused(tmp_path, words, why):
    path = write(tmp_path, "p", event_types=[event("a")], rules=[told("a.told", "a", "@all")], words=words)
    with pytest.raises(UserError, match=f"'a.told'.*'all', which {why}"):
        load_pack(path)


def test_only_and_exclude_choose_among_what_is_included_and_later_packs_still_have_it_all(tmp_path):
    base = write(
        tmp_path, "base", event_types=[event("a"), event("b")], words={"w": ["hit"]}, rules=[told("a.t", "a", "@w")]
    )
    few = write(tmp_path, "few", include=[base], only=["b"], event_types=[event("c")])
    assert [one.id for one in load_pack(few).event_types] == ["b", "c"]
    assert load_pack(few).rules == ()
    both = load_pack(write(tmp_path, "both", include=[few, base]))
    assert {one.id for one in both.event_types} == {"a", "b", "c"}
    assert [rule.id for rule in both.rules] == ["a.t"]


def test_what_a_pack_changes_stays_changed_where_its_source_is_included_once_more(tmp_path):
    base = write(tmp_path, "base", event_types=[event("a", "old")])
    new = write(tmp_path, "new", include=[base], event_types=[event("a", "new")])
    side = write(tmp_path, "side", include=[base])
    assert [one.title for one in load_pack(write(tmp_path, "all", include=[base, new, side])).event_types] == ["new"]


def test_a_pack_that_includes_itself_or_gives_an_id_twice_is_refused(tmp_path):
    path = write(tmp_path, "p", include=[str(tmp_path / "p.yaml")])
    with pytest.raises(UserError, match="includes itself"):
        load_pack(path)
    twice = write(tmp_path, "twice", event_types=[event("a"), event("a")])
    with pytest.raises(UserError, match="event_types of the same id: a"):
        load_pack(twice)


def test_a_pack_that_is_not_there_names_those_that_are():
    with pytest.raises(UserError, match="general"):
        load_pack("nonsense")
