"""How fast the bare tier is, as ratios measured in one run.

    .venv/bin/python benchmarks/throughput.py VIDEO [--weights yolo.onnx] [--runs 5] [--minutes 1 4 15]

Prints medians over the runs: decoding to BGR at native size, the bare tier's first pass over every frame, and (with
weights) Ultralytics' own `track` on the same video; then start-up time and memory of a whole case in a process of its
own; then, for videos of growing length made by repeating the input, time, peak memory and size of the case database.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--imgsz", type=int, default=320)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--minutes", type=float, nargs="*", default=[])
    args = parser.parse_args()
    ratios(args.video, args.weights, args.imgsz, args.runs)
    start_up(args.video)
    for minutes in args.minutes:
        growth(args.video, minutes)


def ratios(video: Path, weights: Path | None, imgsz: int, runs: int) -> None:
    """Time the contenders in turn, A B C A B C, so that a drifting machine hits them alike."""
    frames, seconds = length(video)
    contenders: dict[str, Callable[[], object]] = {
        "decode to BGR": lambda: decode(video),
        "bare tier": bare_pass(video),
    }
    if weights is not None:
        contenders["weights tier"] = weights_pass(video, weights)
        contenders["ultralytics track"] = ultralytics_track(video, weights, imgsz)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()  # warm-up: imports and file cache are start-up, measured apart
    for _ in range(runs):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    if weights is not None:  # loading the detector is start-up, as it is for Ultralytics above
        loading = load_seconds(weights)
        times["weights tier"] = [taken - loading for taken in times["weights tier"]]
        print(f"loading the detector takes {loading:.2f} s, which is left out")
    base = statistics.median(times["decode to BGR"])
    print(f"{video.name}: {frames} frames, {seconds:.1f} s, medians of {runs}")
    for name, taken in times.items():
        mid = statistics.median(taken)
        print(
            f"  {name:18} {mid:6.2f} s  {mid / frames * 1e3:6.2f} ms a frame  "
            f"{mid / base:5.2f} x decode  {seconds / mid:5.1f} x real time  "
            f"(min {min(taken):.2f}, max {max(taken):.2f})"
        )


def length(video: Path) -> tuple[int, float]:
    times = [float(frame.time) for frame in av.open(str(video)).decode(video=0)]
    return len(times), times[-1] - times[0]


def decode(video: Path) -> None:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            frame.to_ndarray(format="bgr24")


def bare_pass(video: Path) -> Callable[[], object]:
    from panda_agent.settings import PerceptionSettings, Settings
    from panda_agent.tools.base import Scope
    from panda_agent.tools.observe_motion import ObserveMotion
    from panda_agent.video import VideoReader

    settings = Settings(perception=PerceptionSettings(max_fps=1000.0))
    home = Path(tempfile.mkdtemp())
    return lambda: list(ObserveMotion().run(Scope(VideoReader(video), settings, home)))


def weights_pass(video: Path, weights: Path) -> Callable[[], object]:
    """Both overview passes of the weights tier, at the same time as in a case, with the settings that ship."""
    from panda_agent.nodes.together import run_together
    from panda_agent.settings import Settings
    from panda_agent.tools.base import Scope, Tool
    from panda_agent.tools.observe_motion import ObserveMotion
    from panda_agent.tools.track_objects import TrackObjects
    from panda_agent.video import VideoReader

    home = Path(tempfile.mkdtemp())

    def drained(tool: Tool, scope: Scope) -> None:
        for _ in tool.run(scope):
            pass

    def run() -> None:
        scope = Scope(VideoReader(video), Settings(), home)
        run_together([partial(drained, tool) for tool in (ObserveMotion(), TrackObjects(weights))], scope)

    return run


def load_seconds(weights: Path) -> float:
    from panda_agent.perception.detector import Detector

    taken = []
    for _ in range(3):
        began = time.perf_counter()
        Detector(weights, Path(tempfile.mkdtemp()))
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def ultralytics_track(video: Path, weights: Path, imgsz: int) -> Callable[[], object]:
    from ultralytics import YOLO

    model = YOLO(str(weights), task="detect")
    return lambda: sum(
        1 for _ in model.track(str(video), imgsz=imgsz, tracker="bytetrack.yaml", stream=True, verbose=False)
    )


CASE = """
import json, sys, time
began = time.perf_counter()
import asyncio
from pathlib import Path
from panda_agent import Investigator, Settings
async def main():
    marks = {}
    inv = Investigator(Settings(home=Path(sys.argv[2])))
    async for event in inv.stream(sys.argv[1]):
        marks.setdefault(event.type, time.perf_counter() - began)
    # Not getrusage: a child's ru_maxrss starts at what its parent held when it forked.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    marks["peak_mib"] = int(status["VmHWM"].split()[0]) / 1024
    print(json.dumps(marks))
asyncio.run(main())
"""


def case(video: Path) -> dict[str, float]:
    """Run a whole case in a process of its own; seconds to each first event, peak memory, size of the database."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-c", CASE, str(video), home],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ},
        )
        marks: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        marks["database_mib"] = sum(f.stat().st_size for f in Path(home).rglob("*.db*")) / 2**20
    return marks


def start_up(video: Path) -> None:
    marks = case(video)
    print(
        f"  a case of its own: opened after {marks['case_opened']:.2f} s, "
        f"first progress after {marks['progress']:.2f} s, "
        f"first finding {marks.get('evidence_found', float('nan')):.2f} s, verdict {marks['verdict_reached']:.2f} s, "
        f"peak {marks['peak_mib']:.0f} MiB"
    )


def growth(video: Path, minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        longer = Path(folder) / "long.mkv"
        repeat(video, longer, minutes * 60)
        began = time.perf_counter()
        marks = case(longer)
        print(
            f"  {minutes:5.1f} min: {time.perf_counter() - began:6.1f} s, "
            f"first finding {marks['evidence_found']:5.1f} s, peak {marks['peak_mib']:.0f} MiB, "
            f"database {marks['database_mib']:.2f} MiB",
            flush=True,
        )


def repeat(video: Path, longer: Path, seconds: float) -> None:
    """Write the packets of a video again and again, without decoding, until it is long enough."""
    with av.open(str(longer), "w") as out, av.open(str(video)) as first:
        stream_out = out.add_stream_from_template(first.streams.video[0])
        base = first.streams.video[0].time_base  # the muxer changes the time base of its own stream
        offset = 0
        while float(offset * base) < seconds:
            offset = append(video, out, stream_out, offset)


def append(video: Path, out: av.container.OutputContainer, stream_out: av.VideoStream, offset: int) -> int:
    """Write a video's packets from a time on; return the time at which they end."""
    end = offset
    with av.open(str(video)) as container:
        for packet in container.demux(video=0):
            if packet.dts is None:
                continue
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            end = max(end, packet.pts + (packet.duration or 1))
            packet.stream = stream_out
            out.mux(packet)
    return end


if __name__ == "__main__":
    main()
