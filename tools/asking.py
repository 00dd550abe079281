"""A request to the model, from the prompts of the pack: the same way for tools and for the reasoner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panda_agent.prompts.prompt_packs import PromptPack
from panda_agent.settings import ModelSettings
from panda_agent.types import Model

if TYPE_CHECKING:
    from panda_agent.backends.protocol import Ask, Picture

TOP_LOGPROBS = 8


def ask_of(
    wish: ModelSettings,
    prompts: PromptPack,
    purpose: str,
    shape: type[Model],
    pictures: Sequence[Picture] = (),
    *,
    scored: bool = False,
    **values: object,
) -> Ask:
    """Build a request.

    Args:
        wish: How the model is asked.
        prompts: Its words.
        purpose: The prompt, and the name of the call site in the ledger.
        shape: What the reply must be.
        pictures: In order of time.
        scored: Its answer is to become a number, from the chances of its tokens where the settings say so.
        values: Inputs of the prompt beside `pictures`, `first` and `last`, as far as its manifest names them.
    """
    from panda_agent.backends.protocol import Ask

    known = prompts.prompts[purpose].inputs
    if "pictures" in known:
        values |= {"pictures": len(pictures)}
        values |= {"first": pictures[0].letter, "last": pictures[-1].letter} if pictures else {"first": "", "last": ""}
    given = {name: value for name, value in values.items() if name in known}
    return Ask(
        purpose=purpose,
        system=prompts.render(f"{purpose}.system", **given),
        text=prompts.render(f"{purpose}.text", **given),
        pictures=tuple(pictures),
        shape=shape.model_json_schema(),
        max_tokens=max(wish.max_tokens, prompts.prompts[purpose].tokens),
        seed=wish.seed,
        top_logprobs=TOP_LOGPROBS if scored and wish.score_mode != "decoded" else 0,
    )
