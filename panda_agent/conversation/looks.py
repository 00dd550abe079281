"""Look once more at a part of the picture: tools run on that part and time, and what they see is filed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from panda_agent.conversation.docket import Change, Docket
from panda_agent.conversation.suppose import brief, lines_of
from panda_agent.conversation.turns import LookAt, Reply, Way
from panda_agent.conversation.why import strongest
from panda_agent.errors import BackendError, ToolError, UserError
from panda_agent.nodes.camera import RECALL
from panda_agent.nodes.conclude import ENDED
from panda_agent.nodes.perceive import ends_the_case, scope_of
from panda_agent.reasoning.rules.reasoner import ASKING
from panda_agent.tools import Tool, file_observation
from panda_agent.tools.base import Scope
from panda_agent.tools.caption_clip import CaptionInput, Question
from panda_agent.types import BUILT_IN_ZONES, Evidence, Region, TimeSpan, Zone

WAYS: dict[Way, str] = {
    "as it is": "look_sharper", "zoomed": "zoom", "sharper": "look_sharper", "faster": "look_faster",
    "brighter": "brighten",
}  # fmt: skip
"""The tool for each way of looking."""
CAPTION = "caption_clip"
LOOKED = "looked"
"""Note of the case: how many looks the conversation took; they count against `budget.looks`."""
AROUND = 2.0
"""Seconds before and after a moment."""
LONGEST = 60.0
"""Seconds that are looked at in one turn, at most."""
_EVERYTHING = ("everything", "all", "picture", "whole picture", "it", "scene")
_NUMBERS = re.compile(r"[\s,]+")


def look_at(docket: Docket, turn: LookAt) -> Reply:
    """Look, file what was seen, and say what it moves.

    Raises:
        UserError: There is no such part of the picture, or no tool for this way of looking.
    """
    spent = _spent(docket)
    if spent is not None:
        return Reply(lines=(f"No: {spent}.",))
    region, span = region_of(turn.zone, docket.case.request.zones), _span(docket, turn)
    before, rows, lines = docket.verdict, [], []
    for tool, scope in _looks(docket, turn.way, region, span):
        try:
            seen = list(_seen(docket, tool, scope, region))
        except (ToolError, BackendError) as error:
            if ends_the_case(docket.case, error):
                raise
            lines.append(f"{tool.spec.name} could not work: {error}")
            continue
        rows += seen
        lines += [f"{tool.spec.name}: {_told(row)}" for row in seen] or [f"{tool.spec.name}: nothing was seen."]
    docket.case.store.put_note(LOOKED, int(docket.case.store.note(LOOKED) or 0) + 1)
    what, version = docket.revise(Change(rows=tuple(rows)), turn.said())
    head = f"Looked at {turn.zone} {span}."
    tail = f"The verdict stays: {brief(before)}"
    if version is not None:
        tail = f"Version {version}: {brief(before)} → {brief(docket.verdict)}"
    cites = tuple(row.cite for row in rows)
    return Reply(lines=(head, *lines, tail, *lines_of(what)), cites=cites, version=version)


def region_of(name: str, zones: Sequence[Zone]) -> Region | None:
    """A part of the picture: a zone of the case, x0,y0,x1,y1, or words like `top right`; None is all of it.

    Raises:
        UserError: It is none of these.
    """
    words = re.sub(r"^the\s+|\s+(?:side|part|corner|half)$", "", name.strip().lower().replace("center", "centre"))
    named = {zone.name.lower(): zone for zone in (*BUILT_IN_ZONES, *zones) if zone.type != "line"}
    if words in named:
        return _box(named[words])
    if words in _EVERYTHING:
        return None
    if "middle" in words:
        words = words.replace("middle", "centre")
    parts = [named[word] for word in re.split(r"[\s-]+", words) if word in named]
    if parts and len(parts) == len(re.split(r"[\s-]+", words)):
        return _shared([_box(part) for part in parts], name)
    return _numbers(name, named)


def _box(zone: Zone) -> Region:
    xs, ys = [x for x, _ in zone.points], [y for _, y in zone.points]
    return Region(x0=min(xs), y0=min(ys), x1=max(xs), y1=max(ys))


def _shared(boxes: Sequence[Region], name: str) -> Region:
    x0, y0 = max(box.x0 for box in boxes), max(box.y0 for box in boxes)
    x1, y1 = min(box.x1 for box in boxes), min(box.y1 for box in boxes)
    if x1 <= x0 or y1 <= y0:
        raise UserError(f"{name!r} is no part of the picture.", hint="Nothing is in both.")
    return Region(x0=x0, y0=y0, x1=x1, y1=y1)


def _numbers(name: str, named: dict[str, Zone]) -> Region:
    try:
        x0, y0, x1, y1 = (float(part) for part in _NUMBERS.split(name.strip().strip("()[]")))
        return Region(x0=x0, y0=y0, x1=x1, y1=y1)
    except ValueError as error:
        known = ", ".join([*named, "top left", "everything"])
        raise UserError(
            f"There is no zone {name!r}.", hint=f"Name one of {known}, or four shares of the picture: 0.1,0.2,0.5,0.6."
        ) from error


def _span(docket: Docket, turn: LookAt) -> TimeSpan:
    span, end = turn.at or strongest(docket), docket.brief.duration
    if span.start >= end:
        raise UserError("The video ends before that.", hint=f"It is {end:.1f} s long.")
    if not span.duration:
        span = TimeSpan(start=max(0.0, span.start - AROUND), end=min(end, span.start + AROUND))
    return TimeSpan(start=span.start, end=min(end, span.end, span.start + LONGEST))


def _spent(docket: Docket) -> str | None:
    """The budget that leaves nothing for a look, if one does."""
    limit = docket.case.settings.budget.looks
    used = int((docket.case.store.note(ENDED) or {}).get("looks") or 0) + int(docket.case.store.note(LOOKED) or 0)
    return None if limit is None or used < limit else f"budget: {limit} second looks are used up"


def _looks(docket: Docket, way: Way, region: Region | None, span: TimeSpan) -> Iterator[tuple[Tool, Scope]]:
    """The tools to run: the one for the way of looking, and where a model is there, one that tells what it sees."""
    toolbox = docket.case.toolbox
    allowed = set(toolbox.second_looks())
    name = "zoom" if way == "as it is" and region is not None else WAYS[way]
    if name not in allowed:
        raise UserError(f"There is no tool {name!r} in this case.", hint="See `panda doctor`.")
    scope = replace(scope_of(docket.case, lambda event: None), span=span, region=region)
    tool = toolbox[name]
    yield (
        tool,
        replace(scope, about=tuple(row for row in _doubted(docket, region, span) if row.kind in tool.spec.makes)),
    )
    caption = toolbox.get(CAPTION)
    if caption is not None and caption.spec.cost == "paid":
        yield caption, scope
        question = _question(docket, span)
        if ASKING in allowed and question is not None:
            yield toolbox[ASKING], replace(scope, input=CaptionInput(questions=(question,)))


def _doubted(docket: Docket, region: Region | None, span: TimeSpan) -> Iterator[Evidence]:
    """Rows of that time and place on which a rule for an anomaly fires."""
    for row in _fired(docket, span):
        if region is None or _inside(row.region, region):
            yield row


def _fired(docket: Docket, span: TimeSpan) -> list[Evidence]:
    rows = docket.rows()
    cites = {cite for line in docket.weighed(rows).fired() if line.weight > 0 for cite in line.evidence}
    return [row for row in rows if row.cite in cites and row.span.touches(span) and row.kind != "second_look"]


def _inside(inner: Region | None, outer: Region) -> bool:
    """Whether the middle of a region lies in another; the whole picture lies in no part of it."""
    if inner is None:
        return False
    x, y = inner.center
    return outer.x0 <= x <= outer.x1 and outer.y0 <= y <= outer.y1


def _question(docket: Docket, span: TimeSpan) -> Question | None:
    """The two explanations of what is believed most of that time."""
    about = [one.event_type for one in docket.verdict.spans if one.start <= span.end and span.start <= one.end]
    event = next((one for one in docket.plan.event_types if one.id in about), None)
    return None if event is None else Question(event=event.id, statement=event.statement, benign=event.benign)


def _seen(docket: Docket, tool: Tool, scope: Scope, region: Region | None) -> Iterator[Evidence]:
    """What a tool sees, as rows that are not filed yet, with what the camera's memory says of them."""
    rows = [file_observation(tool.spec, scope, seen) for seen in tool.run(scope)]
    kept = [row for one in rows if (row := _fair(docket, one, scope, region)) is not None]
    yield from kept
    recall = docket.case.toolbox.get(RECALL)
    if recall is not None:
        yield from _recalled(recall, scope, kept)


