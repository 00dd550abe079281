"""What it took, by the minute of video, and how much of what was said is backed."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.evaluation.result import Judged


def cost_metrics(videos: Sequence[Judged]) -> dict[str, float | None]:
    """Looks, calls, tokens and money by the minute; the shares of answers used and of sentences grounded."""
    minutes = sum(one.truth.seconds for one in videos) / 60
    claims = sum(one.result.claims for one in videos)
    return {
        "looks_per_minute": _by(sum(one.result.looks for one in videos), minutes),
        "calls_per_minute": _by(sum(one.result.calls for one in videos), minutes),
        "tokens_per_minute": _by(sum(one.result.tokens for one in videos), minutes),
        "money_per_minute": _by(sum(one.result.money for one in videos), minutes),
        "looks_share": _looks_share(videos),
        "groundedness": _by(sum(one.result.grounded for one in videos), claims),
    }


def _looks_share(videos: Sequence[Judged]) -> float | None:
    """Over all videos, each by its length."""
    paid = [(one.result.looks_share, one.truth.seconds) for one in videos if one.result.looks_share is not None]
    return _by(sum(share * seconds for share, seconds in paid), sum(seconds for _, seconds in paid))


def _by(part: float, whole: float) -> float | None:
    return part / whole if whole else None
