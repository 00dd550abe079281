"""`panda report`: write the files of a finished case, e.g. elsewhere, blurred, or with videos."""

from __future__ import annotations

from panda_agent.cli.options import Annotated_, Blur, CaseId, ExportClips, Json, Out


def report(
    case: CaseId,
    out: Out = None,
    blur: Blur = None,
    annotated: Annotated_ = None,
    export_clips: ExportClips = None,
    as_json: Json = False,
) -> None:
    """Write the files of a finished case: report, verdict, timeline, and videos on request."""
    from panda_agent.cli.files import wish_of
    from panda_agent.cli.one import deliver_watched
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.reporting.text import clean
    from panda_agent.settings import load_settings

    done = deliver_watched(load_settings().root, case, wish_of(out, blur, annotated, export_clips))
    if as_json:
        print_json({"case_id": done.case_id, "files": {name: str(path) for name, path in done.files.items()}})
        return
    for name, path in done.files.items():
        print_plain(f"{name:<10} {clean(str(path))}")