def _recalled(recall: Tool, scope: Scope, rows: Sequence[Evidence]) -> Iterator[Evidence]:
    def filed(**filters: Any) -> list[Evidence]:
        return [row for row in rows if row.kind in filters["kinds"]]

    with_rows = replace(scope, filed=filed)
    yield from (file_observation(recall.spec, with_rows, seen) for seen in recall.run(with_rows))


def _fair(docket: Docket, row: Evidence, scope: Scope, region: Region | None) -> Evidence | None:
    """What is said of having looked again, cut to what was looked at.

    A look at one part of the picture is no second look at what was seen elsewhere: it must not weaken it.
    """
    if row.kind != "second_look":
        return row
    if not scope.about:
        return None  # nothing was in doubt that this tool can see
    if region is None:
        return row
    inside = {one.kind for one in scope.about}
    outside = {one.kind for one in _fired(docket, row.span) if not _inside(one.region, region)}
    watched = sorted(inside - outside)
    return row.model_copy(update={"data": row.data | {"watched": watched}}) if watched else None


def _told(row: Evidence) -> str:
    return f"{row.span} {row.statement} [{row.cite}]"


def zone_names(zones: Sequence[Zone]) -> list[str]:
    """Zones that can be named: the case's own, and those that every picture has."""
    return [zone.name for zone in (*zones, *BUILT_IN_ZONES) if zone.type != "line"]
