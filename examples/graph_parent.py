"""The loop as one node of a larger LangGraph graph, which decides what to do with the verdict.

    python -m examples.graph_parent [VIDEO]

`build_graph()` brings no checkpointer: it inherits the parent's, and the whole is resumed by the parent's thread id.
Give each video a thread of its own: a state that holds a `case_id` goes on with that case.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from examples.sample import video_of
from panda_agent import Verdict, build_graph


class Incident(TypedDict, total=False):
    """What the parent graph remembers; `video`, `case_id` and `verdict` are shared with the loop."""

    video: str
    case_id: str
    verdict: dict[str, Any]
    todo: str


def triage(state: Incident) -> Literal["call", "file"]:
    """Somebody must look at whatever is not plainly normal."""
    return "file" if state["verdict"]["label"] == "normal" else "call"


def call(state: Incident) -> Incident:
    verdict = Verdict.model_validate(state["verdict"])
    return {"todo": f"call the guard: {verdict.headline} (case {state['case_id']})"}


def file(state: Incident) -> Incident:
    return {"todo": "file it"}


def main(arguments: Sequence[str]) -> None:
    graph = StateGraph(Incident)
    graph.add_node("investigate", build_graph())
    graph.add_node(call)
    graph.add_node(file)
    graph.add_edge(START, "investigate")
    graph.add_conditional_edges("investigate", triage)
    graph.add_edge("call", END)
    graph.add_edge("file", END)
    incidents = graph.compile(checkpointer=InMemorySaver())
    done = incidents.invoke({"video": video_of(arguments)}, {"configurable": {"thread_id": "incident-1"}})
    print(done["todo"])


if __name__ == "__main__":
    main(sys.argv[1:])
