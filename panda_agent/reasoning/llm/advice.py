"""Rules of experience that fit a scene: the nearest by text (PANDA, NeurIPS 2025: top 5 by the scene's description)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from panda_agent.embedders import Embedder, embedded
from panda_agent.types import EventType, Rule, SceneContext


def rules_for(
    scene: SceneContext, rules: Sequence[Rule], events: Sequence[EventType], count: int, embedder: Embedder
) -> list[Rule]:
    """The rules nearest to a scene, at most `count`, at most half of them (rounded up) about one event type.

    Args:
        scene: What the query is made of.
        rules: To choose from; of equals the first by id.
        events: Name the event types.
        count: How many.
        embedder: Compares texts.
    """
    if count == 0 or not rules:
        return []
    ranked = sorted(rules, key=lambda rule: rule.id)
    titles = {event.id: event.title for event in events}
    texts = [
        f"{titles.get(rule.event_type, rule.event_type)}. {rule.question} {' '.join(rule.scenes)}" for rule in ranked
    ]
    rows = embedded(embedder, [query_of(scene), *texts])
    nearness = [round(float(score), 6) for score in rows[1:] @ rows[0]]
    order = sorted(range(len(ranked)), key=lambda i: (-nearness[i], i))
    return _varied([ranked[i] for i in order], count)


def _varied(rules: Sequence[Rule], count: int) -> list[Rule]:
    chosen: list[Rule] = []
    most = -(-count // 2)
    for rule in rules:
        same = sum(one.event_type == rule.event_type for one in chosen)
        if len(chosen) < count and same < most:
            chosen.append(rule)
    return chosen


def query_of(scene: SceneContext) -> str:
    """A scene as one text."""
    anomalies = ", ".join(scene.potential_anomalies[:20])
    return " ".join([scene.overview, scene.normal, " ".join(scene.tags), f"lighting {scene.lighting}", anomalies])


def told(rule: Rule) -> dict[str, JsonValue]:
    """A rule as a model is told of it."""
    return {"id": rule.id, "event": rule.event_type, "supports": rule.supports, "ask": rule.question}
