"""What a scripted model answers: the format of a script, and a backend that plays one inside the process.

A script is a YAML file: a model's name, what its endpoint can't do, a personality, and rules, of which the first that
matches a request answers it. The fake server plays the same scripts over HTTP; both ask `Player` and nobody else.

    model: qwen-test
    personality: obedient            # answers where no rule does
    max_images: 8                    # more are refused as vLLM refuses them
    rules:
    - when: {purpose: caption, nth: [1, 4]}
      status: 429
      retry_after: 1
    - when: {contains: fight, has_pictures: true}
      json: {reason: Two people wrestle., letters: [B], answer: yes}
      logprobs: {yes: 0.9, no: 0.1}
    - when: {purpose: plan}
      text: no JSON at all
      times: 1                       # then the personality's turn
    - delay: 0.2                     # the rest, as the personality answers it, but slower
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal, get_args

import httpx2
import openai
import yaml
from pydantic import BaseModel, Field, JsonValue, ValidationError, field_validator, model_validator

from panda_agent.backends.openai_chat import PURPOSE_HEADER, OpenAIBackend
from panda_agent.backends.protocol import Profile
from panda_agent.errors import UserError
from panda_agent.settings import ModelSettings
from panda_agent.types.time import Model

Personality = Literal["obedient", "lying", "slow", "rate_limited", "malformed", "text_only", "refusing"]
Ability = Literal["json_schema", "json_object", "logprobs", "seed", "pictures"]
ABILITIES: tuple[Ability, ...] = get_args(Ability)
MODELS = "models"
"""The purpose of a request for the list of models."""
SLOW = 1.0
"""Seconds that the slow personality takes."""
SOON = 0.2
"""Seconds after which the rate-limited personality wants to be asked again."""
CHARS = 4
"""Characters that count as one token of a request."""
NEVER = -9999.0
"""Logarithm of the probability of a token that can't be."""
BORN = 1_790_000_000
"""When every model and reply was made: a script has no clock."""
MOST_BYTES = 5_000_000
"""Largest script."""
MOST_TEXT = 2000
"""Longest text that is made up, in characters."""
DEEP = 6
"""Levels of a shape below which only what must be is filled."""
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n")
"""How files of pictures begin."""
FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "a@example.org",
    "uri": "http://example.org/",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
}
"""An example of each format."""
EXAMPLES = ("", "a", "A", "0", "1", "A1", "a-b", "0.5", "00:00", *FORMATS.values())
"""Tried where text must have a pattern."""
PLAUSIBLE = {
    "description": "A person walks across a yard from left to right.",
    "doing": "walking",
    "reason": "Nothing in the pictures speaks for it.",
    "objects": "bag",
    "visible_text": "EXIT",
}
"""What an obedient model says, by field."""
LETTERED = ("letter", "letters")
"""Fields that name pictures."""
_TELLS = {"properties": "object", "items": "array", "minLength": "string", "pattern": "string", "minimum": "number"}
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+$")
_FIELD = re.compile(r"\s*\d+\. \w+:")  # how prompts explain the fields of a shape
_ORDER = re.compile(
    r"\b(ignore|disregard|forget|override|instead|you (must|are|will|should)|system|instructions?|"
    r"(say|report|reply|respond|answer|output|print|call|use)\b(?=\W+\S))",
    re.IGNORECASE,
)


class When(Model):
    """Which requests a rule is for: all that is given must hold."""

    purpose: str | None = None
    """The call site, e.g. `caption`; only rules for `models` answer the request for the list of models."""
    contains: str | None = None
    """Words that stand somewhere in the request."""
    nth: tuple[int, ...] = ()
    """Of the requests that meet the rest, only these, from 1: a number or a list."""
    has_pictures: bool | None = None

    @field_validator("nth", mode="before")
    @classmethod
    def _several(cls, nth: object) -> object:
        return (nth,) if isinstance(nth, int) else nth

    def holds(self, request: Request) -> bool:
        """Whether the request is of this kind, whichever of its kind it is."""
        named = (None, request.purpose) if request.purpose != MODELS else (MODELS,)
        return (
            self.purpose in named
            and (self.contains is None or self.contains in request.text)
            and self.has_pictures in (None, request.pictures > 0)
        )


