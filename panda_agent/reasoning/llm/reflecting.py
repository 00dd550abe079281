"""Ask the model which one step would settle an unclear clip, and take only what can be taken."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import JsonValue

from panda_agent.embedders import Embedder
from panda_agent.memory.chain import long_memory
from panda_agent.reasoning.base import Brief, ClipView, Means
from panda_agent.reasoning.llm.judging import known_of, steps_of
from panda_agent.reasoning.llm.knowledge import provisional
from panda_agent.reasoning.llm.shapes import ReflectionReply
from panda_agent.reasoning.llm.voice import Voice
from panda_agent.tools.base import ToolSpec
from panda_agent.types import Evidence, Judgement, Plan, Reflection, Region

PARTS = {
    "left": Region(x0=0, y0=0, x1=0.5, y1=1),
    "right": Region(x0=0.5, y0=0, x1=1, y1=1),
    "top": Region(x0=0, y0=0, x1=1, y1=0.5),
    "bottom": Region(x0=0, y0=0.5, x1=1, y1=1),
    "centre": Region(x0=0.25, y0=0.25, x1=0.75, y1=0.75),
}


def read_reflection(
    clip: ClipView,
    judgement: Judgement,
    doubts: Sequence[str],
    plan: Plan,
    brief: Brief,
    means: Means,
    embedder: Embedder,
    usual: Reflection | None,
) -> Reflection | None:
    """The step that the model chose; the usual one where it names none that there is.

    Args:
        clip: The clip.
        judgement: What was thought of it.
        doubts: Why that does not settle it.
        plan: Of the case.
        brief: Of the case.
        means: Voice, memory, tools.
        embedder: Compares reasons.
        usual: What the rules would do.

    Raises:
        BackendError: There is no answer.
    """
    tools = offered(clip, brief, means)
    recalled = _recalled(judgement, brief, means, embedder)
    data: dict[str, JsonValue] = {
        "unclear": [*doubts],
        "judgement": {"status": judgement.status, "score": judgement.score, "reason": judgement.reason},
        **known_of(clip, plan),
        "steps_so_far": steps_of(clip, means),
        "similar_before": recalled,
    }
    listed = [{"name": tool.name, "about": tool.about, "input": _fields(tool)} for tool in tools]
    step = f"{clip.index}.{clip.round}"
    reply = Voice(means).ask_warily("reflect", ReflectionReply, step, tools=listed, data=data).value
    step_taken = _chosen(reply, clip, judgement, brief, means) or usual
    if step_taken is None:
        return None
    rule = None if reply.new_rule is None else provisional(reply.new_rule, clip.index, plan)
    learnt = {"doubts": tuple(doubts), "recalled": recalled, "rule": rule, "check": reply.new_check}
    return step_taken.model_copy(update=learnt)


def offered(clip: ClipView, brief: Brief, means: Means) -> list[ToolSpec]:
    """Tools that this clip has not had and that may be asked for."""
    allowed = brief.settings.agent.tools
    return [tool for tool in means.tools if tool.name not in clip.used and (allowed is None or tool.name in allowed)]


def _chosen(
    reply: ReflectionReply, clip: ClipView, judgement: Judgement, brief: Brief, means: Means
) -> Reflection | None:
    """The model's step, if it can be taken: a tool that was offered, by its name or an alias."""
    names = {tool.name for tool in offered(clip, brief, means)}
    tool = means.at_hand(reply.tool) or reply.tool.strip()
    if tool not in names:
        return None
    doubted = tuple(row for row in clip.evidence if row.cite in judgement.cites)
    return Reflection(
        why=reply.why,
        tool=tool,
        region=PARTS.get(reply.region) or (_around(doubted) if reply.region == "doubt" else None),
        about=tuple(row.cite for row in doubted),
        input=reply.input,
    )


def _around(rows: Sequence[Evidence]) -> Region | None:
    return max((row.region for row in rows if row.region is not None), key=lambda region: region.area, default=None)


def _fields(tool: ToolSpec) -> str:
    """What a call of a tool may say, as one short line of JSON schema."""
    properties = tool.input.model_json_schema().get("properties", {})
    slim = {
        name: {k: v for k, v in field.items() if k in ("type", "enum", "anyOf")} for name, field in properties.items()
    }
    return json.dumps(slim) if slim else ""


def _recalled(now: Judgement, brief: Brief, means: Means, embedder: Embedder) -> str | None:
    """The most similar earlier clip (PANDA's long memory, top 1), and how it ended."""
    if not brief.settings.agent.long_memory:
        return None
    judged = means.judged()
    like = long_memory(now, judged, embedder=embedder)
    if like is None:
        return None
    last = max((one for one in judged if one.clip == like.clip), key=lambda one: one.round)
    steps = [wish.tool for i in range(last.round) if (wish := means.reflected(like.clip, i)[0]) is not None]
    after = f" After {', '.join(steps)}: {last.status} ({last.score:.2f}): {last.reason}" if steps else ""
    return f"{like.span} {like.status} ({like.score:.2f}): {like.reason}{after}"
