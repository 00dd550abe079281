"""What the agent asks of a model endpoint, and what it gets back."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import Field

from panda_agent.types.time import Model

SchemaMode = Literal["schema", "object", "prompted"]
"""How a reply is held to a shape: by JSON schema, to be any JSON object, or by asking for it in words."""


class Picture(Model):
    """One picture as it is sent. Hashed after encoding, so that the same bytes are the same call."""

    letter: str
    """A, B, C ...: how the model is to name it; never a time."""
    jpeg: bytes = Field(repr=False)
    width: int
    height: int
    time: float = 0.0
    """Seconds of the video. Not sent: the agent maps letters to times itself."""


class Turn(Model):
    """One earlier message of a conversation, e.g. a reply that has to be mended."""

    role: Literal["user", "assistant"]
    text: str


class Ask(Model):
    """One request. Everything in it is part of its content address."""

    purpose: str
    """The call site, e.g. `caption`: for the ledger, and for scripts that answer by it."""
    system: str
    """Instructions: ours, never text from a video."""
    text: str
    """The question, with untrusted text fenced off in it."""
    pictures: tuple[Picture, ...] = ()
    shape: dict[str, Any] | None = None
    """JSON schema of the reply; None takes prose."""
    history: tuple[Turn, ...] = ()
    """Turns after the question, oldest first."""
    max_tokens: int = 1000
    temperature: float = 0.0
    seed: int | None = 0
    top_logprobs: int = 0
    """Probabilities of this many tokens at each place of the reply; 0 asks for none."""
    sample: int = 0
    """Counts intended repetitions: another sample is another call."""


class TokenChances(Model):
    """One token of a reply with its likeliest alternatives."""

    token: str
    chances: dict[str, float]
    """Natural logarithm of the probability, by token."""


class Reply(Model):
    """What came back, before anybody reads meaning into it."""

    text: str
    finish: str | None = None
    """Why it ended, in the endpoint's word: stop, length, content_filter ..."""
    refusal: str | None = None
    """The endpoint's refusal field, where it has one."""
    model: str
    """The model that answered, in its own words."""
    tokens_in: int = 0
    tokens_out: int = 0
    logprobs: tuple[TokenChances, ...] = ()
    body: str = Field(default="", repr=False)
    """The reply's JSON, verbatim."""


class Profile(Model):
    """What an endpoint and model can do: found out once by probing, or learnt from its errors."""

    url: str
    model: str
    vision: bool = True
    """It told the test card right."""
    max_images: int | None = None
    """Pictures a request; None = no limit is known."""
    schema_mode: SchemaMode = "schema"
    """The strictest way that it was seen to keep to."""
    logprobs: bool = False
    context: int | None = None
    """Tokens of question and reply together; None = not known."""
    image_tokens: int | None = None
    """Tokens that one picture of the test card took; None = not known."""
    seed: bool = False
    """It takes a seed."""


class Backend(Protocol):
    """A model endpoint. Every failure is a `BackendError` with one sentence; none holds a key."""

    @property
    def address(self) -> str:
        """Names endpoint and model; part of every call's content address."""
        ...

    async def models(self) -> list[str]:
        """Names of the models that the endpoint serves, sorted."""
        ...

    async def complete(self, ask: Ask) -> Reply:
        """Send one request and wait for the reply, with the retries that the table allows.

        Raises:
            Unreachable, QuotaExhausted, Refused, Overflow, TooManyImages, NoVision: See `errors`.
        """
        ...

    async def close(self) -> None:
        """Close its connections; closing twice is fine."""
        ...
