"""What a scripted model answers: the format of a script, and how it is read from a file.

A script is a YAML file: a model's name, what its endpoint can't do, a personality, and rules, of which the first that
matches a request answers it. The fake server plays scripts over HTTP, `ScriptedBackend`
inside the process; both ask `Player` and nobody else.

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

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import yaml
from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from panda_agent.errors import UserError
from panda_agent.types.time import Model

if TYPE_CHECKING:
    from panda_agent.backends.script_request import Request

Personality = Literal["obedient", "lying", "slow", "rate_limited", "malformed", "text_only", "refusing"]
Ability = Literal["json_schema", "json_object", "logprobs", "seed", "pictures"]
ABILITIES: tuple[Ability, ...] = get_args(Ability)
MODELS = "models"
"""The purpose of a request for the list of models."""
MOST_BYTES = 5_000_000
"""Largest script."""


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
