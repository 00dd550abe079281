"""Ask the model for its opinion of one clip, and make it a row of evidence: it moves belief by rules, as any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from panda_agent.errors import BackendError
from panda_agent.perception.observation import Observation
from panda_agent.reasoning.base import Brief, ClipView, Means
from panda_agent.reasoning.llm.advice import told
from panda_agent.reasoning.llm.eyes import clip_shown, earlier_shown
from panda_agent.reasoning.llm.planning import told_event
from panda_agent.reasoning.llm.shapes import Opinion
from panda_agent.reasoning.llm.voice import Voice
from panda_agent.reasoning.suspicion import ORDER, order_in
from panda_agent.tools import file_observation
from panda_agent.tools.opinions import JUDGE, OPINION
from panda_agent.types import Evidence, Plan, TimeSpan

if TYPE_CHECKING:
    from panda_agent.backends.calls import Answer
    from panda_agent.tools.clip_pictures import Shown

MOST_ROWS = 24
"""Rows of evidence that the model is told of one clip, the strongest first."""
UNSAID = (OPINION, "known_normal")
"""Kinds that it is not told: its own opinions come as history, a person's word about earlier days the rules weigh."""


def opinion_of(clip: ClipView, plan: Plan, brief: Brief, means: Means) -> Evidence:
    """The model's opinion of a clip, filed.

    Raises:
        BackendError: It has none.
    """
    agent = brief.settings.agent
    look = clip_shown(means, clip.span, plan.mending)
    before = _before(clip, brief, agent.short_memory) if look is not None else []
    earlier = earlier_shown(means, before)
    data = _told(clip, plan, brief, means)
    got = Voice(means).ask(
        "judge",
        Opinion,
        f"{clip.index}.{clip.round}",
        pictures=[*earlier, *(look.pictures if look is not None else ())],
        scored=True,
        earlier=[picture.letter for picture in earlier],
        data=data,
    )
    seen = _observed(clip, got, look, brief)
    order = order_in(data)
    if order is not None:
        seen = replace(seen, data={**seen.data, ORDER: order})
    return means.file(file_observation(JUDGE, replace(means.scope, span=clip.span), seen))


def unanswered(clip: ClipView, plan: Plan, brief: Brief, means: Means, error: BackendError) -> Evidence:
    """A clip of which the model gave no opinion: that says nothing of the clip."""
    from panda_agent.errors import Refused

    data: dict[str, JsonValue] = {
        "why": type(error).__name__,
        "asked": "judge",
        "refused": isinstance(error, Refused),
    }
    order = order_in(_told(clip, plan, brief, means))
    if order is not None:
        data[ORDER] = order
    seen = Observation("unanswered", clip.span, f"The model did not judge {clip.span}: {error.message}", data)
    return means.file(file_observation(JUDGE, replace(means.scope, span=clip.span), seen))


def order_seen(order: str, brief: Brief, means: Means) -> Evidence:
    """Writing that was seen somewhere in the video and reads like an order, filed: it may be anywhere in it."""
    whole = TimeSpan(start=0.0, end=brief.duration)
    text = f'Somewhere in the video stands what reads like an order to whoever looks at it: "{order}".'
    return means.file(file_observation(JUDGE, means.scope, Observation(ORDER, whole, text, {"text": order})))


def _before(clip: ClipView, brief: Brief, count: int) -> Sequence[TimeSpan]:
    return brief.clips[max(0, clip.index - count) : clip.index] if count else ()


def _told(clip: ClipView, plan: Plan, brief: Brief, means: Means) -> dict[str, JsonValue]:
    """All that the model is told of a clip; every part of it is quoted."""
    data: dict[str, JsonValue] = {"doubt": brief.question, **known_of(clip, plan)}
    if brief.settings.agent.perception:
        data["scene"] = {"overview": plan.scene.overview, "normal": plan.scene.normal, "light": plan.scene.lighting}
    if plan.advice:
        data["rules"] = [told(rule) for rule in plan.advised]
    if brief.settings.agent.short_memory:
        data["before"] = [*clip.recent]
    if clip.round:
        data["reflection"] = steps_of(clip, means)
    return data


def known_of(clip: ClipView, plan: Plan) -> dict[str, JsonValue]:
    """What a model is told of a clip at every stage: what it could be, and what was measured."""
    return {
        "incidents": [told_event(event, plan.checks) for event in plan.suspected],
        "measured": [{"id": row.cite, "kind": row.kind, "says": row.statement} for row in _strongest(clip.evidence)],
    }


def _strongest(rows: Sequence[Evidence]) -> list[Evidence]:
    """The rows that a model is told of, in order of time."""
    wanted = sorted(
        (row for row in rows if row.kind not in UNSAID), key=lambda row: (-(row.score or 0.0), row.span.start)
    )
    return sorted(wanted[:MOST_ROWS], key=lambda row: (row.span.start, row.span.end, row.id))


def steps_of(clip: ClipView, means: Means) -> list[JsonValue]:
    """What was unclear, which step was taken, and what it brought, of every round before."""
    steps: list[JsonValue] = []
    for i in range(clip.round):
        wish, outcome = means.reflected(clip.index, i)
        if wish is not None:
            steps.append({"unclear": wish.why, "tool": wish.tool, "brought": outcome, "check": wish.check})
    return steps


def _observed(clip: ClipView, got: Answer[Opinion], look: Shown | None, brief: Brief) -> Observation:
    from panda_agent.backends import scores

    said, wish = got.value, brief.settings.model.score_mode
    read = scores.of_answer(got.reply, said.answer, wish)
    p = said.score if read.mode == "decoded" else read.value
    if said.status == "insufficient":
        p = brief.settings.agent.default_score
    event = _event_of(said.event, brief)
    data: dict[str, JsonValue] = {
        "event": event,
        "status": said.status,
        "p": round(p, 4),
        "mode": read.mode,
        "judged": f"The model judges this {said.status}: {said.reason}",
        "seen": said.seen,
        "matched": [*said.matched],
        "letters": [] if look is None else look.letters,
        "shown": "" if look is None else "".join(look.known(said.letters)),
        "model": got.reply.model,
        "round": clip.round,
        "contradiction": _contradicts(said, p, event),
        "supersedes": _earlier(clip),
    }
    statement = f"Shown {clip.span}, the model sees: {said.seen} It judges this {said.status} ({p:.2f}): {said.reason}"
    media = None if look is None else look.media
    return Observation(OPINION, clip.span, statement, data, call_id=got.call_id, media=media)


def _earlier(clip: ClipView) -> str | None:
    """The opinion of the round before; a step that a resumed case repeats finds its own row, which is not that."""
    own = (row for row in clip.evidence if row.kind == OPINION and row.span == clip.span)
    before = [row for row in own if isinstance(n := row.data.get("round"), int) and n < clip.round]
    return max(before, key=lambda row: int(str(row.data["round"]))).cite if before else None


def _event_of(named: str, brief: Brief) -> str:
    """The event type that a model named, `unknown` for one that the pack has not, or `none`."""
    name = named.strip().lower()
    known = {event.id.lower(): event.id for event in brief.pack.event_types}
    known |= {event.title.lower(): event.id for event in brief.pack.event_types}
    return known.get(name, "none" if name in ("none", "", "normal") else "unknown")


def _contradicts(said: Opinion, p: float, event: str) -> bool:
    """Whether status, event and probability can't all be meant."""
    if said.status == "abnormal":
        return p <= 0.4 or event == "none"
    return said.status == "normal" and p >= 0.6
