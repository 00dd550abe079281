"""What a case leaves behind: verdict.json, run.json, report.html, timeline.csv, and videos on request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_agent.errors import UserError
from panda_agent.reporting.json_files import json_bytes, verdict_bytes, write_atomic
from panda_agent.types import Verdict

__all__ = ["json_bytes", "verdict_bytes", "write_atomic", "write_case_files"]


def write_case_files(
    verdict: Verdict,
    video_source: Path | None,
    out: Path,
    *,
    run: Mapping[str, Any],
    blur: bool = False,
    annotated: bool = False,
    clips: bool = False,
    kept: Path | None = None,
) -> dict[str, Path]:
    """Write the files of a finished case into a folder; writing again gives the same files.

    Args:
        verdict: The conclusion.
        video_source: The video, for pictures; None where there is none (recordings, iterators): the report is then
            written without pictures.
        out: The folder; it is made.
        run: What may differ from run to run (case id, paths, times, seconds, money); becomes run.json.
        blur: Blur people in pictures and videos.
        annotated: Also write annotated.mp4.
        clips: Also write clips/, 5 s before and after each anomalous span.
        kept: The case folder, where tools kept pictures with their evidence.

    Returns:
        The paths by name: `verdict`, `run`, `timeline`, `report`, and on request `annotated`, `clips`.

    Raises:
        UserError: The folder can't be written, or videos were asked for and there is none.
        VideoError: The video can't be read any more.
    """
    if video_source is None and (annotated or clips):
        raise UserError("There is no video to annotate or cut.", hint="Leave out --annotated and --export-clips.")
    # Only now: drawing and rendering load OpenCV and Jinja, which a reader of verdict.json need not wait for.
    from panda_agent.reporting.csv_files import timeline_csv
    from panda_agent.reporting.html import render_report
    from panda_agent.reporting.media import Media
    from panda_agent.reporting.video import annotated_video, export_clips

    files = {"verdict": out / "verdict.json", "run": out / "run.json"}
    write_atomic(files["verdict"], verdict_bytes(verdict))
    write_atomic(files["run"], json_bytes(run))
    files["timeline"] = out / "timeline.csv"
    write_atomic(files["timeline"], timeline_csv(verdict))
    media = Media() if video_source is None else Media.collect(verdict, video_source, blur=blur, kept=kept)
    files["report"] = out / "report.html"
    page = render_report(verdict, media, run, blur=blur)
    write_atomic(files["report"], page.encode("utf-8", "replace"))
    if video_source is not None and annotated:
        files["annotated"] = out / "annotated.mp4"
        annotated_video(verdict, video_source, files["annotated"], blur=blur)
    if video_source is not None and clips:
        files["clips"] = out / "clips"
        export_clips(verdict, video_source, files["clips"], blur=blur)
    return files
