"""One video: open its case at once, then work it to the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_agent.cli.files import Delivered, deliver, keep
from panda_agent.cli.output import print_json, say
from panda_agent.cli.signals import drain
from panda_agent.cli.takeup import take_up
from panda_agent.errors import UserError
from panda_agent.investigator import Investigator
from panda_agent.memory.cases import case_folder
from panda_agent.settings import Settings

FAILED_ON = 10
"""Exit code when the verdict has a label of --fail-on."""


def investigate_one(
    video: Path,
    settings: Settings,
    request: Mapping[str, Any],
    case: str | None,
    wish: dict[str, Any],
    tier_line: str,
    labels: frozenset[str],
    *,
    as_json: bool,
) -> int:
    """Investigate one video, print its verdict, and return the exit code."""
    investigator = Investigator(settings)
    if case is not None and (case_folder(settings.root, case) / "case.db").is_file():
        take_up(investigator, video, request, case)
        case_id = case
    else:
        case_id = investigator.open(video, case_id=case, **request)
    drain.hint = f"Go on with `panda resume {case_id}`."
    say(f"case {case_id} · resume with: panda resume {case_id}")
    say(tier_line)
    keep(investigator.desk.case(case_id).store, wish)
    return finish(investigator, case_id, {}, labels, as_json=as_json)
