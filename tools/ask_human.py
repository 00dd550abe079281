"""A person as a source: the case waits for an answer, and takes it as evidence of another kind than any machine's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import JsonValue, ValidationError

from panda_agent.errors import ToolError, UserError
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.caption_clip import MAKES, CaptionInput
from panda_agent.types import Model, TimeSpan

BELIEF = {"yes": 0.97, "no": 0.03, "unclear": 0.5}
"""How far a person is believed."""


class HumanAnswer(Model):
    """What a person said."""

    answer: Literal["yes", "no", "unclear"]
    note: str = ""
    """In the person's own words, where there are any."""
    by: Literal["person", "nobody"] = "person"
    """`nobody` answered in time."""


class AskHuman:
    """Puts the question of a clip to whoever watches; the graph is interrupted until somebody answers.

    Nothing is done before the question, as LangGraph runs the step again from its start once there is an answer.
    """

    spec = ToolSpec(
        name="ask_human",
        about="Asks a person which of two explanations is true.",
        family="human",
        stage="second look",
        input=CaptionInput,
        makes={"answer": MAKES["answer"], "unanswered": MAKES["unanswered"]},
        needs=("person",),
        aliases=("ask a person", "ask the operator", "human"),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Ask, wait, and file the answer.

        Raises:
            ToolError: There is no question, no clip, or no graph that could wait.
        """
        scope.check()
        if scope.span is None or not isinstance(scope.input, CaptionInput) or not scope.input.questions:
            raise ToolError("ask_human needs a clip and a question.")
        question = scope.input.questions[0]
        given = _wait(
            {
                "event": question.event,
                "statement": question.statement,
                "benign": question.benign,
                "start": scope.span.start,
                "end": scope.span.end,
                "deadline": _deadline(scope.settings.loop.ask_timeout),
            }
        )
        if given.by == "nobody":
            yield _silence(scope.span, question.event, scope.settings.loop.ask_timeout)
            return
        said = f"{given.answer}: {given.note}" if given.note else given.answer
        yield Observation(
            "answer",
            scope.span,
            f'Asked "{question.statement}" a person says {said}',
            {
                "event": question.event,
                "question": question.statement,
                "answer": given.answer,
                "answered": f"Asked, a person says {said}",
                "p": BELIEF[given.answer],
                "mode": "human",
            },
        )


def nobody(deadline: str | None) -> HumanAnswer | None:
    """The answer to a question whose time is over; None while somebody may still answer.

    Args:
        deadline: ISO 8601; None waits for ever.
    """
    if deadline is None or datetime.now(UTC) < datetime.fromisoformat(deadline):
        return None
    return HumanAnswer(answer="unclear", by="nobody")


def _deadline(seconds: float | None) -> str | None:
    """When a question that is put now is over; a question that is put again keeps it, as the graph kept its words."""
    if seconds is None:
        return None
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def _silence(span: TimeSpan, event: str, seconds: float | None) -> Observation:
    """That nobody answered: evidence of nothing, as no rule speaks of it."""
    within = "" if seconds is None else f" within {seconds:g} s"
    data: dict[str, JsonValue] = {"why": "nobody answered", "asked": event, "refused": False}
    return Observation("unanswered", span, f"Nobody answered{within}; it stays undecided.", data)


def answer_from(given: object) -> HumanAnswer:
    """An answer as it was handed over: a word, or an object with a note.

    Raises:
        UserError: It is none.
    """
    try:
        return HumanAnswer.model_validate({"answer": given} if isinstance(given, str) else given)
    except ValidationError as error:
        raise UserError(f"{given!r} is no answer.", hint="Answer yes, no or unclear.") from error


def _wait(question: dict[str, object]) -> HumanAnswer:
    from langgraph.types import interrupt

    try:
        return answer_from(interrupt(question))
    except RuntimeError as error:  # outside a graph there is nobody to wait for
        raise ToolError("Nobody can be asked here: the tool runs outside a graph.") from error
