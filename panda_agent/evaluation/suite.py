"""A suite of an ablation, as written in YAML: what is worked on, and in which ways."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from panda_agent.errors import UserError
from panda_agent.evaluation.splits import Split
from panda_agent.evaluation.strategies import Strategy
from panda_agent.types import Model

NAME = re.compile(r"^\w[\w .,=+()-]{0,119}$")
"""Names of cells: they become names of folders."""
NOT_HERE = {
    "home": "each cell has a home of its own",
    "camera": "a camera's cases learn from one another, so the order in which videos are done would count",
    "tier": "a recording says in which tier it was made",
    "rules": "a cell has `rules:` for it",
    "prompts": "a cell has `prompts:` for it",
}
"""Settings that a cell can't have, and why."""


class Cell(Model):
    """One way of working, by what differs from the suite's own."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    settings: dict[str, Any] = Field(default_factory=dict)
    """As in panda.toml: groups of settings by name."""
    rules: str | None = None
    """A rule pack that ships, or the path of one, from the suite's folder."""
    prompts: str | None = None
    """A prompt pack that ships, or the path of one, from the suite's folder."""
    reasoner: Literal["rules", "model"] | None = None
    """Who thinks at every stage; a model needs an endpoint."""
    without: tuple[str, ...] = ()
    """Tools that are taken out of the recordings."""
    strategy: Strategy | None = None
    looks: float | None = Field(default=None, gt=0, le=1)
    """Share of the captions that may be used, by the gate."""

    @field_validator("settings")
    @classmethod
    def _can_be_set(cls, settings: dict[str, Any]) -> dict[str, Any]:
        for name in settings:
            if name in NOT_HERE:
                raise ValueError(f"`{name}` can't be set here: {NOT_HERE[name]}")
        return settings


class Suite(Model):
    """All cells of one ablation, and what they are worked on."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    title: str
    on: str | None = None
    """A row of `panda eval` that is worked from captions."""
    recordings: str | None = None
    """A folder of recordings, from the suite's folder; in the place of `on`."""
    truth: str | None = None
    """What is true of them: a CSV, from the suite's folder, or the name of a data set."""
    videos: Split = "all"
    first: int | None = Field(default=None, ge=1)
    """Only so many of them, in the order of the set."""
    common: Cell = Cell()
    """What all cells have."""
    reference: str
    """The cell that every other one is held against."""
    cells: dict[str, Cell] = Field(default_factory=dict)
    axes: dict[str, dict[str, Cell]] = Field(default_factory=dict)
    """Ways to vary one thing: every choice of one value from each axis is a cell, `axis=value, axis=value`."""
    ladder: bool = False
    """Also the rungs m0 to m6 of PANDA's ablation."""
    leave_one_tool_out: bool = False
    """Also a cell without each tool that ran."""

    @model_validator(mode="before")
    @classmethod
    def _empty_cells(cls, tree: Any) -> Any:
        """`name:` with nothing behind it is a cell that differs in nothing."""
        if not isinstance(tree, dict):
            return tree
        axes = tree.get("axes")
        filled = {name: _filled(values) for name, values in axes.items()} if isinstance(axes, dict) else axes
        told = {"cells": _filled(tree.get("cells")), "axes": filled}
        return tree | {name: value for name, value in told.items() if name in tree}

    @model_validator(mode="after")
    def _works_on_something(self) -> Suite:
        if (self.on is None) == (self.recordings is None) or (self.recordings is None) != (self.truth is None):
            raise ValueError("it needs either `on`, or `recordings` and `truth`")
        return self


def load_suite(path: Path) -> Suite:
    """Read a suite.

    Raises:
        UserError: It can't be read, or something in it is wrong; the sentence says where.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The suite {path} can't be read: {error}.", hint="Check the path.") from error
    except yaml.YAMLError as error:
        raise UserError(f"The suite {path.name} is not YAML: {' '.join(str(error).split())}.") from error
    try:
        return Suite.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise UserError(
            f"The suite {path.name} is wrong at {place}: {first['msg'].removeprefix('Value error, ')}.",
            hint="docs/ablations.md lists what it can hold.",
        ) from error


def _filled(cells: Any) -> Any:
    return {name: cell or {} for name, cell in cells.items()} if isinstance(cells, dict) else cells


class _Loader(yaml.SafeLoader):
    """YAML in which `on` and `off` are words, as version 1.2 has it, and no name may come twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} comes twice", node.start_mark)
        return super().construct_mapping(node, deep)


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0] != _BOOL] for letter, pairs in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
