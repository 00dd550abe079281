"""Language models behind an OpenAI-compatible endpoint, and scripted ones for tests."""

from panda_agent.backends.calls import Answer, ModelCalls
from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.ledger import Ledger, Spent
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.protocol import Ask, Backend, Picture, Profile, Reply
from panda_agent.backends.purse import BudgetSpent
from panda_agent.backends.script import Script, load_script
from panda_agent.backends.scripted import ScriptedBackend

__all__ = [
    "Answer",
    "Ask",
    "Backend",
    "BudgetSpent",
    "FakeServer",
    "Ledger",
    "ModelCalls",
    "OpenAIBackend",
    "Picture",
    "Profile",
    "Reply",
    "Script",
    "ScriptedBackend",
    "Spent",
    "load_script",
]
