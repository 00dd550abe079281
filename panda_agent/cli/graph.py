"""`panda graph`: the loop as a Mermaid diagram."""

from __future__ import annotations

from panda_agent.cli.options import Json


def graph(as_json: Json = False) -> None:
    """Print the graph of the loop as Mermaid, drawn from the compiled graph itself."""
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.graph import build_graph

    drawn = build_graph().get_graph()
    if as_json:
        edges = [{"from": edge.source, "to": edge.target, "conditional": edge.conditional} for edge in drawn.edges]
        print_json({"nodes": list(drawn.nodes), "edges": edges, "mermaid": drawn.draw_mermaid()})
        return
    print_plain(drawn.draw_mermaid())