class Usage(Model):
    """Tokens that a reply says it took, whatever it took."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Rule(Model):
    """One answer. Without text, json, body or status the personality's answer is given, later or cut off as said."""

    when: When = When()
    text: str | None = None
    """The model's words."""
    value: JsonValue = Field(default=None, alias="json")
    """The model's words, as JSON."""
    body: str | None = None
    """The whole body of the response, as it is."""
    status: int = Field(default=200, ge=200, le=599)
    error: str | dict[str, JsonValue] | None = None
    """A message, or an error object in OpenAI's format; needs a status of 400 or more."""
    delay: float = Field(default=0.0, ge=0)
    """Seconds before anything is sent."""
    retry_after: float | str | None = None
    """Seconds, or a date, for the header of that name."""
    finish: str | None = None
    """The reason given for the end of the reply."""
    refusal: str | None = None
    """The refusal field; the reply then has no text of its own."""
    logprobs: dict[str, float] = Field(default_factory=dict)
    """Probabilities of tokens that stand for one another: wherever one of them comes in the reply."""
    usage: Usage | None = None
    times: int | None = Field(default=None, ge=1)
    """How often the rule answers, before later ones get their turn."""
    stall: bool = False
    """Begin a response, and trickle blanks for ever."""
    close: bool = False
    """Close the connection in the middle of the response."""

    @model_validator(mode="after")
    def _one_answer(self) -> Rule:
        answers = [name for name in ("text", "value", "body", "error", "refusal") if name in self.model_fields_set]
        if len(answers) > 1:
            raise ValueError(f"it has {' and '.join(answers).replace('value', 'json')}, of which one is enough")
        if self.status >= 400 and not {*answers} <= {"body", "error"}:
            raise ValueError(
                f"status {self.status} has a body or an error, and no {answers[0].replace('value', 'json')}"
            )
        if self.error is not None and self.status < 400:
            raise ValueError("an error needs a status of 400 or more")
        return self

    @field_validator("logprobs")
    @classmethod
    def _probabilities(cls, chances: dict[str, float]) -> dict[str, float]:
        if not all(0 <= p <= 1 for p in chances.values()) or sum(chances.values()) > 1 + 1e-9:
            raise ValueError("probabilities lie between 0 and 1 and add up to no more than 1")
        return chances

    @property
    def answers(self) -> bool:
        """Whether it says what is answered, and not only how."""
        return self.status >= 400 or bool({"text", "value", "body", "refusal"} & self.model_fields_set)

    @property
    def words(self) -> str | None:
        """What the model says; None where it refuses."""
        return json.dumps(self.value, ensure_ascii=False) if "value" in self.model_fields_set else self.text

    def over(self, usual: Rule) -> Rule:
        """The usual answer, sent as this rule says."""
        return usual.model_copy(update={name: getattr(self, name) for name in self.model_fields_set - {"when"}})


class Script(Model):
    """A model and its endpoint."""

    model: str = "scripted"
    also_serves: tuple[str, ...] = ()
    """More models, which answer the same."""
    personality: Personality | None = None
    """Who answers where no rule does; None fills any shape with the least that is valid."""
    rules: tuple[Rule, ...] = ()
    refuses: tuple[Ability, ...] = ()
    """What is answered by a 400."""
    ignores: tuple[Ability, ...] = ()
    """What is taken without a word and not heeded."""
    max_images: int | None = Field(default=None, ge=0)
    context: int | None = Field(default=None, ge=1)
    """Tokens of question and reply together, told by the list of models."""
    image_tokens: int = Field(default=85, ge=0)
    """Tokens of one picture."""

    @property
    def models(self) -> tuple[str, ...]:
        """All that are served."""
        return (self.model, *self.also_serves)

    @property
    def cannot(self) -> frozenset[Ability]:
        """What is answered by a 400."""
        return frozenset({*self.refuses, "pictures"} if self.personality == "text_only" else self.refuses)

    @property
    def sha256(self) -> str:
        """Hash of all that it says."""
        return hashlib.sha256(self.model_dump_json(exclude_unset=True).encode()).hexdigest()


