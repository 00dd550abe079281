"""Rules that a model writes down: proposed in words, made into data, tested by the engine, and kept as a rule pack.

PANDA's knowledge base has 20 rules an event type, written once for each question (NeurIPS 2025, §4.1). Here each is a
rule over descriptions that must fire on its own example and on nothing that looks alike; what fails is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from panda_agent.errors import BackendError
from panda_agent.reasoning.base import Brief, Means
from panda_agent.reasoning.llm.shapes import KnowledgeReply, KnownRule, NewRule
from panda_agent.reasoning.llm.voice import Voice
from panda_agent.types import EventType, Plan, Rule
from panda_agent.words import mentions, stem

WEIGHT = 1.5
"""Log-odds of a rule that a model wrote: with a prior of 0.05 no such rule alone comes near to the line."""
MOST_PHRASES = 8
COMMON = frozenset(
    map(stem, ["person", "man", "woman", "people", "camera", "picture", "video", "scene", "walk", "stand", "the"])
)
"""Words that ordinary descriptions hold: a phrase of these alone would fire everywhere."""
FOLDER = "knowledge"
"""Under PANDA_HOME: packs of rules that models wrote; each can be edited, and used by `--rules`."""


def knowledge_of(brief: Brief, means: Means, events: Sequence[EventType]) -> tuple[Rule, ...]:
    """The rules that a model knows about some event types: from the file of an earlier case, else asked for.

    One call an event type: 13 types of 20 rules fit no single reply. What is empty or partial is used but not kept.

    Raises:
        BackendError: For no event type there was an answer.
    """
    file = means.scope.home / FOLDER / f"{_key(brief, means, events)}.yaml"
    kept = _read(file)
    if kept is not None:
        return kept
    rules: list[Rule] = []
    failed: BackendError | None = None
    for event in events:
        try:
            found = _ask(event, brief, means)
        except BackendError as error:
            failed = error
            continue
        rules += found
        failed = failed or (None if found else BackendError(f"The model wrote no usable rule about {event.title}."))
    if not rules and failed is not None:
        raise failed
    if failed is None:
        _keep(file, brief, events, rules)
    return tuple(rules)


def _ask(event: EventType, brief: Brief, means: Means) -> list[Rule]:
    count = brief.settings.agent.knowledge_rules
    data = {"event_type": event.title, "incident": event.statement, "benign": event.benign, "doubt": brief.question}
    reply = Voice(means).ask_warily("knowledge", KnowledgeReply, event.id, count=count, data=data).value
    return distinct(
        rule for i, known in enumerate(reply.rules[:count]) if (rule := made(known, event.id, i)) is not None
    )


def made(known: KnownRule, event: str, number: int) -> Rule | None:
    """A rule as data; None where its own examples refute it."""
    phrases = usable(known.phrases)
    if not phrases or not mentions(known.fires, phrases) or mentions(known.must_not, phrases):
        return None
    return _rule(
        f"{event}.known{number + 1:02d}", event, known.description, phrases, known.fires, known.must_not, known.supports
    )


def provisional(new: NewRule, clip: int, plan: Plan) -> Rule | None:
    """The rule that reflection on a clip proposes, for this case; None where it can't be one or is there already."""
    events = {event.id for event in plan.event_types}
    phrases = usable(new.phrases)
    if new.event not in events or not phrases:
        return None
    told = f"Somebody sees: {phrases[0]}."
    rule = _rule(
        f"{new.event}.clip{clip + 1}", new.event, new.description, phrases, told, "Nothing of the kind.", "anomaly"
    )
    known = rule is not None and any((one.event_type, one.when) == (rule.event_type, rule.when) for one in plan.rules)
    return None if known else rule


def usable(phrases: Iterable[str]) -> list[str]:
    """Phrases of one to five plain words, not all of them common ones, each once."""
    found: dict[str, str] = {}
    for phrase in phrases:
        words = re.findall(r"[a-z]+", phrase.lower())
        if 1 <= len(words) <= 5 and not {stem(word) for word in words} <= COMMON:
            found.setdefault(" ".join(stem(word) for word in words), " ".join(words))
    return list(found.values())[:MOST_PHRASES]


def distinct(rules: Iterable[Rule]) -> list[Rule]:
    """Rules that look for something that none before them looks for."""
    seen: set[tuple[str, frozenset[str]]] = set()
    kept = []
    for rule in rules:
        value = rule.when[0].where[0].value
        what = rule.supports, frozenset(map(str, value if isinstance(value, list) else []))
        if not any(what[0] == other[0] and what[1] <= other[1] for other in seen):
            seen.add(what)
            kept.append(rule)
    return kept


def _rule(
    name: str, event: str, description: str, phrases: Sequence[str], fires: str, must_not: str, supports: str
) -> Rule | None:
    row = {"kind": "caption", "at": [0, 5]}
    try:
        return Rule.model_validate(
            {
                "id": name,
                "event_type": event,
                "supports": supports,
                "when": [{"kind": "caption", "where": [{"field": "told", "op": "mentions", "value": list(phrases)}]}],
                "weight": WEIGHT,
                "question": description,
                "explanation": "The description says: {told}",
                "fires": [row | {"told": fires}],
                "must_not": [row | {"told": must_not}],
            }
        )
    except ValidationError:  # whatever a model wrote that is no rule is no rule
        return None


def _key(brief: Brief, means: Means, events: Sequence[EventType]) -> str:
    """Another question, other event types, another prompt or model: other rules."""
    what = [
        brief.question,
        [event.model_dump(mode="json") for event in events],
        means.prompts.hashes["knowledge.system"],
        means.prompts.hashes["knowledge.text"],
        means.scope.settings.model.name,
        brief.settings.agent.knowledge_rules,
    ]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _read(file: Path) -> tuple[Rule, ...] | None:
    """The rules of a kept pack; None where there is none, or it can't be read any more."""
    try:
        tree = yaml.safe_load(file.read_text())
        rules = tuple(Rule.model_validate(rule) for rule in tree["rules"])
    except (OSError, yaml.YAMLError, ValidationError, KeyError, TypeError):
        return None
    return rules or None


def _keep(file: Path, brief: Brief, events: Sequence[EventType], rules: Sequence[Rule]) -> None:
    """Write the pack whole, so that a reader sees all of it or nothing."""
    pack = {
        "id": f"knowledge-{file.stem}",
        "version": 1,
        "title": "Rules that a model wrote; edit them, and use them by --rules",
        "scenes": list(brief.pack.scenes),
        "event_types": [event.model_dump(mode="json") for event in events],
        "rules": [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(yaml.safe_dump(pack, sort_keys=False, allow_unicode=True))
    part.replace(file)
