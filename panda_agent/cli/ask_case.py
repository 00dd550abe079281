"""`panda ask`: talk about a finished case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from panda_agent.cli.options import CaseId, Json
from panda_agent.errors import UserError

if TYPE_CHECKING:
    from panda_agent.conversation.session import Conversation
    from panda_agent.conversation.turns import Reply


def ask(
    case: CaseId,
    turns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TURN]...",
            help='What to ask, each in quotes, e.g. "why 0:12"; without any, a session, or lines from a pipe.',
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Ask about a finished case, tell what you know, and have it looked at or weighed again."""
    from panda_agent.cli.talk import talk, told
    from panda_agent.conversation.session import Conversation
    from panda_agent.investigator import Investigator
    from panda_agent.settings import load_settings

    settings = load_settings()
    with Conversation(Investigator(settings), case) as conversation:
        conversation.docket  # noqa: B018  # what is wrong with the case is better said before the first question
        if not turns and not as_json:
            talk(conversation, settings.root)
            return 0
        return _answered(conversation, turns or [], told, as_json=as_json)


def _answered(conversation: Conversation, turns: list[str], told: Any, *, as_json: bool) -> int:
    """Answer turns one after the other; one that is not understood, or names what is missing, is an error of usage."""
    from panda_agent.cli.output import print_json, print_plain, say

    replies: list[tuple[str, Reply]] = []
    for text in turns:
        reply = _reply(conversation, text)
        replies.append((text, reply))
        if as_json:
            continue
        if reply.puzzled:
            for line in told(reply):
                say(line)
        elif reply.lines:
            print_plain("\n".join(told(reply)))
    if as_json:
        print_json([{"turn": text, **reply.model_dump(mode="json")} for text, reply in replies])
    return 2 if any(reply.puzzled for _, reply in replies) else 0


def _reply(conversation: Conversation, text: str) -> Reply:
    from panda_agent.conversation.turns import Reply

    try:
        return conversation.say(text)
    except UserError as error:
        return Reply(lines=(str(error),), puzzled=True)