class _Loader(yaml.SafeLoader):
    """Takes yes and no for words, as YAML 1.2 does: models answer by them."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as the base class has it
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":bool")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), ["t", "f"])


def load_script(path: Path) -> Script:
    """Read a script.

    Raises:
        UserError: There is no such file, or something in it is wrong; the sentence says where.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"The script {path} is larger than {MOST_BYTES // 1_000_000} MB.")
        tree = yaml.load(path.read_bytes(), _Loader)
    except OSError as error:
        raise UserError(f"The script {path} can't be read: {error.strerror}.", hint="Check the path.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"The script {path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(tree, dict):
        raise UserError(f"The script {path} must be a mapping.", hint="Begin with `model:` and `rules:`.")
    try:
        return Script.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        hint = f"It may hold {', '.join(_known(first['loc']))}." if first["type"] == "extra_forbidden" else None
        problem = first["msg"].removeprefix("Value error, ")
        raise UserError(f"The script {path} is wrong at {_place(first['loc'])}: {problem}.", hint=hint) from error


def _place(loc: tuple[int | str, ...]) -> str:
    """Name a rule by its number, from 1."""
    match loc:
        case ("rules", int(i), *rest):
            return ".".join([f"rule {i + 1}", *map(str, rest)])
    return ".".join(map(str, loc)) or "the top"


def _known(loc: tuple[int | str, ...]) -> list[str]:
    kind: type[Model] = When if "when" in loc else Usage if "usage" in loc else Rule if "rules" in loc else Script
    return [field.alias or name for name, field in kind.model_fields.items()]


@dataclass(frozen=True)
class Request:
    """A request as far as a script minds it."""

    purpose: str = ""
    text: str = ""
    """All texts of all messages."""
    said: str = ""
    """The texts of the user's messages alone."""
    pictures: int = 0
    schema: Mapping[str, Any] | None = None
    wishes: frozenset[Ability] = frozenset()
    """What it asks for beside words."""
    top_logprobs: int = 0
    max_tokens: int | None = None
    model: str = ""


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]]


class _Schema(BaseModel):
    name: str
    shape: dict[str, Any] = Field(alias="schema")


class _Format(BaseModel):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: _Schema | None = None


