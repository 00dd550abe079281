"""What a reasoner that asks a model works with in a case."""

from __future__ import annotations

from panda_agent.nodes.desk import Case
from panda_agent.nodes.perceive import Emit, scope_of
from panda_agent.reasoning.base import Means
from panda_agent.tools import Toolbox, on_request
from panda_agent.tools.look_again import SECOND_LOOKS
from panda_agent.types import Evidence, EvidenceFound, Reflection


def means_of(case: Case, emit: Emit, by: float | None = None) -> Means | None:
    """Eyes, voice and memory; None where there is no model.

    Args:
        case: The case.
        emit: Hears of rows that are filed.
        by: Online, the second up to which the video has come.
    """
    prompts = case.materials.equipment.prompts
    if prompts is None:
        return None
    known = known_tools(case)

    def file(row: Evidence) -> Evidence:
        kept = case.store.add(row)
        emit(EvidenceFound(evidence=kept))
        return kept

    return Means(
        scope=scope_of(case, emit, until=by),
        calls=lambda: case.model.calls(words_alone=True),
        prompts=prompts,
        tools=[tool.spec for tool in known if tool.spec.stage != "overview"],
        at_hand=known.name_of,
        file=file,
        judged=lambda: case.store.judgements(every_round=True),
        reflected=lambda clip, round_: _reflected(case, clip, round_),
        log=case.store.log,
    )


def known_tools(case: Case) -> Toolbox:
    """The tools of the case, and for a recording those that need its pictures: a planner can't know that these miss."""
    absent = [*SECOND_LOOKS, *on_request()] if case.recording is not None else []
    return Toolbox([*absent, *case.toolbox])


def _reflected(case: Case, clip: int, round_: int) -> tuple[Reflection | None, str]:
    kept = case.store.note(f"reflection {clip}.{round_}")
    outcome = case.store.note(f"outcome {clip}.{round_ + 1}")
    return (None if kept is None else Reflection.model_validate(kept)), str(outcome or "nothing")
