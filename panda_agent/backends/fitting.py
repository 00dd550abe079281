"""A request that is too much for a model, made smaller: fewer pictures, or all of them in one."""

from __future__ import annotations

from panda_agent.backends.protocol import Ask, Profile
from panda_agent.errors import BackendError, Overflow, TooManyImages

TRIES = 2
"""How often a request is made smaller before it is given up."""
ON_A_SHEET = "(All pictures are tiles of one image; the letter of each is burnt into its corner.)"


def fitted(ask: Ask, profile: Profile) -> Ask:
    """The request with as many pictures as the model is known to take.

    Args:
        ask: What is to be asked.
        profile: What is known of the model.
    """
    from panda_agent.backends.pictures import room_for

    room = room_for(profile, len(ask.system) + len(ask.text), ask.max_tokens)
    return ask if room is None or len(ask.pictures) <= room else _with(ask, room, one_image=profile.max_images == 1)


def smaller(ask: Ask, error: BackendError) -> Ask | None:
    """The request as the endpoint may take it, after it refused a larger one; None where there is no way.

    Args:
        ask: What was refused.
        error: Why.
    """
    count = len(ask.pictures)
    if count < 2:
        return None
    if isinstance(error, TooManyImages):
        limit = min(error.limit or 1, count - 1)
        return _with(ask, limit, one_image=limit == 1) if limit > 0 else None
    return _with(ask, count // 2) if isinstance(error, Overflow) else None


def _with(ask: Ask, count: int, *, one_image: bool = False) -> Ask:
    from panda_agent.backends.pictures import contact_sheet, thinned

    if one_image:
        sheet = contact_sheet(ask.pictures)
        return ask.model_copy(update={"pictures": (sheet,), "text": f"{ask.text}\n{ON_A_SHEET}"})
    return ask.model_copy(update={"pictures": thinned(ask.pictures, count)})
