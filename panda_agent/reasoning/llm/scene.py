"""Look the scene over: pictures from all over the video, and what was measured, become a SceneContext."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from panda_agent.reasoning.base import Brief, Means
from panda_agent.reasoning.llm.eyes import overview_shown
from panda_agent.reasoning.llm.shapes import SceneReply
from panda_agent.reasoning.llm.voice import Voice
from panda_agent.types import SceneContext

if TYPE_CHECKING:
    from panda_agent.backends.protocol import Picture

CHUNK = 60
"""Pictures of one request where nothing is known of what the model takes; 300 at once overflow a context of 32k."""
MOST_TAGS = 12
MOST_MEASURED = 12


def read_scene(brief: Brief, means: Means, measured: SceneContext) -> SceneContext:
    """Ask what place this is, in as many requests as the model needs, and one that sums them up.

    Args:
        brief: Of the case.
        means: Eyes and voice.
        measured: The scene as it was measured: told to the model, and kept where it measured more surely.

    Raises:
        BackendError: There is no answer.
    """
    voice, pictures = Voice(means), overview_shown(means, brief.duration)
    known: dict[str, JsonValue] = {
        "doubt": brief.question,
        "measured": measurements(brief),
    }
    parts = _parts(pictures, _room(means))
    replies = [
        voice.ask_warily("perceive", SceneReply, f"part {i + 1}", pictures=part, data=known).value
        for i, part in enumerate(parts)
    ]
    if len(replies) > 1:
        told: list[JsonValue] = [reply.model_dump(mode="json") for reply in replies]
        replies = [voice.ask_warily("perceive", SceneReply, "in all", data=known | {"parts": told}).value]
    return _merged(replies[0], measured)


def measurements(brief: Brief) -> list[JsonValue]:
    """What was measured of the video as a whole, in words."""
    told: list[JsonValue] = [row.statement for row in brief.overview]
    return told[:MOST_MEASURED]


def _room(means: Means) -> int:
    room = means.calls().room(means.scope.settings.model.max_tokens)
    return CHUNK if room is None else max(1, room)


def _parts(pictures: Sequence[Picture], room: int) -> list[Sequence[Picture]]:
    """Stretches of the pictures, as even as can be; one without pictures where there are none."""
    count = max(1, -(-len(pictures) // room))
    edges = [round(i * len(pictures) / count) for i in range(count + 1)]
    return [pictures[a:b] for a, b in itertools.pairwise(edges)]


def _merged(reply: SceneReply, measured: SceneContext) -> SceneContext:
    """What was measured (darkness, noise) stands; what only somebody who sees can tell comes from the model."""
    tags = dict.fromkeys([*measured.tags, *(tag.strip().lower() for tag in reply.tags if tag.strip())])
    return measured.model_copy(
        update={
            "overview": f"{reply.overview} {reply.conditions}".strip(),
            "normal": f"{reply.normal} {measured.normal}".strip(),
            "lighting": reply.lighting if measured.lighting == "unknown" else measured.lighting,
            "quality": "poor" if "poor" in (reply.quality, measured.quality) else reply.quality,
            "tags": tuple(tags)[:MOST_TAGS],
            "potential_anomalies": tuple(reply.potential_anomalies[:MOST_TAGS]),
        }
    )
