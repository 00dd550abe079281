"""A script in the place of an endpoint, inside the process."""

from __future__ import annotations

import asyncio

import httpx2
import openai

from panda_agent.backends.openai_chat import PURPOSE_HEADER, OpenAIBackend
from panda_agent.backends.player import Player
from panda_agent.backends.protocol import Profile
from panda_agent.backends.script import Script
from panda_agent.settings import ModelSettings


class ScriptTransport(httpx2.AsyncBaseTransport):
    """Carries requests of the SDK to a script instead of over a network."""

    def __init__(self, player: Player) -> None:
        self._player = player

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer when the script says so; a stalled answer never comes."""
        body = await request.aread()
        purpose = request.headers.get(PURPOSE_HEADER, "")
        outcome = self._player.handle(request.method, request.url.path, purpose, body)
        await asyncio.sleep(outcome.delay)
        if outcome.stall:
            await asyncio.Event().wait()
        if outcome.close:
            raise httpx2.RemoteProtocolError("closed by the script", request=request)
        return httpx2.Response(outcome.status, headers=outcome.headers, text=outcome.body, request=request)


class ScriptedBackend(OpenAIBackend):
    """A script in the place of an endpoint, without a server: all but the network is as with a real one.

    Args:
        script: What to play.
        settings: How to ask; the address is ignored.
        profile: What the model can do; everything is taken for granted where None.
        first_wait: Seconds before a failed request is tried again.
    """

    def __init__(
        self,
        script: Script,
        settings: ModelSettings | None = None,
        profile: Profile | None = None,
        *,
        first_wait: float = 0.01,
    ) -> None:
        wish = settings or ModelSettings()
        place = {"base_url": f"http://script-{script.sha256[:12]}/v1", "name": wish.name or script.model}
        super().__init__(wish.model_copy(update=place), profile, first_wait=first_wait)
        client = openai.DefaultAsyncHttpx2Client(transport=ScriptTransport(Player(script)))
        self._client = self._client.with_options(http_client=client)
