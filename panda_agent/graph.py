"""The detective's loop as a LangGraph: every node and every edge.

open ─► perceive ─► plan ─► reason ─┬─ settled ─► record ─► more clips? ─► conclude
                              ▲     └─ unclear ─► reflect ─► act
                              └───────────────────────────────┘   the same clip, seen anew
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from panda_agent.nodes.act import act
from panda_agent.nodes.conclude import conclude
from panda_agent.nodes.desk import Desk
from panda_agent.nodes.open_case import open_case
from panda_agent.nodes.perceive import Emit, perceive
from panda_agent.nodes.plan import plan
from panda_agent.nodes.reason import reason
from panda_agent.nodes.record import record
from panda_agent.nodes.reflect import reflect
from panda_agent.nodes.state import CaseInput, CaseOutput, CaseState
from panda_agent.reasoning.base import Reasoner
from panda_agent.settings import Settings, load_settings
from panda_agent.tools import Tool

Node = Callable[[Desk, CaseState, Emit], CaseState]
NODES: tuple[Node, ...] = (open_case, perceive, plan, reason, reflect, act, record, conclude)


def build_graph(
    settings: Settings | None = None,
    *,
    tools: Iterable[Tool] = (),
    reasoner: Reasoner | None = None,
    desk: Desk | None = None,
    checkpointer: Any = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the loop: input {video, question?, settings?}, output {case_id, verdict}.

    Args:
        settings: Settings of new cases; read from environment and panda.toml by default.
        tools: More tools, or others of the same name.
        reasoner: Who judges; by default a model where there is one, else the rules.
        desk: What the nodes share; made from the arguments before by default.
        checkpointer: None inherits the saver of a parent graph.
    """
    shared = desk or Desk(settings or load_settings(), tools, reasoner)
    graph = StateGraph(CaseState, input_schema=CaseInput, output_schema=CaseOutput)
    for node in NODES:
        graph.add_node(node.__name__, _bind(node, shared), input_schema=CaseState)
    graph.add_edge(START, "open_case")
    graph.add_edge("open_case", "perceive")
    graph.add_edge("perceive", "plan")
    graph.add_conditional_edges("plan", more_clips)
    graph.add_conditional_edges("reason", is_settled)
    graph.add_conditional_edges("reflect", is_there_a_way)
    graph.add_edge("act", "reason")
    graph.add_conditional_edges("record", more_clips)
    graph.add_edge("conclude", END)
    return graph.compile(checkpointer=checkpointer, name="panda_agent")


def is_settled(state: CaseState) -> Literal["record", "reflect"]:
    """An unclear clip is reflected on."""
    return "record" if state["settled"] else "reflect"


def is_there_a_way(state: CaseState) -> Literal["record", "act"]:
    """Reflection found a tool to try, or gave up."""
    return "record" if state["settled"] else "act"


def more_clips(state: CaseState) -> Literal["reason", "conclude"]:
    """Go on until the last clip, or until a budget runs out."""
    return "conclude" if state["stopped"] or state["cursor"] >= state["clips"] else "reason"


class Step(Protocol):
    """A node as LangGraph calls it: the name of its argument counts."""

    def __call__(self, state: CaseState) -> CaseState:
        """State in, plain update out."""
        ...


def _bind(node: Node, desk: Desk) -> Step:
    def step(state: CaseState) -> CaseState:
        write = get_stream_writer()
        return node(desk, state, lambda event: write(event.model_dump(mode="json")))

    return step
