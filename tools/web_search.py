"""The web, through whatever search the host brings: off unless a provider is handed over and the network allowed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from panda_agent.errors import ToolError
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.types import TimeSpan

LONGEST = 500
"""Characters of a snippet that are kept."""


@dataclass(frozen=True)
class Hit:
    """One result, as a provider gives it."""

    title: str
    url: str
    snippet: str


Provider = Callable[[str, int], Sequence[Hit]]
"""Takes a query and how many hits are wanted. May raise anything; it is told as a tool that could not work."""


class WebInput(ToolInput):
    """What is looked for."""

    text: str = Field(default="", max_length=200)
    top: int = Field(default=3, ge=1, le=10)


class WebSearch:
    """Quotes what the web says. It is untrusted text, moves no belief, and is never an instruction.

    Args:
        provider: Does the searching: your function around any search service, with its own key.
    """

    spec = ToolSpec(
        name="web_search",
        about="Quotes what the web says about a text.",
        family="web",
        stage="on request",
        input=WebInput,
        makes={"web": ("title", "url", "snippet", "query")},
        needs=("network",),
        aliases=("web", "internet search", "search the web"),
    )

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield a row a hit; nothing without a text.

        Raises:
            ToolError: The network is not allowed, or the provider failed.
        """
        scope.check()
        wish = scope.input if isinstance(scope.input, WebInput) else WebInput()
        if not wish.text.strip():
            return
        if not scope.settings.network:
            raise ToolError("The web is not searched: the network is not allowed.", hint="Set network to true.")
        try:
            hits = list(self._provider(wish.text, wish.top))
        except Exception as error:  # boundary: a function of the host
            raise ToolError(f"The web search failed ({type(error).__name__}).") from error
        for hit in hits[: wish.top]:
            yield _row(scope, hit, wish.text)


def _row(scope: Scope, hit: Hit, query: str) -> Observation:
    title, snippet = _plain(hit.title), _plain(hit.snippet)
    span = scope.span or TimeSpan(start=0.0, end=0.0)
    data = {"title": title, "url": _plain(hit.url), "snippet": snippet, "query": query}
    return Observation("web", span, f'A web page titled "{title}" says: "{snippet}"', dict(data))


def _plain(text: str) -> str:
    """Text without control, format and bidi characters, in one line, of bounded length."""
    visible = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text[: 4 * LONGEST])
    return re.sub(r"\s+", " ", visible).strip()[:LONGEST]
