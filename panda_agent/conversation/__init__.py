"""Talking about a finished case: turns in a closed grammar, answered from evidence, rules and tools."""

from panda_agent.conversation.forms import FORMS, Form, Nearest, read
from panda_agent.conversation.session import Conversation
from panda_agent.conversation.turns import Reply, Turn

__all__ = ["FORMS", "Conversation", "Form", "Nearest", "Reply", "Turn", "read"]
