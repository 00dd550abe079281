"""Clips in words: by a model that is shown a few lettered pictures, or, without one, from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field, JsonValue

from panda_agent.errors import BackendError, Refused, Unreachable
from panda_agent.perception.observation import Observation
from panda_agent.perception.orders import first_order
from panda_agent.prompts.prompt_packs import PromptPack
from panda_agent.tools.asking import ask_of
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.tools.fact_caption import FACTS, facts_of
from panda_agent.tools.moments import clips_to_show
from panda_agent.types import Model, TimeSpan
from panda_agent.video import clips

if TYPE_CHECKING:
    from panda_agent.backends import scores
    from panda_agent.backends.calls import Answer, ModelCalls
    from panda_agent.tools.clip_pictures import Shown

MAKES = {
    "facts": FACTS,
    "caption": ("told", "people", "objects", "visible_text", "quality", "letters", "model"),
    "answer": ("event", "question", "answer", "answered", "p", "mode", "shown", "letters", "model", "order"),
    "unanswered": ("why", "asked", "refused", "order"),
}
"""Kinds of evidence with their fields. `told` is all that a description says, for rules to search; `p` is the
probability of yes, read as `mode` says; `letters` are [letter, seconds] of the pictures that were sent."""
DECIDED_BY = ("model", "prompts", "loop.clip_seconds", "loop.min_clips", "agent.gate_share", "agent.gate_least")
SHARE = 0.5
"""Part of the budget of calls that descriptions may take; the rest is for questions."""
BATCH = 32
"""Clips whose pictures are held at a time."""


class PeopleSeen(Model, extra="ignore"):
    """Somebody, or some who do the same."""

    doing: str = Field(max_length=200)
    letters: list[str]


class Description(Model, extra="ignore"):
    """The shape of a blind description. Models like to add fields; nothing rests on those, so they are dropped."""

    description: str = Field(min_length=1, max_length=2000)
    people: list[PeopleSeen]
    objects: list[str]
    visible_text: list[str]
    quality: Literal["good", "dark", "blurred", "noisy", "overexposed", "obstructed"]


class Reading(Model, extra="ignore"):
    """The shape of an answer to a question."""

    reason: str = Field(min_length=1, max_length=1000)
    letters: list[str]
    answer: Literal["yes", "no", "unclear"]


class Question(Model):
    """Two explanations of a clip, one of which may be true: the operator's words, from a rule pack."""

    event: str
    statement: str
    benign: str
    checks: tuple[str, ...] = ()
    """What to look for first."""


class CaptionInput(ToolInput):
    """What is asked of a clip; without a question it is described."""

    questions: tuple[Question, ...] = ()


class CaptionClip:
    """Tells clips in words. In an overview it describes; asked about one clip, it also answers questions.

    Args:
        name, about, stage: The same sense is used for a first description and for a second look.
        prompts: What the model is told; None, as without an endpoint, tells what was measured.
    """

    def __init__(self, name: str, about: str, stage: Literal["overview", "second look"], prompts: PromptPack) -> None:
        self._prompts = prompts
        self.spec = ToolSpec(
            name=name,
            about=about,
            family="caption",
            stage=stage,
            input=CaptionInput,
            makes=MAKES,
            cost="paid",
            needs=("model endpoint",),
            settings=DECIDED_BY,
            parallel_safe=True,
            after=True,
            aliases=("caption", "captioning", "describe", "vlm") if stage == "overview" else ("ask", "question", "vqa"),
        )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Describe the clip, or each clip of the video that the budget allows; or answer what is asked.

        Raises:
            ToolError: There is no model, or it can't work here.
            QuotaExhausted: The account is empty; the case is paused.
        """
        spans = [scope.span] if scope.span is not None else clips_of(scope)
        calls = scope.calls()
        if isinstance(scope.input, CaptionInput) and scope.input.questions:
            yield from _answers(scope, calls, self._prompts, spans[0], scope.input.questions)
            return
        agent = scope.settings.agent
        most = min(calls.allowance(SHARE), max(agent.gate_least, round(agent.gate_share * len(spans))))
        if scope.online:  # clip by clip: what was described before has had its part
            most = max(0, most - len(scope.filed(kinds=("caption", "unanswered"))))
        chosen = [spans[i] for i in clips_to_show(spans, scope.filed(), most)]
        for i in range(0, len(chosen), BATCH):
            yield from _descriptions(scope, calls, self._prompts, chosen[i : i + BATCH])


class TellFacts:
    """Tells each clip from what was measured: the captioner that needs no model."""

    spec = ToolSpec(
        name="caption_clip",
        about="Tells each clip in words, from what was measured.",
        family="motion",
        makes={"facts": FACTS},
        settings=("loop.clip_seconds", "loop.min_clips"),
        parallel_safe=True,
        after=True,
        aliases=("caption", "captioning", "describe"),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield a row a clip."""
        for span in [scope.span] if scope.span is not None else clips_of(scope):
            scope.check()
            yield facts_of(span, scope.filed(span=span))


