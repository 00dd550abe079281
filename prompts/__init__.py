"""Rule packs as data, and their loader. A pack is one YAML file in `rules/`, or one of your own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from panda_agent.errors import UserError
from panda_agent.prompts.pack_files import names_in, pack_bytes
from panda_agent.types import ROW_FIELDS, RulePack

SHIPPED = files("panda_agent.prompts.rules")
EACH = "each"
"""Name for every event type of a pack, in rules that are the same for all."""


def pack_names() -> list[str]:
    """The packs that ship, by name."""
    return names_in(SHIPPED)


def load_pack(name: str) -> RulePack:
    """Load a rule pack with everything it includes.

    Args:
        name: A shipped pack, or the path of a YAML file.

    Raises:
        UserError: There is no such pack, or something in it is wrong; the sentence says which rule and why.
    """
    texts: dict[str, bytes] = {}
    merged = _for_each_event(_merge(name, texts))
    merged["sha256"] = hashlib.sha256(b"\0".join(texts[key] for key in sorted(texts))).hexdigest()
    try:
        pack = RulePack.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"Rule pack {name!r} is wrong at {_place(merged, first['loc'])}: {first['msg']}.") from error
    return pack


def check_evidence(pack: RulePack, makes: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a rule about something that no tool reports: it could never fire, and nobody would notice.

    Args:
        pack: The rules.
        makes: What the tools at hand can report (kind → data fields).

    Raises:
        UserError: The sentence says which rule, and what can be reported.
    """
    for rule in pack.rules:
        for condition in rule.when:
            if condition.kind not in makes:
                raise UserError(
                    f"Rule {rule.id!r} needs evidence of kind {condition.kind!r}, which no tool makes.",
                    hint=f"Kinds at hand: {', '.join(sorted(makes))}.",
                )
            known = {*makes[condition.kind], *ROW_FIELDS, "zones"}
            fields = [predicate.field for predicate in condition.where]
            if rule.strength is not None and condition is rule.when[0]:
                fields.append(rule.strength.field)
            for field in fields:
                if field not in known:
                    raise UserError(
                        f"Rule {rule.id!r} tests {condition.kind}.{field}, which no tool measures.",
                        hint=f"Measured: {', '.join(sorted(known))}.",
                    )


def _merge(name: str, texts: dict[str, bytes]) -> dict[str, Any]:
    """Read a pack and put what it includes before its own event types and rules; a later id replaces an earlier one.

    `exclude` drops event types of the included packs, with their rules.
    """
    own = _read(name, texts)
    events: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    for other in own.pop("include", ()):
        if other not in texts:
            part = _merge(other, texts)
            events |= {event["id"]: event for event in part["event_types"]}
            rules |= {rule["id"]: rule for rule in part["rules"]}
    for event_type in own.pop("exclude", ()):
        events.pop(event_type, None)
        rules = {name: rule for name, rule in rules.items() if rule["event_type"] != event_type}
    events |= {event.get("id"): event for event in own.get("event_types") or ()}
    rules |= {rule.get("id"): rule for rule in own.get("rules") or ()}
    return own | {"event_types": list(events.values()), "rules": list(rules.values())}


def _for_each_event(tree: dict[str, Any]) -> dict[str, Any]:
    """Turn each rule about the event type `each` into one for every event type of the pack."""
    rules: list[Any] = []
    for rule in tree["rules"]:
        about_each = isinstance(rule, dict) and rule.get("event_type") == EACH
        rules += [_about(rule, str(event.get("id"))) for event in tree["event_types"]] if about_each else [rule]
    return tree | {"rules": rules}


def _about(value: Any, event: str) -> Any:
    """A part of a rule with the name of an event type in the place of `each`."""
    if isinstance(value, dict):
        return {key: _about(part, event) for key, part in value.items()}
    if isinstance(value, list):
        return [_about(part, event) for part in value]
    return re.sub(rf"\b{EACH}\b", event, value) if isinstance(value, str) else value


def _read(name: str, texts: dict[str, bytes]) -> dict[str, Any]:
    raw = pack_bytes(name, SHIPPED, "rule pack")
    texts[name] = raw
    try:
        tree = yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise UserError(f"Rule pack {name!r} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(tree, dict):
        raise UserError(f"Rule pack {name!r} must be a mapping with id, event_types and rules.")
    return tree


def _place(tree: Mapping[str, Any], loc: tuple[int | str, ...]) -> str:
    """Name a rule by its id rather than by its number in the merged list."""
    match loc:
        case ("rules" | "event_types" as group, int(i), *rest):
            name = tree[group][i].get("id", f"#{i + 1}")
            return ".".join([f"{group.removesuffix('s')} {name!r}", *map(str, rest)])
    return ".".join(map(str, loc)) or "the top"
