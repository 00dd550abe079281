"""What the agent asks of a model endpoint."""

from __future__ import annotations

from typing import Protocol


class Backend(Protocol):
    """A model endpoint. Every failure is a `BackendError` with one sentence; none holds a key."""

    async def models(self) -> list[str]:
        """Names of the models that the endpoint serves, sorted."""
        ...

    async def close(self) -> None:
        """Close its connections; closing twice is fine."""
        ...