class _Body(BaseModel):
    """The fields of a chat completion that the server minds; others are taken and not heeded."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    response_format: _Format = _Format()
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    seed: int | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    n: Literal[1] | None = None
    stream: Literal[False] | None = None


def read_request(purpose: str, raw: bytes) -> Request:
    """Read the body of a chat completion.

    Raises:
        ValueError: It is none; the message says why.
    """
    try:
        body = _Body.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise ValueError(f"Invalid value for {place}: {first['msg']}.") from None
    parts = [(message.role, part) for message in body.messages for part in _parts(message)]
    texts = [(role, part["text"]) for role, part in parts if part["type"] == "text"]
    held = body.response_format.json_schema
    wishes = {
        body.response_format.type: True,
        "logprobs": body.logprobs,
        "seed": body.seed is not None,
        "pictures": len(texts) < len(parts),
    }
    return Request(
        purpose=purpose or (held.name if held else ""),
        text="\n".join(text for _, text in texts),
        said="\n".join(text for role, text in texts if role == "user"),
        pictures=len(parts) - len(texts),
        schema=held.shape if held else None,
        wishes=frozenset(name for name in ABILITIES if wishes.get(name)),
        top_logprobs=body.top_logprobs or 0,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        model=body.model,
    )


def _parts(message: _Message) -> Iterator[dict[str, Any]]:
    if isinstance(message.content, str):
        yield {"type": "text", "text": message.content}
        return
    for part in message.content:
        match part:
            case {"type": "text", "text": str()}:
                yield part
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                _check_picture(url)
                yield part
            case _:
                raise ValueError(f"Invalid part of a message: its type is {part.get('type')!r}.")


def _check_picture(url: str) -> None:
    head, _, code = url.partition(";base64,")
    try:
        if not head.startswith("data:image/") or not base64.b64decode(code, validate=True).startswith(PICTURES):
            raise ValueError
    except ValueError:
        raise ValueError("Invalid image_url: it is no JPEG or PNG as a base64 data URL.") from None


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


def _served(script: Script) -> str:
    told: dict[str, JsonValue] = {"object": "model", "created": BORN, "owned_by": "script"}
    if script.context is not None:
        told["max_model_len"] = script.context
    return json.dumps({"object": "list", "data": [{"id": name, **told} for name in script.models]})


def _misfit(request: Request, script: Script) -> Outcome | None:
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


def _outcome(rule: Rule, request: Request, script: Script) -> Outcome:
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


class Player:
    """Plays a script to requests over HTTP, real or not; any thread may ask it.

    Args:
        script: What to play.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self._lock = threading.Lock()
        self._met: Counter[int] = Counter()
        self._played: Counter[int] = Counter()
        self._unruled = 0

    def handle(self, method: str, path: str, purpose: str, body: bytes) -> Outcome:
        """Answer a request as an OpenAI-compatible endpoint does.

        Args:
            method: GET or POST.
            path: With or without the query.
            purpose: What the header `X-Panda-Purpose` says; empty where there is none.
            body: As it was sent.
        """
        try:
            match method, path.partition("?")[0].rstrip("/"):
                case "GET", "/v1/models":
                    return self._listed()
                case "POST", "/v1/chat/completions":
                    return self._chat(purpose, body)
        except (ValueError, UserError) as error:
            return wrong(str(error))
        return wrong(f"There is nothing at {method} {path}.", status=404)

    def _listed(self) -> Outcome:
        rule = self._matching(Request(purpose=MODELS)) or Rule()
        if not rule.answers:
            rule = rule.over(Rule(body=_served(self.script)))
        return _outcome(rule, Request(), self.script)

    def _chat(self, purpose: str, body: bytes) -> Outcome:
        request = read_request(purpose, body)
        if request.model not in self.script.models:
            return wrong(f"The model {request.model!r} does not exist.", code="model_not_found", status=404)
        return _misfit(request, self.script) or self._played_to(request)

    def _played_to(self, request: Request) -> Outcome:
        rule = self._matching(request)
        if rule is None or not rule.answers:
            usual = self._usual(request)
            rule = usual if rule is None else rule.over(usual)
        return _outcome(rule, request, self.script)

    def _matching(self, request: Request) -> Rule | None:
        with self._lock:
            for i, rule in enumerate(self.script.rules):
                if not rule.when.holds(request) or self._played[i] == rule.times:
                    continue
                self._met[i] += 1
                if not rule.when.nth or self._met[i] in rule.when.nth:
                    self._played[i] += 1
                    return rule
        return None

    def _usual(self, request: Request) -> Rule:
        """What the personality answers."""
        with self._lock:
            n, self._unruled = self._unruled, self._unruled + 1
        who, shape = self.script.personality, _shape(request, self.script)
        writer = _WRITERS.get(who, Obedient)
        if who == "rate_limited" and n % 10 in (0, 3, 6):
            return Rule(status=429, error={"message": "Rate limit reached.", "code": "rate_limited"}, retry_after=SOON)
        if who == "refusing":
            return REFUSALS[n % len(REFUSALS)]
        if shape is None:
            return Rule(text=writer({}, request).text("description", 0) or "Nothing can be seen.")
        if who == "malformed":
            return _malformed(n, shape, request)
        value = writer(shape, request).fill()
        return Rule(json=value, delay=SLOW if who == "slow" else 0.0)


def _shape(request: Request, script: Script) -> Mapping[str, Any] | None:
    """The shape that the model holds itself to: as the endpoint enforces it, or as it stands in the request."""
    if request.schema is not None:
        return None if "json_schema" in script.ignores else request.schema
    for start in re.finditer(r"\{", request.text):
        try:
            found, _ = json.JSONDecoder().raw_decode(request.text, start.start())
        except (ValueError, RecursionError):
            continue
        if {"properties", "$ref", "anyOf"} & found.keys():
            return found  # type: ignore[no-any-return]
    return None


