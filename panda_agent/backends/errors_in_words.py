"""What an endpoint's errors mean, in one sentence each, by the words that servers use for them."""

from __future__ import annotations

import json
import re
from typing import Any

import openai

from panda_agent.errors import (
    BackendError,
    NoVision,
    Overflow,
    QuotaExhausted,
    Refused,
    TooManyImages,
    Unreachable,
)

TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, *range(520, 525), 529})
"""Status codes that pass by themselves, unless what is said with them is one of the things below."""
MOST_TEXT = 4000
"""Characters of an error that are read: some servers send the whole request back."""
_QUOTA = re.compile(r"insufficient[_ ](?:quota|balance|credits)|billing_hard_limit_reached|billing_not_active", re.I)
_OVERFLOW = re.compile(
    r"""context_length_exceeded | exceed_context_size | maximum\ context\ length | maximum\ model\ length
    | exceeds?\ (?:the\ )?(?:available\ |max\ )?context | too\ (?:long|large)\ (?:to\ fit|for\ (?:the\ )?model)
    | prompt\ (?:is\ )?too\ long | input\ (?:is\ )?too\ long | too\ many\ tokens | context\ (?:size|length|window)
    | exceeds?\ the\ (?:configured\ limit|maximum\ number)\ of\ (?:\d+\ )?tokens | request\ too\ large""",
    re.I | re.X,
)
_TOO_LARGE = re.compile(r"request too large", re.I)
_LIMIT = re.compile(
    r"""(?: maximum\ (?:context|model)\ length | context\ (?:size|length|window) | configured\ limit\ of
          | tokens\ allowed | n_ctx ) \D{0,20}? (\d[\d,]{2,})
      | (\d[\d,]{2,})\ maximum\ context\ length
      | >\ (\d[\d,]{2,})\ maximum""",
    re.I | re.X,
)
_IMAGES = re.compile(
    r"""at\ most\ \d+\ image | up\ to\ \d+\ images | too\ many\ images | (?:maximum|number)\ (?:number\ )?of\ images
    | limit[-_ ]mm[-_ ]per[-_ ]prompt""",
    re.I | re.X,
)
_MOST_IMAGES = re.compile(
    r"""(?: at\ most | up\ to | max(?:imum)?(?:\ number\ of\ images)?(?:\ is|\ of|:)? | limit(?:\ is|\ of|:)?
          | \bimage= | > ) \ {0,2}(\d{1,4})\b""",
    re.I | re.X,
)
_NO_VISION = re.compile(
    r"""image_url[^.]{0,60}(?:not|n't|un)\s?support | image_url\ is\ only\ supported\ by
    | unknown\ variant\ .?image_url | content['"]?\ must\ be\ a\ string | unsupported\ content.{0,20}image
    | \bimages?(?:\ inputs?)?\ (?:is|are)\ not\ (?:supported|enabled|available)
    | (?:not|n't)\ support\ (?:images?\b|image\ input|vision|multimodal) | support\ image\ input | mmproj
    | (?:not|isn't)\ an?\ (?:multimodal|vision)\ model | required\ for\ image\ input""",
    re.I | re.X,
)
_FILTER = re.compile(
    r"""content_?filter | content\ (?:management\ )?policy | responsibleaipolicy | safety\ system | usage\ polic
    | data_?inspection_?failed | inappropriate\ content | prohibited_content | \bflagged\b""",
    re.I | re.X,
)
_PARAMETER = re.compile(r"['`](max_tokens|temperature)['`][^.]{0,20}\bnot support", re.I)


class NotTaken(BackendError):
    """The endpoint does not take the request as it is, for a reason that is none of the other errors."""

    parameter: str | None = None
    """The part of the request that it names, where another will do."""


def in_plain_words(error: openai.OpenAIError, url: str) -> BackendError:
    """An error of the SDK as one of ours; nothing of the request is in it.

    Args:
        error: What was raised.
        url: The endpoint.
    """
    if isinstance(error, openai.APITimeoutError):
        return Unreachable(f"The model endpoint {url} did not answer in time.", hint="Raise model.timeout.")
    if isinstance(error, openai.APIStatusError):
        return of_status(error.status_code, error.body if error.body is not None else error.message, url)
    if isinstance(error, openai.APIConnectionError):
        return Unreachable(
            f"The model endpoint {url} can't be reached.", hint="Is it running, and is model.base_url right?"
        )
    return BackendError(f"The model endpoint {url} gave an answer that is none ({type(error).__name__}).")


def of_status(status: int, body: Any, url: str) -> BackendError:
    """What a status code means with what is told beside it.

    Args:
        status: Of the response, or what the response names as its code.
        body: The error's own words or JSON, with Azure's inner error.
        url: The endpoint.
    """
    text = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))[:MOST_TEXT]
    if status == 402 or _QUOTA.search(text):
        return QuotaExhausted(f"The account at {url} has no money left.", hint="Top it up, then resume the case.")
    if status == 429 and not _TOO_LARGE.search(text):
        return Unreachable(f"The model endpoint {url} is asked too often.", hint="Lower model.concurrency, or wait.")
    known = _of_words(status, text, url)
    if known is not None:
        return known
    if status in (401, 403):
        return BackendError(
            f"The model endpoint {url} refuses the key.", hint="Set PANDA_API_KEY to one that it takes."
        )
    told = f"The model endpoint {url} answers with status {status}."
    if status in TRANSIENT:
        return Unreachable(told, hint="Try again later.")
    return BackendError(told, hint="Is model.name one that it serves?") if status == 404 else _not_taken(told, text)


def _of_words(status: int, text: str, url: str) -> BackendError | None:
    """What an error is by its words, whatever its status."""
    if _FILTER.search(text):
        return Refused(f"A content filter at {url} declined the request.", hint="Another endpoint may be less shy.")
    if _IMAGES.search(text):
        return _too_many(text, url)
    if _NO_VISION.search(text):
        return _blind(url)
    return _overflow(text, url) if status == 413 or _OVERFLOW.search(text) else None


def _blind(url: str) -> NoVision:
    return NoVision(f"The model at {url} takes no pictures.", hint="Set model.name to one that sees.")


def _too_many(text: str, url: str) -> NoVision | TooManyImages:
    found = _MOST_IMAGES.search(text)
    limit = int(found[1]) if found else None
    if limit == 0:
        return _blind(url)
    told = {None: "fewer pictures", 1: "1 picture"}.get(limit, f"{limit} pictures")
    return TooManyImages(
        f"The model endpoint {url} takes {told} a request.", hint="Lower model.frames, or serve it with a higher limit."
    ).with_(limit=limit)


def _overflow(text: str, url: str) -> Overflow:
    found = _LIMIT.search(text)
    limit = next((int(number.replace(",", "")) for number in found.groups() if number), None) if found else None
    return Overflow(
        f"The request is longer than the context of the model at {url}.",
        hint="Lower model.frames or model.image_side, or serve it with a longer context.",
    ).with_(limit=limit)


def _not_taken(told: str, text: str) -> NotTaken:
    """The error's own words are not quoted, as some servers put the key into them."""
    error = NotTaken(told, hint="Its log may say more.")
    found = _PARAMETER.search(text)
    error.parameter = found[1].lower() if found else None
    return error
