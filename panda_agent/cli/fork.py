"""`panda fork`: the same video and perception as a case, gone on with from a step."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_agent.cli.options import CaseId, Json


def fork(
    case: CaseId,
    at: Annotated[
        str,
        typer.Option(metavar="STEP", help='From where: plan, "reason 3" (before clip 3 is judged), or conclude.'),
    ] = "plan",
    rules: Annotated[
        str | None,
        typer.Option(metavar="PACK", help="Other rules: a pack that ships, or a path.", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--as", metavar="ID", help="Name the new case.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> int:
    """Replay a case from a step, as a new case: what was seen is reused, and nothing is looked at twice."""
    from panda_agent.cli.one import finish, show
    from panda_agent.cli.output import say
    from panda_agent.cli.signals import drain
    from panda_agent.investigator import Investigator
    from panda_agent.settings import load_settings

    investigator = Investigator(load_settings())
    case_id = investigator.fork(case, at=at, rules=rules, name=name)
    drain.hint = f"Go on with `panda resume {case_id}`."
    say(f"case {case_id}, forked from {case} at {at} · resume with: panda resume {case_id}")
    show(finish(investigator, case_id), as_json=as_json)
    return 0
