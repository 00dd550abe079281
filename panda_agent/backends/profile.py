"""What an endpoint and model can do, found out with a test card once, and kept.

A model that takes pictures may still not see them: it must read a word and name a colour that it can't know.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import ValidationError

from panda_agent.backends import replies
from panda_agent.backends.errors_in_words import NotTaken
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.pictures import encode
from panda_agent.backends.protocol import Ask, Picture, Profile, Reply, SchemaMode
from panda_agent.errors import BackendError, BadReply, NoVision, Refused
from panda_agent.settings import ModelSettings
from panda_agent.types.time import Model

FOLDER = "profiles"
"""Under PANDA_HOME."""
WORDS = ("MAPLE", "TIGER", "ROCKET", "VIOLIN", "HARBOR", "CANDLE", "WINTER", "PEPPER", "BRIDGE", "MARBLE", "SADDLE")
COLOURS = {"red": (200, 30, 30), "green": (20, 140, 40), "blue": (30, 60, 200), "yellow": (235, 215, 40)}
PROBE_TOKENS = 1000
"""Of the reply, at most: some models think aloud first."""
CALLS = 5
"""Of one probe, at most."""
MODES: tuple[SchemaMode, ...] = ("schema", "object", "prompted")
"""The strictest first."""
CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length")
"""Where servers tell the length of the context in their list of models."""


class Card(Model, extra="ignore"):
    """What stands on a test card."""

    word: str
    colour: str


async def profile_of(backend: OpenAIBackend, home: Path) -> Profile:
    """The profile of an endpoint and its model: kept from earlier, else probed now with at most five calls.

    A model that did not see is asked again each time: its server may have been mended since.

    Args:
        backend: The endpoint. It is given the profile, and asks accordingly from then on.
        home: Where profiles are kept.

    Raises:
        UserError: The endpoint serves several models, and none is named.
        BackendError: It can't be asked at all.
    """
    model = await backend.settle_model()
    path = _path(home, backend.address)
    profile = _kept(path)
    if profile is None or profile.url != backend.address or not profile.vision:
        profile = await probe(backend, model)
        _keep(path, profile)
    backend.profile = profile
    return profile


def kept_profile(settings: ModelSettings, home: Path) -> Profile | None:
    """What was found out about an endpoint earlier, without asking it; None where nothing was.

    Args:
        settings: Where it is and which model; without a model's name, the only one that is known there.
        home: Where profiles are kept.
    """
    known = [profile for path in sorted((home / FOLDER).glob("*.json")) if (profile := _kept(path)) is not None]
    place = (settings.base_url or "").rstrip("/")
    here = [one for one in known if one.url.split(" ")[0] == place]
    named = [one for one in here if settings.name in (None, one.model)]
    return named[0] if len(named) == 1 else None


async def probe(backend: OpenAIBackend, model: str) -> Profile:
    """Try what an endpoint can do, the strictest way first, with at most five calls.

    Raises:
        BackendError: It can't be asked at all.
    """
    context = await _context(backend, model)
    return await _Prober(backend, model).found(Profile(url=backend.address, model=model, context=context))


class _Prober:
    """Shows one card in several ways."""

    def __init__(self, backend: OpenAIBackend, model: str) -> None:
        self._backend, self._left = backend, CALLS
        self._word, self._colour = _choice(model)
        self._trouble: BackendError | None = None

    async def found(self, bare: Profile) -> Profile:
        """What the endpoint can do, from what is known without a call.

        Raises:
            BackendError: It takes the card in no way.
        """
        seen: Profile | None = None
        for mode in MODES:
            try:
                tried = await self._tried(bare.model_copy(update={"schema_mode": mode}))
            except (NoVision, Refused):
                return bare.model_copy(update={"vision": False})
            if tried is not None:
                seen, told = tried
                if told:
                    return seen
        if seen is None:
            raise self._trouble or BackendError("The test card was not shown.")
        return seen

    async def _tried(self, plain: Profile) -> tuple[Profile, bool] | None:
        """One mode with all that may go with it, else without; and whether the reply had the shape."""
        full = plain.model_copy(update={"logprobs": True, "seed": True})
        if self._left > 1 and (reply := await self._shown(full)) is not None:
            return self._told(full, reply)
        if (reply := await self._shown(plain)) is None:
            return None
        seen, told = self._told(plain, reply)
        return (await self._with_more(seen) if told and seen.vision else seen), told

    async def _with_more(self, seen: Profile) -> Profile:
        """Of what was refused together, what is taken alone."""
        for field in ("logprobs", "seed"):
            more = seen.model_copy(update={field: True})
            if self._left and (reply := await self._shown(more)) is not None:
                return more.model_copy(update={"logprobs": bool(reply.logprobs)})
        return seen

    async def _shown(self, way: Profile) -> Reply | None:
        """The reply; None where the endpoint does not take one of the things that were asked for."""
        self._left -= 1
        self._backend.profile = way
        room = PROBE_TOKENS if way.context is None else min(PROBE_TOKENS, max(1, way.context // 4))
        ask = card_ask(self._word, self._colour).model_copy(update={"max_tokens": room})
        try:
            return await self._backend.complete(ask)
        except NotTaken as error:
            self._trouble = error
            return None

    def _told(self, way: Profile, reply: Reply) -> tuple[Profile, bool]:
        """The profile by what came back, and whether that had the shape that was asked for."""
        card = _read(reply.text, strict=way.schema_mode != "prompted")
        learnt = {
            "vision": card is not None and self._is_right(card),
            "logprobs": bool(reply.logprobs),
            "image_tokens": reply.tokens_in or None,  # words and picture together: an upper bound
        }
        return way.model_copy(update=learnt), card is not None

    def _is_right(self, card: Card) -> bool:
        named = [colour for colour in COLOURS if colour in card.colour.lower()]
        return card.word.strip().upper() == self._word and named == [self._colour]


def _read(text: str, *, strict: bool) -> Card | None:
    """What was read on the card; a mode in which a model talks around its JSON is not kept to."""
    if strict and not text.startswith("{"):
        return None
    try:
        return replies.read(text, Card)
    except BadReply:
        return None


def amend(home: Path, profile: Profile, **learnt: Any) -> Profile:
    """Keep what an error taught, for this and later cases.

    Args:
        home: Where profiles are kept.
        profile: What was known.
        learnt: Fields of it.
    """
    better = profile.model_copy(update=learnt)
    _keep(_path(home, profile.url), better)
    return better


def card_ask(word: str, colour: str) -> Ask:
    """The request that shows a test card; the names of the fields stand in the shape alone: who uses them knows it."""
    return Ask(
        purpose="probe",
        system="You read test cards.",
        text="Picture A is a test card. Which word is on it, and is its background red, green, blue or yellow?",
        pictures=(test_card(word, colour),),
        shape=Card.model_json_schema(),
        max_tokens=PROBE_TOKENS,
        top_logprobs=5,
    )


def test_card(word: str, colour: str) -> Picture:
    """A coloured field with a word on it."""
    card = np.full((256, 448, 3), COLOURS[colour], np.uint8)
    (width, height), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, 2.2, 6)
    place = ((448 - width) // 2, (256 + height) // 2)
    cv2.putText(card, word, place, cv2.FONT_HERSHEY_SIMPLEX, 2.2, (255, 255, 255), 14, cv2.LINE_AA)
    cv2.putText(card, word, place, cv2.FONT_HERSHEY_SIMPLEX, 2.2, (0, 0, 0), 6, cv2.LINE_AA)
    return encode(card, "A", 0.0, side=448, most=100_000)


def _choice(model: str) -> tuple[str, str]:
    """A word and a colour that nobody can guess, the same each time."""
    digest = hashlib.sha256(model.encode()).digest()
    return WORDS[digest[0] % len(WORDS)], list(COLOURS)[digest[1] % len(COLOURS)]


async def _context(backend: OpenAIBackend, model: str) -> int | None:
    """Tokens of the context, where the list of models tells."""
    with suppress(BackendError):
        entry = next((one for one in await backend.listing() if one["id"] == model), {})
        told = [entry.get(name) for name in CONTEXT_FIELDS]
        if isinstance(meta := entry.get("meta"), dict):
            told.append(meta.get("n_ctx"))
        return next((value for value in told if type(value) is int and value > 0), None)
    return None


def _path(home: Path, address: str) -> Path:
    return home / FOLDER / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}.json"


def _kept(path: Path) -> Profile | None:
    try:
        return Profile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(path: Path, profile: Profile) -> None:
    """Replace the file; one that can't be written costs a probe, not an answer."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(profile.model_dump_json())
        os.replace(scratch, path)
