"""`panda camera`: what is known of each camera across its cases, and what a person marked as normal there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panda_agent.cli.options import CaseId, Json
from panda_agent.errors import StoreError, UserError

if TYPE_CHECKING:
    from panda_agent.memory.camera import CameraMemory
    from panda_agent.memory.camera_marks import Mark

app = typer.Typer(no_args_is_help=True, help="List, show and change what is known of each camera.")
Camera = Annotated[str, typer.Argument(metavar="NAME", help="As `panda camera list` shows it.", show_default=False)]
Moment = Annotated[str, typer.Argument(metavar="TIME", help="Seconds, or as 1:02:03.5.", show_default=False)]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the cameras of which something is known."""
    from panda_agent.cli.output import print_json, say
    from panda_agent.cli.tables import print_table

    told = [_brief(memory) for memory in _known()]
    if as_json:
        print_json(told)
    elif told:
        print_table(("camera", "what is known"), [(one["camera"], _gist(one)) for one in told], brief=True)
    else:
        say("No camera is known yet: name one by `panda investigate VIDEO --camera NAME`.")


@app.command()
def show(camera: Camera, as_json: Json = False) -> None:
    """Show what is known of a camera: its scene, its cases, what is marked as normal, and the rules kept for it."""
    from panda_agent.cli.output import print_json
    from panda_agent.cli.tables import print_table

    memory = _named(camera)
    cases, marks, rules = memory.cases(), memory.marks(), memory.rules()
    if as_json:
        told = {
            "cases": [one.model_dump(mode="json") for one in cases],
            "marks": [one.model_dump(mode="json") for one in marks],
            "rules": [one.model_dump(mode="json") for one in rules],
        }
        print_json({"camera": memory.name, "sha256": memory.sha256(), **told})
        return
    lines = [("camera", memory.name), ("memory", memory.sha256()[:12])]
    if cases:
        lines.append(
            ("scene", ", ".join(part for part in (*cases[-1].tags, cases[-1].lighting, cases[-1].normal) if part))
        )
    lines += [(f"mark {one.id}", _told(one)) for one in marks]
    lines += [(f"rule {one.id}", f"{one.rule.question} ({one.rule.weight:g})") for one in rules]
    lines += [(f"case {one.case_id}", f"{one.at[:16].replace('T', ' ')} {one.label}: {one.headline}") for one in cases]
    print_table(None, lines)


@app.command()
def mark(
    case: CaseId,
    begin: Moment,
    end: Moment,
    event: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only what was taken for this event type.", show_default=False),
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why it is normal; kept with the mark.")] = "",
    camera: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The camera, for a case that was opened without one.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say that what a case found between two times is normal for its camera: later cases take it into account."""
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.memory.false_alarms import mark_false_alarm
    from panda_agent.settings import load_settings
    from panda_agent.types import TimeSpan

    start, stop = seconds_of(begin), seconds_of(end)
    if stop < start:
        raise UserError(f"{end} lies before {begin}.", hint="Give the earlier time first.")
    span = TimeSpan(start=start, end=stop)
    made = mark_false_alarm(load_settings().root, case, span, event=event, note=note, camera=camera)
    if as_json:
        print_json([one.model_dump(mode="json") for one in made])
    else:
        for one in made:
            print_plain(f"marked {one.id}: {_told(one)}")


@app.command()
def unmark(camera: Camera, mark: Annotated[str, typer.Argument(metavar="MARK")], as_json: Json = False) -> None:
    """Take back a mark, or a rule that was kept; later cases judge without it."""
    memory = _named(camera)
    if mark in {one.id for one in memory.rules()}:
        memory.drop_rule(mark)
    else:
        memory.unmark(mark)
    _removed(mark, as_json=as_json)


@app.command()
def forget(camera: Camera, as_json: Json = False) -> None:
    """Delete all that is known of a camera; its cases stay, with what they were opened with."""
    _named(camera).forget()
    _removed(camera, as_json=as_json)


def seconds_of(text: str) -> float:
    """A time as typed: seconds, or minutes and hours before them.

    Raises:
        UserError: It is none.
    """
    parts = text.strip().split(":")
    if len(parts) > 3 or not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise UserError(f"{text!r} is no time.", hint="Write seconds, like 12.5, or 1:02:03.5.")
    return float(sum(float(part) * 60**i for i, part in enumerate(reversed(parts))))


def _removed(what: str, *, as_json: bool) -> None:
    from panda_agent.cli.output import print_json, print_plain

    if as_json:
        print_json({"removed": [what]})
    else:
        print_plain(f"removed {what}")


def _known() -> list[CameraMemory]:
    from panda_agent.memory.camera import list_cameras
    from panda_agent.settings import load_settings

    return list_cameras(load_settings().root)


def _named(camera: str) -> CameraMemory:
    """The memory of a camera.

    Raises:
        UserError: Nothing is known of one of that name.
    """
    from panda_agent.memory.cases import nearest_names

    known = {memory.name: memory for memory in _known()}
    if camera not in known:
        near = nearest_names(known, camera)
        raise UserError(f"There is no camera {camera!r}.", hint=f"Nearest: {', '.join(near)}." if near else None)
    return known[camera]


def _brief(memory: CameraMemory) -> dict[str, Any]:
    """How much is known, or why it can't be read."""
    try:
        found = {"cases": len(memory.cases()), "marks": len(memory.marks()), "rules": len(memory.rules())}
    except StoreError as error:
        return {"camera": memory.name, "problem": str(error)}
    return {"camera": memory.name, **found}


def _gist(brief: dict[str, Any]) -> str:
    from panda_agent.reporting.text import counted

    if "problem" in brief:
        return str(brief["problem"])
    marks = f"{counted(brief['marks'], 'false alarm')} marked as normal"
    return f"{counted(brief['cases'], 'case')}, {marks}, {counted(brief['rules'], 'rule')} kept"


def _told(mark: Mark) -> str:
    note = f': "{mark.note}"' if mark.note else ""
    kinds = ", ".join(dict.fromkeys(row.kind for row in mark.rows))
    return f"{mark.event} ({kinds}) at {mark.span} of case {mark.case_id} is normal here{note}"
