"""Rule packs as data, and their loader. A pack is one YAML file in `rules/`, or one of your own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from panda_agent.errors import UserError
from panda_agent.prompts.pack_files import names_in, pack_bytes
from panda_agent.prompts.word_lists import WordLists
from panda_agent.types import ROW_FIELDS, RulePack

SHIPPED = files("panda_agent.prompts.rules")
EACH = "each"
"""Name for every event type of a pack, in rules that are the same for all."""
GROUPS = ("event_types", "rules", "words")
"""What packs share by `include`."""


class _From(NamedTuple):
    """An entry, and the pack whose file it stands in."""

    pack: str
    entry: Any


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
    return _shipped(name) if name in pack_names() else _loaded(name)


@lru_cache(maxsize=32)
def _shipped(name: str) -> RulePack:
    """One that ships: it never changes, and every case reads it."""
    return _loaded(name)


def _loaded(name: str) -> RulePack:
    texts: dict[str, bytes] = {}
    merged = _for_each_event(_spelled_out(_merge(name, texts, {})))
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


def _merge(
    name: str, texts: dict[str, bytes], parts: dict[str, dict[str, Any]], within: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Read a pack and put what it includes before its own event types, rules and words; later ids replace earlier ones.

    `only` keeps just these event types of the included packs, with their rules; `exclude` drops some.
    """
    if name in within:
        raise UserError(f"Rule pack {name!r} includes itself, by way of {' → '.join(within)}.")
    if name in parts:
        return parts[name]
    own = _read(name, texts)
    included = [_merge(other, texts, parts, (*within, name)) for other in own.pop("include", ())]
    only, exclude = own.pop("only", None), own.pop("exclude", ())
    merged: dict[str, Any] = {}
    for group in GROUPS:
        merged[group] = _together(part[group] for part in included)
    for group in ("event_types", "rules"):
        kept = merged[group].items()
        merged[group] = {key: one for key, one in kept if _wanted(one.entry, only, exclude)}
    for group in GROUPS:
        entries = list(_own(own.pop(group, None)))
        twice = sorted({str(key) for key, _ in entries if [other for other, _ in entries].count(key) > 1})
        if twice:
            raise UserError(f"Rule pack {name!r} has {group} of the same id: {', '.join(twice)}.")
        merged[group] |= {key: _From(name, entry) for key, entry in entries}
    parts[name] = own | merged
    return parts[name]


def _own(group: Any) -> Iterator[tuple[Any, Any]]:
    """The entries of a pack's own file by id, or by name."""
    if isinstance(group, dict):
        yield from group.items()
    for entry in group or () if isinstance(group, list | None) else ():
        yield (entry.get("id") if isinstance(entry, dict) else repr(entry)), entry


def _together(parts: Iterable[dict[str, _From]]) -> dict[str, _From]:
    """Entries of several packs by id; what comes twice from one file is no news, and replaces nothing."""
    merged: dict[str, _From] = {}
    seen: set[tuple[str, str]] = set()
    for part in parts:
        for key, one in part.items():
            if (one.pack, key) not in seen:
                seen.add((one.pack, key))
                merged[key] = one
    return merged


def _wanted(entry: Any, only: Sequence[str] | None, exclude: Sequence[str]) -> bool:
    event = entry.get("event_type", entry.get("id")) if isinstance(entry, dict) else None
    return event == EACH or ((only is None or event in only) and event not in exclude)


def _spelled_out(merged: dict[str, Any]) -> dict[str, Any]:
    """Leave nothing but what a pack consists of: plain lists, with each `@name` replaced by the words it stands for."""
    words = WordLists({name: one.entry for name, one in merged.pop("words").items()})
    plain = {group: [one.entry for one in merged[group].values()] for group in ("event_types", "rules")}
    plain["rules"] = [words.put_into(rule) for rule in plain["rules"]]
    return merged | plain


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
        tree = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # ten times as fast
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