class Filler:
    """Makes a value for a JSON schema: the least that is valid, the same every time.

    Knows what pydantic writes: $ref, allOf, anyOf, oneOf, enum, const, formats, limits; not `not`, `if` or `contains`.

    Args:
        schema: The whole schema.
        request: What it is an answer to.
    """

    every = False
    """Fields that may be left out are filled as well."""
    items = 0
    """Items of a list, where its limits allow."""

    def __init__(self, schema: Mapping[str, Any], request: Request) -> None:
        self._root, self._request = schema, request

    def fill(self) -> JsonValue:
        """The value.

        Raises:
            UserError: The schema asks for text of a pattern for which no example is known.
            ValueError: It is no JSON schema, or one that nothing fits.
        """
        try:
            return self._make(self._root, "", 0)
        except (LookupError, ArithmeticError, TypeError, AttributeError, ValueError, RecursionError, re.error) as error:
            raise ValueError(f"Invalid schema: {type(error).__name__} while it was filled.") from error

    def text(self, name: str, i: int) -> str:
        """What a field of text says, as the i-th item of a list, from 0."""
        return f"{i}" if i else ""

    def choice(self, name: str, options: Sequence[JsonValue]) -> JsonValue:
        """Which of several values a field has."""
        return options[0]

    def number(self, least: float, most: float) -> float:
        """A number between limits, which may be infinite: the one nearest to 0."""
        return min(max(0.0, least), most)

    def yes(self) -> bool:
        """What a field that is true or false has."""
        return False

    def _make(self, schema: Any, name: str, depth: int, i: int = 0) -> JsonValue:
        schema = self._plain(schema, depth)
        if "const" in schema:
            return schema["const"]  # type: ignore[no-any-return]
        if "enum" in schema:
            options = schema["enum"]
            return self.choice(name, options[i % len(options) :] + options[: i % len(options)])
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return self._string(schema, name, i)
            case "integer" | "number" as kind:
                return self._number(schema, kind, i)
            case "boolean":
                return self.yes()
        return None

    def _plain(self, schema: Any, depth: int) -> dict[str, Any]:
        """The schema without references and alternatives."""
        if not isinstance(schema, Mapping):
            return {}  # true: anything will do
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        parts = [*schema.get("allOf", ()), *([self._at(schema["$ref"])] if "$ref" in schema else ())]
        several = schema.get("anyOf") or schema.get("oneOf")
        if several:
            parts.append(self._branch(several, depth))
        for part in parts:
            rest = _joined(rest, self._plain(part, depth))
        return rest

    def _at(self, ref: str) -> Any:
        node: Any = self._root
        for part in ref.removeprefix("#").strip("/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")] if part else node
        return node

    def _branch(self, several: Sequence[Any], depth: int) -> Any:
        """Null where that is the least, or where a shape holds itself; else the first."""
        nothing = [one for one in several if isinstance(one, Mapping) and one.get("type") == "null"]
        something = [one for one in several if one not in nothing]
        return nothing[0] if nothing and (not self.every or depth > DEEP or not something) else something[0]

    def _object(self, schema: Mapping[str, Any], depth: int) -> JsonValue:
        fields, needed = schema.get("properties", {}), list(schema.get("required", ()))
        if self.every and depth <= DEEP:
            needed = list(dict.fromkeys([*fields, *needed]))
        others = [
            *(name for name in fields if name not in needed),
            *(f"key{i}" for i in range(schema.get("minProperties", 0))),
        ]
        missing = max(0, schema.get("minProperties", 0) - len(needed))
        usual = schema.get("additionalProperties", {})
        return {name: self._make(fields.get(name, usual), name, depth + 1) for name in [*needed, *others[:missing]]}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> JsonValue:
        first: list[Any] = list(schema.get("prefixItems", ()))
        wanted = 0 if depth > DEEP or schema.get("items") is False else self.items
        count = max(schema.get("minItems", 0), min(max(wanted, len(first)), schema.get("maxItems", math.inf)))
        kinds = first + [schema.get("items", {})] * (count - len(first))
        return [self._make(kind, name, depth + 1, i) for i, kind in enumerate(kinds)]

    def _string(self, schema: Mapping[str, Any], name: str, i: int) -> str:
        if "format" in schema:
            return FORMATS.get(schema["format"], "")
        least, most = schema.get("minLength", 0), schema.get("maxLength", MOST_TEXT)
        said = self.text(name, i)
        if "pattern" not in schema:
            return said[:most].ljust(least, "a")
        tried: list[str] = [said, *EXAMPLES, *(char * least for char in "aA0")]
        for example in tried:
            if least <= len(example) <= most and re.search(schema["pattern"], example):
                return example
        raise UserError(
            f"No text is known for the pattern {schema['pattern']!r} of the field {name!r}.",
            hint="Give the script a rule that answers this request.",
        )

    def _number(self, schema: Mapping[str, Any], kind: str, i: int) -> float:
        step = schema.get("multipleOf", 1 if kind == "integer" else 0)
        nudge = step or 1e-6
        least = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + nudge)
        most = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - nudge)
        value = min(self.number(least, most) + i * (step or 1), most)
        value = math.ceil(value / step - 1e-9) * step if step else value
        return int(value) if kind == "integer" else value


