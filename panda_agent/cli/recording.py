"""One video is investigated, and what its tools saw is kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panda_agent.cli.inputs import videos_of, zones_of
from panda_agent.cli.output import say
from panda_agent.cli.watch import watching
from panda_agent.cli.work import work
from panda_agent.equipment import equip
from panda_agent.errors import UserError
from panda_agent.investigator import Investigator
from panda_agent.recorder import Recorder
from panda_agent.settings import load_settings


def record_video(video: Path, out: Path, normal: Sequence[Path], zones: Path | None) -> int:
    """Record one video and say where the recording lies."""
    if out.is_dir():
        raise UserError(f"--out {out} is a folder.", hint="Name a file, like case.rec.")
    settings = load_settings()
    recorder = Recorder()
    investigator = Investigator(settings, keep=recorder.keep)
    case_id = investigator.open(video, normal=[str(one.absolute()) for one in videos_of(normal)], zones=zones_of(zones))
    say(f"case {case_id}")
    say(str(equip(settings)))
    with watching(investigator.desk.case(case_id).pack.rules) as watch:
        work(investigator, case_id, watch)
    recorder.write(investigator.desk.case(case_id), out)
    say(f"recorded in {out}; replay it with: panda investigate --recording {out}")
    return 0
