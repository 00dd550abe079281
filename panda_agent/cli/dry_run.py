"""`panda investigate --dry-run`: what would be done, and what it would cost at most; nothing is looked at or paid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from panda_agent.backends.pictures import IMAGE_TOKENS, room_for
from panda_agent.backends.profile import kept_profile
from panda_agent.backends.protocol import Profile
from panda_agent.cli.order import Order
from panda_agent.cli.output import print_json
from panda_agent.cli.tables import print_table
from panda_agent.equipment import Equipment, equip
from panda_agent.prompts import load_pack
from panda_agent.settings import Settings
from panda_agent.tools import default_tools, kinds_of
from panda_agent.tools.caption_clip import SHARE
from panda_agent.types import Model
from panda_agent.video import clips, probe

TEXT_TOKENS = 700
"""Of a request, beside its pictures."""
REPLY_TOKENS = 200
"""Of a usual reply."""


class Estimate(Model):
    """What a case would take, at most."""

    video: str
    seconds: float | None
    """By the container's word; None where it does not say."""
    tier: str
    tools: tuple[str, ...]
    """Of the first look, in order."""
    clips: int
    rules: int
    """That these tools can feed."""
    second_looks: int
    descriptions: int
    questions: int
    tokens: int
    money: float


def dry_run(videos: Sequence[Path], order: Order) -> int:
    """Print the estimates."""
    equipment = equip(order.settings)
    found = [estimate(video, order.settings, equipment) for video in videos]
    if order.as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return 0
    for one in found:
        print_table(None, list(_lines(one, equipment)))
    return 0


def estimate(video: Path, settings: Settings, equipment: Equipment) -> Estimate:
    """What a case on a video would take, at most.

    Raises:
        VideoError: It can't be investigated.
    """
    seconds = probe(video, max_pixels=settings.video.max_pixels).declared_duration
    loop, budget = settings.loop, settings.budget
    count = len(clips(seconds or 0.0, length=loop.clip_seconds, minimum=loop.min_clips))
    tools = [tool.spec for tool in default_tools(equipment)]
    kinds = set(kinds_of(tools))
    looks = count * loop.rounds if budget.looks is None else min(budget.looks, count * loop.rounds)
    described, asked = _calls(settings, equipment, count, looks)
    tokens = (described + asked) * (_request_tokens(settings) + REPLY_TOKENS)
    written = (described + asked) * REPLY_TOKENS
    money = ((tokens - written) * settings.model.price_in + written * settings.model.price_out) / 1e6
    return Estimate(
        video=video.name,
        seconds=seconds,
        tier=equipment.tier,
        tools=tuple(spec.name for spec in tools if spec.stage == "overview"),
        clips=count,
        rules=sum({one.kind for one in rule.when} <= kinds for rule in load_pack(settings.rules).rules),
        second_looks=looks,
        descriptions=described,
        questions=asked,
        tokens=tokens,
        money=round(money, 4),
    )


def _calls(settings: Settings, equipment: Equipment, clips: int, looks: int) -> tuple[int, int]:
    """Descriptions, and questions at most: one a clip, within second looks and the budget of calls."""
    if equipment.prompts is None:
        return 0, 0
    most = settings.budget.calls
    described = clips if most is None else min(clips, int(most * SHARE))
    asked = min(clips, looks)
    return described, asked if most is None else min(asked, max(0, most - described))


def _request_tokens(settings: Settings) -> int:
    known: Profile | None = kept_profile(settings.model, settings.root)
    room = None if known is None else room_for(known, 4 * TEXT_TOKENS, settings.model.max_tokens)
    pictures = settings.model.frames if room is None else min(room, settings.model.frames)
    each = IMAGE_TOKENS if known is None or known.image_tokens is None else known.image_tokens
    return TEXT_TOKENS + pictures * each


def _lines(one: Estimate, equipment: Equipment) -> Sequence[tuple[str, str]]:
    facts: dict[str, Any] = {
        "video": one.video,
        "length": "not stated by the file" if one.seconds is None else f"{one.seconds:.1f} s",
        "tier": str(equipment).removeprefix("tier "),
        "first look": ", ".join(one.tools),
        "plan": f"{one.rules} rules over {one.clips} clips",
        "second looks": f"at most {one.second_looks}",
    }
    if equipment.prompts is not None:
        facts |= {
            "model calls": f"{one.descriptions} descriptions, at most {one.questions} questions",
            "tokens": f"about {one.tokens:,} at most",
            "money": f"{one.money:.4f} at most, by model.price_in and model.price_out",
        }
    return list(facts.items())
