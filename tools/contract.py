"""What every tool promises, as checks that can be run on yours.

from panda_agent.tools.contract import check_tool

def test_my_tool_keeps_the_contract(tmp_path):
    check_tool(MyTool(), "clip.mp4", tmp_path)
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import zip_longest
from os import PathLike
from pathlib import Path

from panda_agent.database import to_json
from panda_agent.errors import CasePaused, PandaError, ToolError
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope, Tool, ToolInput
from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader

END = 0.5
"""Seconds by which a span may reach past the last frame."""


class ContractBroken(AssertionError):
    """A tool does not keep a promise; the message says which and how."""


def check_tool(
    tool: Tool,
    video: str | PathLike[str],
    home: Path,
    *,
    span: TimeSpan | None = None,
    asked: ToolInput | None = None,
    settings: Settings | None = None,
) -> list[Observation]:
    """Run a tool over a video in every way that the loop does, and hold it to the contract.

    Args:
        tool: The tool.
        video: Some video that it can work on.
        home: A folder for files that it keeps.
        span: The clip, for tools that look at one.
        asked: What the call asks, for tools that take more.
        settings: The defaults where None.

    Returns:
        What it saw, so that a test can go on and look at it.

    Raises:
        ContractBroken: It breaks a promise.
    """
    check_spec(tool)
    reader = VideoReader(Path(video))
    scope = Scope(reader, settings or Settings(home=home), home, asked or tool.spec.input(), span, media=home)
    if not isinstance(scope.input, tool.spec.input):
        raise ContractBroken(f"{tool.spec.name} takes {tool.spec.input.__name__}, not {type(scope.input).__name__}.")
    said = io.StringIO()
    with redirect_stdout(said):
        rows = list(tool.run(scope))
    _demand(not said.getvalue(), "it prints", tool)
    _check_rows(tool, rows, scope, _length(reader))
    _demand(list(tool.run(scope)) == rows, "two runs over the same video differ", tool)
    if tool.spec.parallel_safe:
        _check_interleaved(tool, scope, rows)
    _check_pause(tool, scope)
    _check_strange_span(tool, scope)
    return rows


def check_spec(tool: Tool) -> None:
    """Hold a tool's spec to the contract.

    Raises:
        ContractBroken: It breaks a promise.
    """
    spec = tool.spec
    _demand(re.fullmatch(r"[a-z][a-z0-9_]*", spec.name) is not None, "its name is not in snake_case", tool)
    _demand(spec.about.endswith(".") and "\n" not in spec.about, "`about` is not one sentence", tool)
    _demand(bool(spec.makes), "it makes no kind of evidence", tool)
    _demand(bool(spec.family), "it names no family", tool)
    to_json(spec.input.model_json_schema(), f"The input of {spec.name}")


def _check_rows(tool: Tool, rows: list[Observation], scope: Scope, length: float) -> None:
    for row in rows:
        kinds = tool.spec.makes
        _demand(row.kind in kinds, f"it files {row.kind!r}, which `makes` does not name", tool)
        unknown = sorted(set(row.data) - set(kinds[row.kind]))
        _demand(not unknown, f"{row.kind} has fields that `makes` does not name: {', '.join(unknown)}", tool)
        _demand(row.span.end <= length + END, f"{row.kind} at {row.span} lies past the end of the video", tool)
        _demand(bool(row.statement.strip()), f"{row.kind} has an empty statement", tool)
        _demand(row.score is None or 0 <= row.score <= 1, f"{row.kind} has a score of {row.score}, not 0..1", tool)
        kept = row.media is None or (scope.media is not None and (scope.media / row.media).is_file())
        _demand(kept, f"{row.kind} names a picture that is not there: {row.media}", tool)
        try:
            to_json(row.data, f"The data of {row.kind}")
        except PandaError as error:
            raise ContractBroken(f"{tool.spec.name}: {error}") from error


def _check_interleaved(tool: Tool, scope: Scope, alone: list[Observation]) -> None:
    pairs = list(zip_longest(tool.run(scope), tool.run(scope)))
    for which in range(2):
        seen = [pair[which] for pair in pairs if pair[which] is not None]
        _demand(seen == alone, "two runs at the same time disturb each other, though it says parallel_safe", tool)


def _check_pause(tool: Tool, scope: Scope) -> None:
    def stop() -> None:
        raise CasePaused("Stop.")

    if _ends(lambda: tool.run(replace(scope, check=stop)), tool, CasePaused) is None:
        raise ContractBroken(
            f"{tool.spec.name}: it never calls scope.check(), so a case can't be paused while it works."
        )


def _check_strange_span(tool: Tool, scope: Scope) -> None:
    """A clip past the end of the video has nothing to see: no rows, or a ToolError."""
    past = TimeSpan(start=86_400.0, end=86_405.0)
    _ends(lambda: tool.run(replace(scope, span=past)), tool, ToolError, PandaError)


def _ends(run: Callable[[], Iterator[Observation]], tool: Tool, *expected: type[Exception]) -> Exception | None:
    try:
        for _ in run():
            pass
    except expected as error:
        return error
    except Exception as error:  # boundary: the tool under test
        raise ContractBroken(f"{tool.spec.name}: it fails with {type(error).__name__}: {error}.") from error
    return None


def _length(reader: VideoReader) -> float:
    if not reader.read_to_end:
        for _ in reader.frames(max_side=32):
            pass
    return reader.report.duration


def _demand(kept: bool, broken: str, tool: Tool) -> None:
    if not kept:
        raise ContractBroken(f"{tool.spec.name}: {broken}.")
