"""A chat completion as a reply: what is in it, or why there is none."""

from __future__ import annotations

import json
import math
from typing import Any

from panda_agent.backends.errors_in_words import of_status
from panda_agent.backends.protocol import Ask, Reply, TokenChances
from panda_agent.backends.refusals import is_refusal
from panda_agent.backends.replies import visible, without_thoughts
from panda_agent.errors import BadReply, Refused

LONGEST_NAME = 200
"""Characters of a model's name."""
MOST_TOKENS = 2**40
"""A count beyond this is none."""


def read_reply(body: str, ask: Ask, url: str) -> Reply:
    """Read a chat completion.

    Raises:
        BadReply: It is none.
        Refused: It declines.
        BackendError: It is an error in spite of its status.
    """
    tree = json_object(body)
    choice = _choice_of(tree, body, url)
    message, finish = choice["message"], choice.get("finish_reason")
    text, refusal = without_thoughts(_text(message.get("content"))), message.get("refusal")
    if finish == "content_filter" or refusal or is_refusal(text):
        raise _refused(str(refusal or text or "a content filter cut it off"), body)
    return Reply(
        text=text,
        finish=finish if isinstance(finish, str) else None,
        model=_whole(str(tree.get("model") or ""))[:LONGEST_NAME],
        tokens_in=_count(tree.get("usage"), "prompt_tokens"),
        tokens_out=_count(tree.get("usage"), "completion_tokens"),
        logprobs=_logprobs(choice.get("logprobs")) if ask.top_logprobs else (),
        body=body,
    )


def _choice_of(tree: dict[str, Any], body: str, url: str) -> dict[str, Any]:
    """The first choice, which has a message."""
    choices = tree.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
        return choice
    error = tree.get("error")
    if isinstance(error, dict):  # gateways begin a response before they know how it ends
        code = error.get("code")
        raise of_status(code if isinstance(code, int) else 200, error, url)
    raise _bad("it holds no choice", body)


def _text(content: Any) -> str:
    """The words of a message, which some servers give in parts, with thoughts among them."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type", "text") == "text"]
        return _whole("".join(str(part.get("text", "")) for part in parts))
    return _whole(content) if isinstance(content, str) else ""


def _whole(text: str) -> str:
    """Text without halves of characters, which JSON can name and no file can hold."""
    return text.encode(errors="replace").decode()


def json_object(body: str) -> dict[str, Any]:
    """The JSON object of a response.

    Raises:
        BadReply: It is none.
    """
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise _bad("it is no JSON object", body)
    return tree


def _bad(problem: str, body: str) -> BadReply:
    text = f"The model endpoint's reply is no chat completion: {problem}."
    return BadReply(text, hint="See it with `panda ledger show`.").with_(body=body)


def _refused(words: str, body: str) -> Refused:
    said = " ".join(visible(words).split())[:160]
    text = f'The model declined to answer: "{said}".'
    return Refused(text, hint="Another model may be less shy.").with_(body=body)


def _count(usage: Any, name: str) -> int:
    found = usage.get(name) if isinstance(usage, dict) else None
    return found if isinstance(found, int) and 0 <= found < MOST_TOKENS else 0


def _logprobs(told: Any) -> tuple[TokenChances, ...]:
    """The tokens with their chances; nothing where they are not told so."""
    tokens = told.get("content") if isinstance(told, dict) else None
    try:
        return tuple(
            TokenChances(token=_whole(token["token"]), chances=dict(map(_chance, token.get("top_logprobs") or [token])))
            for token in tokens or ()
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


def _chance(told: dict[str, Any]) -> tuple[str, float]:
    """A token and the logarithm of its probability, which is at most 0; null is what can't be."""
    logprob = -math.inf if told["logprob"] is None else float(told["logprob"])
    if math.isnan(logprob):
        raise ValueError("no number")
    return _whole(str(told["token"])), min(0.0, logprob)
