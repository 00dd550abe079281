"""`panda resume`: go on with a case that was stopped, or write the files of a finished one again."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from panda_agent.cli.options import RESULTS, CaseId, Json, Out


def resume(
    case: CaseId,
    answer: Annotated[
        Literal["yes", "no", "unclear"] | None,
        typer.Option(help="What you say to the question that the case waits for.", show_default=False),
    ] = None,
    out: Out = None,
    as_json: Json = False,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="LABELS", help="Exit with 10 on these labels.", show_default=False, rich_help_panel=RESULTS
        ),
    ] = None,
) -> int:
    """Go on with a case from where it stopped, also after kill -9; a finished one writes its files again."""
    from panda_agent.cli.files import keep, wish_of
    from panda_agent.cli.inputs import labels_of
    from panda_agent.cli.one import deliver_watched, finish, show
    from panda_agent.cli.order import FAILED_ON
    from panda_agent.investigator import Investigator
    from panda_agent.memory.case_store import CaseStore, case_folder
    from panda_agent.settings import load_settings

    settings = load_settings()
    labels = labels_of(fail_on)
    with CaseStore.open(case_folder(settings.root, case)) as store:
        keep(store, wish_of(out))
        finished = store.note("verdict") is not None
    # A finished case needs neither its video nor its rule pack any more.
    done = deliver_watched(settings.root, case, {}) if finished else finish(Investigator(settings), case, answer)
    show(done, as_json=as_json)
    return FAILED_ON if done.verdict.label in labels else 0
