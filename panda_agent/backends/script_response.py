"""What a scripted endpoint sends back: chat completions, errors and the list of models, in OpenAI's format."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from panda_agent.backends.script import Rule, Script, Usage
from panda_agent.backends.script_request import Request

CHARS = 4
"""Characters that count as one token of a request."""
NEVER = -9999.0
"""Logarithm of the probability of a token that can't be."""
BORN = 1_790_000_000
"""When every model and reply was made: a script has no clock."""
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+$")


@dataclass(frozen=True)
class Outcome:
    """What happens to a request: a response, and how it is sent."""

    body: str
    status: int = 200
    delay: float = 0.0
    retry_after: float | str | None = None
    stall: bool = False
    close: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Of the response, all but its length."""
        later = {} if self.retry_after is None else {"retry-after": f"{self.retry_after}"}
        return {"content-type": "application/json"} | later


def wrong(message: str, *, code: str | None = None, status: int = 400) -> Outcome:
    """A refusal of the endpoint, in OpenAI's format."""
    return Outcome(_error_body({"message": message, "code": code}), status)


def _error_body(error: Mapping[str, JsonValue]) -> str:
    return json.dumps({"error": {"type": "invalid_request_error", "param": None, "code": None, **error}})


def served(script: Script) -> str:
    """The list of models."""
    told: dict[str, JsonValue] = {"object": "model", "created": BORN, "owned_by": "script"}
    if script.context is not None:
        told["max_model_len"] = script.context
    return json.dumps({"object": "list", "data": [{"id": name, **told} for name in script.models]})


def misfit(request: Request, script: Script) -> Outcome | None:
    """The 400 of a request that the endpoint can't serve; the words are those of servers in use."""
    for wish in sorted(request.wishes & script.cannot):
        if wish == "pictures":
            return wrong("image_url is not supported by this model.")
        return wrong(f"{wish} is not supported by this model.", code="unsupported_parameter")
    if script.max_images is not None and request.pictures > script.max_images:
        return wrong(f"At most {script.max_images} image(s) may be provided in one request.")
    asked, most = _tokens_in(request, script), script.context
    if most is not None and asked + (request.max_tokens or 0) > most:
        return wrong(
            f"This model's maximum context length is {most} tokens. However, you requested "
            f"{asked + (request.max_tokens or 0)} tokens ({asked} in the messages, {request.max_tokens or 0} in the "
            "completion). Please reduce the length of the messages or completion.",
            code="context_length_exceeded",
        )
    return None


def _tokens_in(request: Request, script: Script) -> int:
    return math.ceil(len(request.text) / CHARS) + request.pictures * script.image_tokens


def outcome_of(rule: Rule, request: Request, script: Script) -> Outcome:
    """What a rule that says what is answered makes of a request."""
    body = rule.body
    if body is None:
        body = _error_of(rule) if rule.status >= 400 else json.dumps(_completion(rule, request, script))
    return Outcome(body, rule.status, rule.delay, rule.retry_after, rule.stall, rule.close)


def _error_of(rule: Rule) -> str:
    error = rule.error if rule.error is not None else f"The script answers with status {rule.status}."
    return _error_body({"message": error} if isinstance(error, str) else error)


def _completion(rule: Rule, request: Request, script: Script) -> dict[str, Any]:
    tokens = _TOKEN.findall(rule.words or "")
    most = len(tokens) if request.max_tokens is None else request.max_tokens
    words = "".join(tokens[:most])
    usage = rule.usage or Usage(prompt_tokens=_tokens_in(request, script), completion_tokens=len(tokens[:most]))
    asked = "logprobs" in request.wishes - {*script.ignores}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None if rule.refusal else words, "refusal": rule.refusal},
        "finish_reason": rule.finish or ("stop" if len(tokens) <= most else "length"),
        "logprobs": {"content": [_chances(token, rule, request) for token in tokens[:most]]} if asked else None,
    }
    return {
        "id": "chatcmpl-" + hashlib.sha256(f"{request.text}\0{request.pictures}\0{words}".encode()).hexdigest()[:24],
        "object": "chat.completion",
        "created": BORN,
        "model": script.model,
        "choices": [choice],
        "usage": {**usage.model_dump(), "total_tokens": usage.prompt_tokens + usage.completion_tokens},
    }


def _chances(token: str, rule: Rule, request: Request) -> dict[str, Any]:
    """One token and its alternatives, likeliest first."""
    given = {name.strip().lower(): p for name, p in rule.logprobs.items()}
    p = given.get(token.strip().lower())
    if p is None:
        return {**_chance(token, 1.0), "top_logprobs": [_chance(token, 1.0)][: request.top_logprobs]}
    ranked = sorted(rule.logprobs.items(), key=lambda item: -item[1])[: request.top_logprobs]
    return {**_chance(token, p), "top_logprobs": [_chance(name, chance) for name, chance in ranked]}


def _chance(token: str, p: float) -> dict[str, Any]:
    return {"token": token, "logprob": math.log(p) if p else NEVER, "bytes": list(token.encode())}
