"""Language models behind an OpenAI-compatible endpoint."""

from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.protocol import Backend

__all__ = ["Backend", "OpenAIBackend"]
