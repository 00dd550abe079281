"""Where LangGraph keeps the place in the loop at which a case stands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.serde.types import ERROR
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

FILE = "graph.db"
"""Inside the case folder."""


class Checkpoints(AsyncSqliteSaver):
    """Keeps steps that are whole, and of a step that failed or was cut off nothing, so that it is made again.

    LangGraph files what a cancelled step had written so far as its result. Between a node's update and the choice of
    the next node that is half a step: the case would end there, without a verdict, when it is resumed.
    """

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what a step wrote, if it came to its end."""
        if all(channel != ERROR for channel, _ in writes):
            await super().aput_writes(config, writes, task_id, task_path)


@asynccontextmanager
async def checkpoints_in(folder: Path) -> AsyncIterator[Checkpoints]:
    """Open the checkpoints of a case folder."""
    async with AsyncSqliteSaver.from_conn_string(str(folder / FILE)) as plain:
        # strict: no type but plain data is revived
        yield Checkpoints(plain.conn, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
