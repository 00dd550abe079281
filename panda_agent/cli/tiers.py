"""Which tier a case runs in; what was asked for by name and is not there is a usage error, never a silent fallback."""

from __future__ import annotations

from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.settings import Settings

BARE = "motion, tracks and rules"
"""What the bare tier works with."""


def tier_of(settings: Settings, recording: Path | None = None) -> str:
    """Say in one line which tier it is and why.

    Raises:
        UserError: A tier or a recording was asked for that this version does not have.
    """
    if recording is not None:
        raise UserError("--recording is not there yet in this version.", hint="Investigate the video itself.")
    if settings.tier in ("weights", "model"):
        raise UserError(
            f"The tier {settings.tier!r} is not there yet in this version.", hint="Use --tier bare, or leave it out."
        )
    chosen = "auto found nothing more" if settings.tier == "auto" else "as asked for"
    return f"tier bare ({chosen}): {BARE}"
