"""What a person knows: it becomes evidence of a kind of its own, and moves belief through a rule like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from panda_agent.conversation.compare import Moved
from panda_agent.conversation.docket import Change, Docket
from panda_agent.conversation.suppose import brief, lines_of
from panda_agent.conversation.times import told
from panda_agent.conversation.turns import FalseAlarm, Know, Reply
from panda_agent.errors import UserError
from panda_agent.memory.false_alarms import mark_false_alarm
from panda_agent.nodes.perceive import scope_of
from panda_agent.reasoning.rules.reasoner import asked_for
from panda_agent.tools import file_observation
from panda_agent.tools.hear_person import Fact, HearPerson
from panda_agent.types import AnomalySpan, EventType, Evidence, Plan, TimeSpan
from panda_agent.words import mentions

KIND = "human"
DOUBTING = ("maybe", "perhaps", "probably", "might", "could be", "guess", "not sure", "unsure")
HARMLESS = (
    "play", "joke", "drill", "exercise", "stage", "rehearsal", "pretend", "fake", "harmless", "on purpose", "belong",
    "announce", "allow", "normal",
)  # fmt: skip
"""Words of innocent explanations."""
ROLES = ("guard", "employee", "staff", "cleaner", "colleague", "owner", "train", "test", "practice", "dance")
"""Words that explain something away by themselves, but beside the name of an event leave open what is meant."""


def know(docket: Docket, turn: Know) -> Reply:
    """File a fact, and what it moves."""
    about = _about(docket, turn)
    if isinstance(about, Reply):
        return about
    side = _side(turn, [event for event, _ in about])
    if isinstance(side, Reply):
        return side
    if side == "refutes" and not _named(turn.words, docket.plan.event_types):
        about = _explained(docket, about)
    rows = [_fact(docket, turn.words, event.id, side, span) for event, span in about]
    if not about:
        rows = [_fact(docket, turn.words, None, "note", turn.at or _whole(docket))]
    return _filed(docket, rows, turn.said())


def false_alarm(docket: Docket, turn: FalseAlarm) -> Reply:
    """What was found is normal here: evidence against it, and a mark in the memory of the camera."""
    spans = [span for span in docket.verdict.spans if turn.at is None or _touches(span, turn.at)]
    if not spans:
        return Reply(
            lines=(f"Nothing was found{f' at {told(turn.at)}' if turn.at else ''} that could be a false alarm.",)
        )
    events = {event.id: event for event in docket.plan.event_types}
    about = _explained(docket, [(events[span.event_type], _time(span)) for span in spans])
    marks, lines = _marked(docket, about, turn)
    rows = [_fact(docket, "This was a false alarm.", event.id, "refutes", span) for event, span in about]
    reply = _filed(docket, rows, turn.said(), marks)
    return reply.model_copy(update={"lines": (*reply.lines, *lines)})


def _about(docket: Docket, turn: Know) -> list[tuple[EventType, TimeSpan]] | Reply:
    """The event that a fact is about and when; nothing where it is about none; a question where that is not clear."""
    events = {event.id: event for event in docket.plan.event_types}
    spans = [span for span in docket.verdict.spans if span.event_type in events]
    if turn.at is not None:
        spans = [span for span in spans if _touches(span, turn.at)]
    named = _named(turn.words, [*events.values()])
    chosen = [span for span in spans if span.event_type in named] if named else spans
    if any(not _touches(span, _time(other)) for span in chosen for other in chosen):
        return _which(chosen)
    if chosen:
        main = max(chosen, key=lambda span: span.peak)
        return [(events[main.event_type], _time(main))]
    if named and turn.at is None:
        return _ask(f"When was the {named[0]}?", "Say it with a time, e.g. `… from 0:10 to 0:14`.")
    if not named:
        named = [] if docket.verdict.spans else list(asked_for(turn.words, [*events.values()]))[:1]
    return [(events[name], turn.at) for name in named[:1]] if named and turn.at is not None else []


def _explained(docket: Docket, about: Sequence[tuple[EventType, TimeSpan]]) -> list[tuple[EventType, TimeSpan]]:
    """What an innocent explanation is against: all that is believed of that time, by whatever name."""
    believed = {
        one.event_type for one in docket.verdict.hypotheses if one.kind == "anomaly" and one.status == "supported"
    }
    fired = [line for line in docket.verdict.trace if line.outcome == "fired" and line.weight > 0]
    found: dict[tuple[str, TimeSpan], tuple[EventType, TimeSpan]] = {}
    for named, span in about:
        here = {line.event_type for line in fired if line.span is not None and line.span.touches(span)}
        for event in docket.plan.event_types:
            if event.id == named.id or event.id in believed & here:
                found[event.id, span] = (event, span)
    return list(found.values())


def _side(turn: Know, events: Sequence[EventType]) -> str | Reply:
    """Whether a fact speaks for the event or against it; doubt moves nothing."""
    if turn.side != "unsaid":
        return turn.side
    if not events or any(word in turn.words.lower() for word in DOUBTING):
        return "note"
    event = events[0]
    said = mentions(turn.words, [*event.keywords, event.title.lower()])
    if mentions(turn.words, HARMLESS):
        return "refutes"
    if said and mentions(turn.words, ROLES):
        return _ask(
            f'Does that speak for "{event.title}", or against it?',
            f"Say `I know it is so: {turn.words}` or `I know it is not so: {turn.words}`.",
        )
    return "supports" if said else "refutes"


def _named(words: str, events: Sequence[EventType]) -> list[str]:
    """The event types that a sentence names by id or title."""
    text = words.lower()
    return [event.id for event in events if event.title.lower() in text or event.id.replace("_", " ") in text]


def _which(spans: Sequence[AnomalySpan]) -> Reply:
    found = "; ".join(f"{span.event_type} {_time(span)}" for span in spans)
    return _ask(f"Which of these is that about: {found}?", "Say it with a time, e.g. `… at 0:12`, or name it.")


def _ask(question: str, hint: str) -> Reply:
    return Reply(lines=(question, hint), puzzled=True)


def _fact(docket: Docket, words: str, event: str | None, side: str, span: TimeSpan) -> Evidence:
    """What was said as a row, not filed yet."""
    fact = Fact.model_validate({"words": words, "event": event, "side": side})
    tool = HearPerson()
    scope = replace(scope_of(docket.case, lambda event: None), span=span, input=fact)
    (seen,) = tool.run(scope)
    return file_observation(tool.spec, scope, seen)


def _filed(docket: Docket, rows: Sequence[Evidence], cause: str, marks: Sequence[str] = ()) -> Reply:
    before = docket.verdict
    plan = _with_human_rules(docket, {str(row.data["event"]) for row in rows})
    what, version = docket.revise(Change(rows=tuple(rows), plan=plan, marks=tuple(marks)), cause)
    cites = tuple(row.cite for row in rows)
    filed = [_line(row) for row in rows]
    if version is None:
        why = "" if any(row.data["side"] == "note" for row in rows) else _unmoved(docket, plan)
        return Reply(lines=(*filed, f"The verdict stays: {brief(before)}{why}"), cites=cites)
    lead = f"Version {version}: {brief(before)} → {brief(docket.verdict)}"
    return Reply(
        lines=(*filed, lead, *_trace(docket, cites), *lines_of(_others(what, cites))), cites=cites, version=version
    )


def _line(row: Evidence) -> str:
    side = {"supports": f"for {row.data['event']}", "refutes": f"against {row.data['event']}"}
    said = side.get(str(row.data["side"]), "as a note, which moves no belief")
    return f"filed {row.cite} {row.span} {said}: {row.statement}"


def _trace(docket: Docket, cites: Sequence[str]) -> list[str]:
    """The lines of the trace by which the facts moved belief."""
    lines = [
        line for line in docket.verdict.trace if line.outcome == "fired" and not set(cites).isdisjoint(line.evidence)
    ]
    return [f"  {line.rule} moves {line.event_type} by {line.weight:+.1f}: {line.why}" for line in lines]


def _others(what: Sequence[Moved], cites: Sequence[str]) -> list[Moved]:
    return [one for one in what if one.what != "rule" and one.about not in cites]


def _with_human_rules(docket: Docket, events: set[str]) -> Plan | None:
    """The plan with the pack's rules about what people tell of some event types; None where it has them."""
    plan = docket.plan
    known = {rule.id for rule in plan.rules}
    rules = [rule for rule in docket.case.pack.rules if rule.when[0].kind == KIND and rule.event_type in events]
    new = [rule for rule in rules if rule.id not in known]
    return plan.model_copy(update={"rules": (*plan.rules, *new)}) if new else None


