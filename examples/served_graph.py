"""The graph for a LangGraph server: langgraph.json at the root of the repository names `panda`.

A server calls a factory that takes parameters with its own configuration, so this one takes none.
"""

from __future__ import annotations

from typing import Any

from langgraph.graph.state import CompiledStateGraph

from panda_agent import build_graph


def panda() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the loop with the settings of the environment; the server brings the checkpointer."""
    return build_graph()