def _type_of(schema: Mapping[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        return "null" if "null" in kind else str(kind[0])
    return str(kind) if kind else next((_TELLS[key] for key in schema if key in _TELLS), None)


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both schemas at once."""
    fields = {**other.get("properties", {}), **one.get("properties", {})}
    needed = list(dict.fromkeys([*other.get("required", ()), *one.get("required", ())]))
    return {**other, **one, **({"properties": fields} if fields else {}), **({"required": needed} if needed else {})}


class Obedient(Filler):
    """Answers every shape as a helpful model would, and does and repeats what the text that it reads tells it to."""

    every, items = True, 2

    def text(self, name: str, i: int) -> str:
        """Something plausible, and every order that was found."""
        letters = ascii_uppercase[: self._request.pictures] or "A"
        if name in LETTERED:
            return letters[i % len(letters)]
        told = PLAUSIBLE.get(name, "A person walks by.") + (f" {i + 1}" if i else "")
        return " ".join([told, *_orders(self._request)])

    def choice(self, name: str, options: Sequence[JsonValue]) -> JsonValue:
        """What an order tells it, where one names one of them; else the last, which is often the careful one."""
        for order in _orders(self._request):
            named = [one for one in options if re.search(rf"\b{re.escape(str(one))}\b", order, re.IGNORECASE)]
            if len(named) == 1:
                return named[0]
        return "good" if "good" in options else options[-1]


class Liar(Filler):
    """Well-formed and wrong: violence, people who are not there, letters that were not shown, no doubt at all."""

    every, items = True, 3

    def text(self, name: str, i: int) -> str:
        """A crime."""
        return f"Z{i}" if name in LETTERED else f"A masked man stabs {i + 3} people and sets the yard on fire."

    def choice(self, name: str, options: Sequence[JsonValue]) -> JsonValue:
        """The most alarming answer."""
        return next((one for one in ("yes", "abnormal", "anomalous", "high") if one in options), options[0])

    def number(self, least: float, most: float) -> float:
        """As much as may be; 1 where there is no limit."""
        return most if math.isfinite(most) else max(1.0, least)

    def yes(self) -> bool:
        """Yes."""
        return True


def _orders(request: Request) -> list[str]:
    """Sentences of the user's text that tell the reader what to do."""
    sentences = re.split(r"(?<=[^\W\d][.!?])\s+|\n", request.said)
    return [one.strip() for one in sentences if _ORDER.search(one) and not _FIELD.match(one)]


def _malformed(n: int, shape: Mapping[str, Any], request: Request) -> Rule:
    good = Obedient(shape, request).fill()
    text = json.dumps(good)
    fields = good if isinstance(good, dict) else {"value": good}
    shapes: list[str] = [
        f"```json\n{text}\n```",
        f"Certainly! Here is the answer:\n{text}\nLet me know if you need more.",
        f"<think>The shape has braces {{}}, so I use some.</think>{text}",
        f"{text}\n{text}",
        json.dumps(shape),
        re.sub(r"([}\]])", r",\1", text),
        text[: len(text) * 2 // 3],
        re.sub(r'"[^"]*"(?=[,}])', "NaN", text),
        json.dumps({name: [str(value)] for name, value in fields.items()}),
        json.dumps(dict(list(fields.items())[1:])),
        json.dumps([good]),
        "",
    ]
    return Rule(text=shapes[n % len(shapes)])


_WRITERS: Mapping[Personality | None, type[Filler]] = {None: Filler, "lying": Liar}
REFUSALS = (
    Rule(status=400, error={"message": "The prompt was filtered by the content policy.", "code": "content_filter"}),
    Rule(text="", finish="content_filter"),
    Rule(refusal="I can't help with that."),
    Rule(text="I'm sorry, but I can't assist with that request."),
)
"""Four ways in which models decline."""


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
