"""What `make demo` runs: render a surveillance-like video, investigate it, and say where the report lies.

    python -m examples.demo [SCENE]

The investigation is the command that anybody would type; it is printed before it runs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.demo_scenes import render
from panda_agent.types import clock

FOLDER = Path("out/demo")
SEED = 7


def main(arguments: Sequence[str]) -> int:
    scene = arguments[0] if arguments else "cyclist"
    video = FOLDER / f"{scene}_{SEED:04d}.mp4"
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"rendering {video}", flush=True)
    truth = render(scene, SEED, video)
    command = ["investigate", str(video), "--out", str(FOLDER)]
    print(f"panda {' '.join(command)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "panda_agent.cli", *command])
    if done.returncode != 0:
        return done.returncode
    for event in truth.events:
        print(f"\nPlanted: {event.type} at {clock(event.start)}–{clock(event.end or truth.duration)}")
    print(f"The report lies at {FOLDER / 'report.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