def _unmoved(docket: Docket, plan: Plan | None) -> str:
    if any(rule.when[0].kind == KIND for rule in (plan or docket.plan).rules):
        return ""
    return f" The rule pack {docket.case.pack.id!r} has no rule about what people tell; include `common` in it."


def _marked(
    docket: Docket, about: Sequence[tuple[EventType, TimeSpan]], turn: FalseAlarm
) -> tuple[list[str], list[str]]:
    """Marks in the memory of the camera, and what to say of them. They come first: made twice they are the same."""
    camera = docket.case.settings.camera
    if camera is None:
        return [], ["The case has no camera, so later cases are not told; see --camera."]
    marks: list[str] = []
    lines: list[str] = []
    for event, span in about:
        try:
            made = mark_false_alarm(docket.case.settings.root, docket.case.id, span, event=event.id, note=turn.said())
        except UserError as error:
            lines.append(f"Not marked for the camera: {error}")
            continue
        marks += [mark.id for mark in made]
    if marks:
        lines.append(f"Marked as normal for the camera {camera!r}, for later cases: {', '.join(marks)}.")
    return marks, lines


def _whole(docket: Docket) -> TimeSpan:
    return TimeSpan(start=0.0, end=docket.brief.duration)


def _time(span: AnomalySpan) -> TimeSpan:
    return TimeSpan(start=span.start, end=span.end)


def _touches(span: AnomalySpan, at: TimeSpan) -> bool:
    return _time(span).touches(at, within=0.5)
