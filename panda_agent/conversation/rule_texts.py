"""Rules as a person gives them: one line, or a YAML file with one rule, a list of them, or a whole pack."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import JsonValue, ValidationError

from panda_agent.conversation.docket import Docket
from panda_agent.errors import UserError
from panda_agent.prompts import check_evidence, load_pack
from panda_agent.prompts.pack_files import MAX_BYTES
from panda_agent.reasoning.rules.reasoner import hypotheses_of
from panda_agent.tools import kinds_of, shipped_specs
from panda_agent.types import EventType, Plan, Predicate, Rule, RulePack

WEIGHT = 3.0
"""Log-odds of a rule that names none."""
_LINE = re.compile(
    r"(?P<event>\S+)\s+when\s+(?P<kind>\w+)(?:\s+(?P<where>.+?))?(?:\s+weight\s+(?P<weight>\d+(?:\.\d+)?))?"
    r"(?P<benign>\s+benign)?",
    re.I,
)
_TEST = re.compile(r"(\w+)\s*(>=|<=|==|!=|>|<)\s*(\S+)")
HINT = "Write e.g. `fight when agitation agitation >= 1.5 and straightness < 0.8 weight 3`, or name a YAML file."


def with_rules(docket: Docket, text: str) -> tuple[Plan, list[Rule]]:
    """The plan of a case with one more rule, or several.

    Args:
        docket: The case.
        text: A rule in one line, or the path of a YAML file.

    Returns:
        The plan, and the rules that were added.

    Raises:
        UserError: The text is no rule, or speaks of what no tool reports or no pack knows.
    """
    rules, events = _read(text, docket)
    plan = docket.plan
    known = {event.id: event for event in (*docket.case.pack.event_types, *events, *plan.event_types)}
    for rule in rules:
        if rule.event_type not in known:
            raise UserError(f"There is no event type {rule.event_type!r}.", hint=f"Known: {', '.join(sorted(known))}.")
    ids = {rule.id for rule in rules}
    pack = docket.case.pack.model_copy(update={"rules": tuple(rules)})
    check_evidence(pack, kinds_of(shipped_specs()) | docket.case.toolbox.makes())
    new = [known[name] for name in dict.fromkeys(rule.event_type for rule in rules) if name not in _events(plan)]
    changed = plan.model_copy(
        update={
            "rules": (*(rule for rule in plan.rules if rule.id not in ids), *rules),
            "event_types": (*plan.event_types, *new),
            "hypotheses": (*plan.hypotheses, *(one for event in new for one in hypotheses_of(event))),
        }
    )
    return changed, rules


def without_rules(plan: Plan, ids: Sequence[str]) -> Plan:
    """A plan without some rules, and without the event types that nothing speaks for any more."""
    rules = tuple(rule for rule in plan.rules if rule.id not in ids)
    spoken = {rule.event_type for rule in rules if rule.supports == "anomaly"}
    return plan.model_copy(
        update={
            "rules": tuple(rule for rule in rules if rule.event_type in spoken),
            "event_types": tuple(event for event in plan.event_types if event.id in spoken),
            "hypotheses": tuple(one for one in plan.hypotheses if one.event_type in spoken),
        }
    )


def rule_named(plan: Plan, name: str) -> Rule:
    """A rule of a plan by its id, with or without its version.

    Raises:
        UserError: There is none; the hint names the nearest.
    """
    from panda_agent.memory.cases import nearest_names

    for rule in plan.rules:
        if name in (rule.id, f"{rule.id}@{rule.version}"):
            return rule
    near = nearest_names([rule.id for rule in plan.rules], name)
    raise UserError(
        f"The case is not judged by a rule {name!r}.", hint=f"Nearest: {', '.join(near)}." if near else None
    )


def _events(plan: Plan) -> set[str]:
    return {event.id for event in plan.event_types}


def _read(text: str, docket: Docket) -> tuple[list[Rule], list[EventType]]:
    if re.fullmatch(r"\S+\.ya?ml", text):
        return _of_file(Path(text).expanduser(), docket)
    return [rule_of(text)], []


def rule_of(text: str) -> Rule:
    """A rule from one line, like `fight when agitation agitation >= 1.5 and straightness < 0.8 weight 3`.

    Its two examples are made from its own tests; its id is the same for the same line.

    Raises:
        UserError: The line is no rule.
    """
    found = _LINE.fullmatch(" ".join(text.split()))
    tests = [] if found is None or not found["where"] else re.split(r"\s+and\s+|\s*,\s*", found["where"])
    parts = [_TEST.fullmatch(test.strip()) for test in tests]
    if found is None or None in parts:
        raise UserError(f"{text!r} is no rule.", hint=HINT)
    where = [f"{part[1]} {part[2]} {part[3]}" for part in parts if part is not None]
    event = found["event"].lower()
    tail = hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()[:4]
    said = ", ".join(f"{one[1]} {{{one[1]}}}" for one in parts if one is not None)
    return _checked(
        {
            "id": f"said.{event}.{tail}",
            "event_type": event,
            "when": [{"kind": found["kind"], "where": where}],
            "weight": float(found["weight"] or WEIGHT),
            "supports": "benign" if found["benign"] else "anomaly",
            "question": f"Is it as was said: {' '.join(text.split())}?",
            "explanation": f"As was said: {found['kind'].replace('_', ' ')}{f' with {said}' if said else ''}.",
        },
        text,
    )


def _of_file(path: Path, docket: Docket) -> tuple[list[Rule], list[EventType]]:
    """The rules of a file, and the event types that it brings."""
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise UserError(f"There is no file of rules {str(path)!r}.", hint=HINT)
    try:
        tree = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{str(path)!r} is not YAML: {' '.join(str(error).split())}.") from error
    if isinstance(tree, dict) and "event_types" in tree:
        pack: RulePack = load_pack(str(path))
        return list(pack.rules), list(pack.event_types)
    entries = tree if isinstance(tree, list) else tree.get("rules", [tree]) if isinstance(tree, dict) else []
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{str(path)!r} holds no rule.", hint="See docs/rules.md for what one looks like.")
    return [_checked(entry, str(path)) for entry in entries], []


def _checked(entry: Mapping[str, Any], text: str) -> Rule:
    """A rule; examples that it lacks are made from its tests.

    Raises:
        UserError: Something in it is wrong.
    """
    try:
        made = Rule.model_validate({"fires": [{"kind": "?"}], "must_not": [{"kind": "?"}], **entry})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise UserError(f"{text!r} is wrong at {place}: {first['msg']}.", hint=HINT) from error
    missing = {name: examples for name, examples in _examples(made).items() if name not in entry}
    return made.model_copy(update=missing)


def _examples(rule: Rule) -> dict[str, tuple[dict[str, JsonValue], ...]]:
    """A row that meets the first condition, and one on which none of its fields was measured."""
    first = rule.when[0]
    bare: dict[str, JsonValue] = {"kind": first.kind, "at": [0, 1]}
    met: dict[str, JsonValue] = {one.field: _meeting(one) for one in first.where}
    return {"fires": ({**bare, **met},), "must_not": (bare if met else {**bare, "kind": "nothing"},)}


def _meeting(test: Predicate) -> JsonValue:
    value = test.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value if test.op != "!=" else f"not {value}"
    return value + {">": 1, "<": -1, "!=": 1}.get(test.op, 0)
