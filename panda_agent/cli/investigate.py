"""`panda investigate`: open a case on each video, work it to its verdict, write its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from panda_agent.cli.options import FLAG, RESULTS, Annotated_, Blur, ExportClips, Json, Out
from panda_agent.errors import UserError

Rung = Literal["m0", "m1", "m2", "m3", "m4", "m5", "m6"]

EXIT_CODES = (
    "Exit codes: 0 done, whatever the label · 2 usage · 3 a video can't be read · 4 a model could not answer · "
    "5 a defect · 10 a label of --fail-on · 130 and 143 stopped, to be resumed. "
    "Of several videos' errors, the highest counts."
)
KNOWN = "What is known"
CASE = "Case"


def investigate(
    videos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="VIDEO",
            help="Videos, or folders of videos; put -- before a name that starts with a dash. Not needed with "
            "--recording.",
            show_default=False,
        ),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(
            "--question",
            "-q",
            help="What the doubt is about; else everything the rules know is checked.",
            show_default=False,
            rich_help_panel=KNOWN,
        ),
    ] = None,
    normal: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="VIDEO_OR_FOLDER",
            help="Normal life before this camera; can be given more than once.",
            show_default=False,
            rich_help_panel=KNOWN,
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The camera it was seen by: what is known of it counts, and this case is remembered.",
            show_default=False,
            rich_help_panel=KNOWN,
        ),
    ] = None,
    zones: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Named parts of the picture: a YAML or JSON list.",
            show_default=False,
            rich_help_panel=KNOWN,
        ),
    ] = None,
    started_at: Annotated[
        str | None,
        typer.Option(
            metavar="ISO",
            help="Time of the first second; else the one in the file.",
            show_default=False,
            rich_help_panel=KNOWN,
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="PACK",
            help="A rule pack that ships, or the path of your own.",
            show_default=False,
            rich_help_panel=KNOWN,
        ),
    ] = None,
    tier: Annotated[
        Literal["auto", "bare", "weights", "model"] | None,
        typer.Option(
            help="What to work with; auto takes what is there and says so.", show_default=False, rich_help_panel=CASE
        ),
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Replay what `panda record` kept, instead of looking.",
            show_default=False,
            rich_help_panel=CASE,
        ),
    ] = None,
    on_miss: Annotated[
        Literal["fail", "undecided", "live"],
        typer.Option(
            help="What to do about a look that the recording does not hold; live needs the video too.",
            rich_help_panel=CASE,
        ),
    ] = "undecided",
    reasoner: Annotated[
        Literal["rules", "model"] | None,
        typer.Option(
            help="Who thinks at every stage; by default the model where there is one.",
            show_default=False,
            rich_help_panel=CASE,
        ),
    ] = None,
    rung: Annotated[
        Rung | None,
        typer.Option(
            help="A rung of PANDA's ladder: m0 bare, then + plan, + scene, + rules, + reflection, + short memory, "
            "m6 + long memory.",
            show_default=False,
            rich_help_panel=CASE,
        ),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask you about clips that stay unclear.", metavar=FLAG, rich_help_panel=CASE),
    ] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Judge each moment by what was known by then, as if the video were coming in.",
            metavar=FLAG,
            rich_help_panel=CASE,
        ),
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive", "-i", help="Talk about the case when it is done.", metavar=FLAG, rich_help_panel=CASE
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Only print what would be done and what it would cost.",
            metavar=FLAG,
            rich_help_panel=CASE,
        ),
    ] = False,
    case: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Name the case; one that exists and is the same is resumed.",
            show_default=False,
            rich_help_panel=CASE,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Videos worked on at a time.", rich_help_panel=CASE)
    ] = 1,
    out: Out = None,
    as_json: Json = False,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="LABELS",
            help="Exit with 10 on these labels, e.g. anomalous,inconclusive.",
            show_default=False,
            rich_help_panel=RESULTS,
        ),
    ] = None,
    blur: Blur = None,
    annotated: Annotated_ = None,
    export_clips: ExportClips = None,
) -> int:
    """Investigate videos and give a verdict that cites its evidence."""
    from panda_agent.cli.files import wish_of
    from panda_agent.cli.inputs import labels_of, moment_of, recording_of, videos_of, zones_of
    from panda_agent.cli.order import Order, Request
    from panda_agent.cli.tiers import tier_of
    from panda_agent.settings import load_settings

    settings = load_settings(tier=tier, rules=rules, camera=camera)
    settings = settings.model_copy(update={"agent": settings.agent.changed(reasoner, rung)})
    if ask:
        settings = settings.model_copy(update={"loop": settings.loop.model_copy(update={"ask_human": True})})
    if online:
        settings = settings.model_copy(update={"loop": settings.loop.model_copy(update={"mode": "online"})})
    order = Order(
        settings=settings,
        request=Request(
            question=question or None,
            normal=tuple(str(video.absolute()) for video in videos_of(normal or ())),
            zones=zones_of(zones),
            started_at=moment_of(started_at),
            recording=recording_of(recording),
            on_miss=on_miss,
        ),
        tier=tier_of(settings, recording),
        fail_on=labels_of(fail_on),
        as_json=as_json,
        wish=wish_of(out, blur, annotated, export_clips),
    )
    named = videos or []
    if interactive and (as_json or dry_run or len(named) > 1 or any(place.is_dir() for place in named)):
        raise UserError(
            "--interactive is for one video, without --json and --dry-run.",
            hint="Talk to it later with `panda ask CASE`.",
        )
    if recording is not None and not named:
        from panda_agent.cli.one import investigate_one

        return investigate_one(None, case, order, talk=interactive)
    found = videos_of(named)
    if not found:
        raise UserError("There is no video to investigate.", hint="Name one, or a folder, or give --recording.")
    if dry_run:
        from panda_agent.cli.dry_run import dry_run as estimate

        return estimate(found, order)
    if len(found) == 1 and not named[0].is_dir():
        from panda_agent.cli.one import investigate_one

        return investigate_one(found[0], case, order, talk=interactive)
    if recording is not None:
        raise UserError("--recording is of one video, but there are several.", hint="Name one, or none.")
    if case is not None:
        raise UserError("--case names one case, but there are several videos.", hint="Leave it out.")
    from panda_agent.cli.many import investigate_many

    return investigate_many(found, order, workers)
