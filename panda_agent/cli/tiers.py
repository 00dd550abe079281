"""Which tier a case runs in, as one line; what was asked for by name and is not there is a usage error."""

from __future__ import annotations

from pathlib import Path

from panda_agent.equipment import equip
from panda_agent.settings import Settings


def tier_of(settings: Settings, recording: Path | None = None) -> str:
    """Say in one line which tier it is and why.

    Raises:
        UserError: What was asked for by name is not there.
    """
    return str(equip(settings)) if recording is None else f"replayed from {recording.name}"
