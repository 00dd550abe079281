"""Every tool that ships keeps the contract; and the contract is broken by tools that break it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from panda_agent.perception.observation import Observation
from panda_agent.tools import Scope, Toolbox, ToolSpec, default_tools, installed_tools, shipped_specs
from panda_agent.tools.contract import ContractBroken, check_tool
from panda_agent.types import TimeSpan

SHIPPED = {tool.spec.name: tool for tool in default_tools() if tool.spec.stage != "on request"}
CLIP = TimeSpan(start=1.0, end=5.0)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_tool_that_ships_keeps_it(name, film, tmp_path):
    tool = SHIPPED[name]
    check_tool(tool, film, tmp_path, span=None if tool.spec.stage == "overview" else CLIP)


class Sloppy:
    """Keeps the contract, except for what is changed."""

    def __init__(self, spec=None, check=True, fail=False, **row):
        made = {"name": "sloppy", "about": "Sees things.", "family": "f", "makes": {"thing": ("size",)}}
        self.spec = ToolSpec(**(made | (spec or {})))
        self.row = {
            "kind": "thing",
            "span": TimeSpan(start=1, end=2),
            "statement": "A thing.",
            "data": {"size": 1.0},
        } | row
        self.check, self.fail = check, fail

    def run(self, scope: Scope) -> Iterator[Observation]:
        if self.check:
            scope.check()
        if self.fail and scope.span is not None:
            raise ZeroDivisionError("oops")
        yield Observation(**{name: value() if callable(value) else value for name, value in self.row.items()})


def test_one_that_keeps_it_gives_its_rows(film, tmp_path):
    assert [row.kind for row in check_tool(Sloppy(), film, tmp_path)] == ["thing"]


@pytest.mark.parametrize(
    ("tool", "broken"),
    [
        (Sloppy(spec={"name": "Not Snake"}), "snake_case"),
        (Sloppy(spec={"about": "no sentence"}), "one sentence"),
        (Sloppy(spec={"makes": {}}), "no kind of evidence"),
        (Sloppy(kind="other"), "files 'other'"),
        (Sloppy(data={"size": 1.0, "colour": "red"}), "does not name: colour"),
        (Sloppy(data={"size": np.float32(1)}), "can't be stored as JSON"),
        (Sloppy(data=lambda: {"size": random.random()}), "two runs over the same video differ"),
        (Sloppy(span=TimeSpan(start=1, end=60)), "past the end"),
        (Sloppy(statement=" "), "empty statement"),
        (Sloppy(score=1.5), "not 0..1"),
        (Sloppy(media="media/none.jpg"), "a picture that is not there"),
        (Sloppy(check=False), r"never calls scope\.check"),
        (Sloppy(fail=True), "fails with ZeroDivisionError"),
        (Sloppy(statement=lambda: print("hello") or "A thing."), "it prints"),
    ],
)
def test_what_breaks_it_is_named(tool, broken, film, tmp_path):
    with pytest.raises(ContractBroken, match=broken):
        check_tool(tool, film, tmp_path)


class Stateful(Sloppy):
    """Counts through all its runs, as a predictor that is shared does."""

    def run(self, scope: Scope) -> Iterator[Observation]:
        self.seen = 0
        for one in super().run(scope):
            for _ in range(3):
                self.seen += 1
                yield Observation(one.kind, one.span, one.statement, {"size": self.seen})


def test_runs_that_disturb_each_other_are_found(film, tmp_path):
    check_tool(Stateful(), film, tmp_path)
    with pytest.raises(ContractBroken, match="disturb each other"):
        check_tool(Stateful(spec={"parallel_safe": True}), film, tmp_path)


def test_names_of_tools_are_unique_and_loose_names_lead_to_them():
    names = [spec.name for spec in shipped_specs()]
    assert len({*names}) >= len(names) - 1  # caption_clip has two makers
    box = Toolbox([*default_tools(), Sloppy(spec={"aliases": ("Thing finder",)})])
    assert box["thing-FINDER"].spec.name == "sloppy"
    assert box["Captioning"].spec.name == "caption_clip"
    assert box["look faster"].spec.name == "look_faster"


def test_a_tool_of_an_installed_package_is_found(tmp_path, monkeypatch):
    package = tmp_path / "sloppy_tools-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: sloppy-tools\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[panda_agent.tools]\nsloppy = sloppy_tools:Found\n")
    (tmp_path / "sloppy_tools.py").write_text(
        "from panda_agent.tools import ToolSpec\n"
        "class Found:\n"
        "    spec = ToolSpec(name='found', about='Is found.', family='f', makes={'thing': ()})\n"
        "    def run(self, scope):\n"
        "        return iter(())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert [tool.spec.name for tool in installed_tools()] == ["found"]
    (package / "entry_points.txt").write_text("[panda_agent.tools]\nsloppy = sloppy_tools:Gone\n")
    with pytest.raises(Exception, match="The tool 'sloppy' of the package sloppy-tools can't be loaded"):
        installed_tools()
