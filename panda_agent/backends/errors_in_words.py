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

QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
TRANSIENT = (408, 409, 429, 500, 502, 503, 504, 529)
"""Status codes that pass by themselves, whatever is said with them, unless it is one of the things below."""
_OVERFLOW = re.compile(
    r"""context_length_exceeded | maximum\ context\ length | exceed\w*\ (the\ )?(available\ )?context
    | context\ (size|length|window) | prompt\ (is\ )?too\ long | too\ many\ tokens | input\ is\ too\ long
    | longer\ than\ the\ maximum\ model\ length""",
    re.I | re.X,
)
_LIMIT = re.compile(
    r"""(?:maximum\ context\ length\ (?:is|of) | context\ (?:size|length|window)[^0-9]{0,20}
    | maximum\ model\ length\ of)\D{0,8}(\d{3,8})""",
    re.I | re.X,
)
_IMAGES = re.compile(
    r"at most (\d+) image|(?:too many|maximum (?:number )?of) images?\D*(\d+)?|limit[-_ ]mm[-_ ]per[-_ ]prompt", re.I
)
_NO_VISION = re.compile(
    r"""image_url[^.]{0,60}(not|n't|un)\s?support | image\ input\ is\ not\ supported
    | does\ not\ support\ (image|vision|multimodal) | (not|isn't|is\ not)\ a\ (multimodal|vision)\ model | mmproj
    | unsupported\ content.{0,20}image | content\ must\ be\ a\ string | unknown\ variant\ .?image_url""",
    re.I | re.X,
)
_FILTER = re.compile(r"content_filter|content management policy|content policy|responsibleaipolicy|safety system", re.I)


def in_plain_words(error: openai.OpenAIError, url: str) -> BackendError:
    """An error of the SDK as one of ours; nothing of the request is in it.

    Args:
        error: What was raised.
        url: The endpoint.
    """
    if isinstance(error, openai.APITimeoutError):
        return Unreachable(f"The model endpoint {url} did not answer in time.", hint="Raise model.timeout.")
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, url)
    if isinstance(error, openai.APIConnectionError):
        return Unreachable(
            f"The model endpoint {url} can't be reached.", hint="Is it running, and is model.base_url right?"
        )
    return BackendError(f"The model endpoint {url} gave an answer that is none ({type(error).__name__}).")


def _of_status(error: openai.APIStatusError, url: str) -> BackendError:
    text, status = _told(error), error.status_code
    if status in (401, 403) and not _FILTER.search(text):
        return BackendError(
            f"The model endpoint {url} refuses the key.", hint="Set PANDA_API_KEY to one that it takes."
        )
    if error.code in QUOTA or any(code in text for code in QUOTA):
        return QuotaExhausted(f"The account at {url} has no money left.", hint="Top it up, then resume the case.")
    if status == 429:
        return Unreachable(f"The model endpoint {url} is asked too often.", hint="Lower model.concurrency, or wait.")
    if _FILTER.search(text):
        return Refused(f"A content filter at {url} declined the pictures.", hint="Another endpoint may be less shy.")
    if found := _IMAGES.search(text):
        return _too_many(found, url)
    if _NO_VISION.search(text):
        return NoVision(f"The model at {url} takes no pictures.", hint="Set model.name to one that sees.")
    if status == 413 or _OVERFLOW.search(text):
        return _overflow(text, url)
    if status in TRANSIENT:
        return Unreachable(f"The model endpoint {url} answers with status {status}.", hint="Try again later.")
    return BackendError(f"The model endpoint {url} answers with status {status}.", hint=_hint(status))


def _too_many(found: re.Match[str], url: str) -> TooManyImages:
    number = next((int(group) for group in found.groups() if group), 1)
    error = TooManyImages(
        f"The model endpoint {url} takes {number} pictures a request.", hint="Set model.frames to that."
    )
    error.limit = number
    return error


def _overflow(text: str, url: str) -> Overflow:
    found = _LIMIT.search(text)
    return Overflow(
        f"The request is longer than the context of the model at {url}.",
        hint="Lower model.frames or model.image_side, or serve it with a longer context.",
    ).with_(limit=int(found.group(1)) if found else None)


def _told(error: openai.APIStatusError) -> str:
    """The error's own words; of Azure's, the inner error too."""
    body: Any = error.body
    return body if isinstance(body, str) else json.dumps(body) if body is not None else str(error.message)


def _hint(status: int) -> str:
    """What to look at; the error's own words are not quoted, as some servers put the key into them."""
    return "Is model.name one that it serves?" if status == 404 else "Its log may say more."
