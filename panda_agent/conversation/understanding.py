"""Free wording, turned into a form by a model. The result is a line of the grammar, and is read as such."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from panda_agent.backends.calls import Answer
from panda_agent.backends.protocol import Ask
from panda_agent.conversation.docket import Docket
from panda_agent.conversation.forms import FORMS, Nearest, read
from panda_agent.conversation.looks import zone_names
from panda_agent.conversation.times import numbers_in
from panda_agent.conversation.turns import Know, Turn
from panda_agent.errors import BackendError
from panda_agent.nodes.perceive import ends_the_case
from panda_agent.types import Model, clock

PURPOSE = "talk"
NAMES = 60
"""Ids of rules and of rows that a model is told of, at most."""
FORM = Literal[
    "why",
    "what if",
    "look at",
    "add rule",
    "show",
    "without",
    "I know",
    "false alarm",
    "undo",
    "verdict",
    "help",
    "none",
]


class Understood(Model, extra="ignore"):
    """The shape of the reply: a form, and what goes into it."""

    form: FORM
    """`none` where the wording fits no form."""
    rest: str = Field(default="", max_length=300)
    """What follows the form's name: a rule, an id, a zone; no time, and nothing for `I know`."""
    start: float | None = Field(default=None, ge=0)
    """Seconds, where the wording names a time."""
    end: float | None = Field(default=None, ge=0)


def understood(docket: Docket, text: str) -> Turn | None:
    """A turn that a model takes free wording for; None where there is no model, or it finds no form.

    Raises:
        BackendError: The model can't be asked, in a case that was opened in the tier `model` by name.
    """
    prompts = docket.case.materials.equipment.prompts
    if prompts is None or PURPOSE not in prompts.prompts:
        return None
    try:
        (got,) = docket.case.model.calls().read([_ask(docket, text)], Understood)
    except BackendError as error:
        if ends_the_case(docket.case, error):
            raise
        return None
    return _turn(got.value, text) if isinstance(got, Answer) else None


def _ask(docket: Docket, text: str) -> Ask:
    wish, prompts, plan = docket.case.settings.model, docket.case.materials.equipment.prompts, docket.plan
    assert prompts is not None, "looked up before"
    data = {
        "wording": text,
        "rules": [rule.id for rule in plan.rules][:NAMES],
        "events": [event.id for event in plan.event_types],
        "rows": [f"{row.cite} {row.kind} {row.span}" for row in docket.verdict.evidence_rows][:NAMES],
        "zones": zone_names(docket.case.request.zones),
    }
    forms = [{"usage": form.usage, "about": form.about} for form in FORMS]
    return Ask(
        purpose=PURPOSE,
        system=prompts.render(f"{PURPOSE}.system"),
        text=prompts.render(f"{PURPOSE}.text", forms=forms, data=data),
        shape=Understood.model_json_schema(),
        max_tokens=wish.max_tokens,
        seed=wish.seed,
    )


def _turn(got: Understood, text: str) -> Turn | None:
    """The turn that the slots spell, read as if it had been typed.

    A time that the person did not name is not theirs, a file is theirs to name, and a fact is kept in their words.
    """
    if got.form == "none" or ".yaml" in got.rest or ".yml" in got.rest:
        return None
    times = [time for time in (got.start, got.end) if time is not None]
    if any(all(abs(time - said) > 0.05 for said in numbers_in(text)) for time in times):
        return None
    if got.form == "I know":
        words = read(f"I know: {text}")
        return words if isinstance(words, Know) else None
    turn = read(" ".join(part for part in (got.form, got.rest, _when(times, got.form)) if part))
    return None if isinstance(turn, Nearest) else turn


def _when(times: list[float], form: str) -> str:
    if not times:
        return ""
    told = " to ".join(clock(time) for time in sorted(times))
    return f"{'from' if len(times) > 1 else 'at'} {told}" if form == "look at" else told