def clips_of(scope: Scope) -> list[TimeSpan]:
    """The clips that the case will be judged by."""
    if not scope.reader.read_to_end:
        for _ in scope.reader.frames(max_side=64):
            scope.check()
    loop = scope.settings.loop
    return clips(scope.reader.report.duration, length=loop.clip_seconds, minimum=loop.min_clips)


def _descriptions(
    scope: Scope, calls: ModelCalls, prompts: PromptPack, spans: Sequence[TimeSpan]
) -> Iterator[Observation]:
    from panda_agent.backends.calls import Answer
    from panda_agent.tools.clip_pictures import shown

    looks = [look for span in spans if (look := shown(scope, span)) is not None]
    asks = [ask_of(scope.settings.model, prompts, "caption", Description, look.pictures) for look in looks]
    outcomes = calls.read(asks, Description)
    away = [got for got in outcomes if isinstance(got, Unreachable)]
    if away and len(away) == len(outcomes):
        raise away[0]  # nobody is there: that is no property of these clips
    for look, got in zip(looks, outcomes, strict=True):
        yield _caption(look.only(got.letters), got) if isinstance(got, Answer) else _unanswered(look, "caption", got)


def _answers(
    scope: Scope, calls: ModelCalls, prompts: PromptPack, span: TimeSpan, questions: Sequence[Question]
) -> Iterator[Observation]:
    from panda_agent.backends.calls import Answer
    from panda_agent.tools.clip_pictures import shown

    look = shown(scope, span)
    if look is None:
        return
    asks = [
        ask_of(
            scope.settings.model,
            prompts,
            "question",
            Reading,
            look.pictures,
            scored=True,
            data=question.model_dump(mode="json", exclude={"event"}),
        )
        for question in questions
    ]
    for question, got in zip(questions, calls.read(asks, Reading), strict=True):
        if isinstance(got, Answer):
            yield _answer(look.only(got.letters), question, got, scope.settings.model.score_mode)
        else:
            silent = _unanswered(look, question.event, got)
            yield replace(silent, data={**silent.data, **_order_in(question)})


def _caption(look: Shown, got: Answer[Description]) -> Observation:
    told = got.value
    people: list[JsonValue] = [_who(look, one) for one in told.people]
    doing = ". ".join(one.doing for one in told.people)
    data: dict[str, JsonValue] = {
        "told": f"{told.description} {doing}".strip(),
        "people": people,
        "objects": list(told.objects),
        "visible_text": list(told.visible_text),
        "quality": told.quality,
        "letters": look.letters,
        "model": got.reply.model,
    }
    return _row("caption", look, told.description, data, got.call_id)


def _who(look: Shown, one: PeopleSeen) -> dict[str, JsonValue]:
    times = {picture.letter: picture.time for picture in look.pictures}
    letters = look.known(one.letters)
    seen = [times[letter] for letter in letters]
    when: dict[str, JsonValue] = {"start": round(min(seen), 3), "end": round(max(seen), 3)} if seen else {}
    return {"doing": one.doing, "letters": "".join(letters), **when}


def _answer(look: Shown, question: Question, got: Answer[Reading], mode: scores.Mode) -> Observation:
    from panda_agent.backends import scores as reading

    score = reading.of_answer(got.reply, got.value.answer, mode)
    named = look.known(got.value.letters)
    data: dict[str, JsonValue] = {
        "event": question.event,
        "question": question.statement,
        "answer": got.value.answer,
        "answered": f"Asked, the model says {got.value.answer}: {got.value.reason}",
        "p": round(score.value, 4),
        "mode": score.mode,
        "shown": "".join(named),
        "letters": look.letters,
        "model": got.reply.model,
    }
    data |= _order_in(question)
    statement = f'Asked "{question.statement}" the model says {got.value.answer}: {got.value.reason}'
    row = _row("answer", look, statement, data, got.call_id)
    return row if got.value.answer != "yes" or not named else replace(row, span=look.around(named))


def _order_in(question: Question) -> dict[str, JsonValue]:
    """What of a question reads like an order, as data of the row: a stranger's rule file may hold anything."""
    order = first_order(question.model_dump(mode="json"))
    return {} if order is None else {"order": order}


def _unanswered(look: Shown, asked: str, error: BackendError) -> Observation:
    what = "describe" if asked == "caption" else "answer a question about"
    data: dict[str, JsonValue] = {"why": type(error).__name__, "asked": asked, "refused": isinstance(error, Refused)}
    return _row("unanswered", look, f"The model did not {what} {look.clip}: {error.message}", data, None)


def _row(kind: str, look: Shown, statement: str, data: dict[str, JsonValue], call_id: str | None) -> Observation:
    return Observation(kind, look.span, statement, data, call_id=call_id, media=look.media)


def caption_tools(prompts: PromptPack) -> list[CaptionClip]:
    """The describer, and the one that is asked about a clip in doubt."""
    return [
        CaptionClip("caption_clip", "Describes each clip in words.", "overview", prompts),
        CaptionClip("question_clip", "Asks the model which of two explanations is true.", "second look", prompts),
    ]
