"""How the reasoner speaks to the model: one request at a time, each noted in the case log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from panda_agent.errors import BackendError, QuotaExhausted, Unreachable
from panda_agent.reasoning.base import Means
from panda_agent.reasoning.suspicion import order_in
from panda_agent.tools.asking import ask_of
from panda_agent.types import Model

if TYPE_CHECKING:
    from panda_agent.backends.calls import Answer
    from panda_agent.backends.protocol import Picture

M = TypeVar("M", bound=Model)


class Misled(BackendError):
    """What the model was told, or gave back, reads like an order: nothing may rest on its answer.

    Args:
        order: The text.
        seen: It stands in the reply alone, so that it was seen in the pictures.
    """

    def __init__(self, order: str, *, seen: bool) -> None:
        where = "it gave back" if seen else "it was told"
        super().__init__(f'a text that {where} reads like an order, "{order}", so its answer counts for nothing.')
        self.order, self.seen = order, seen


class Voice:
    """Asks for one case.

    Args:
        means: The model, the prompts, and where steps are noted.
    """

    def __init__(self, means: Means) -> None:
        self._means = means

    def ask(
        self,
        purpose: str,
        shape: type[M],
        step: str,
        *,
        pictures: Sequence[Picture] = (),
        scored: bool = False,
        **values: Any,
    ) -> Answer[M]:
        """Ask once.

        Args:
            purpose: The prompt.
            shape: What the reply must be.
            step: Names the question in the case log, where it is told from others of its purpose.
            pictures: In order of time.
            scored: The answer is to become a number.
            values: Inputs of the prompt.

        Raises:
            BackendError: There is no such reply; `BudgetSpent` where the case may ask no more.
        """
        from panda_agent.backends.calls import Answer

        means = self._means
        try:
            calls = means.calls()
            ask = ask_of(means.scope.settings.model, means.prompts, purpose, shape, pictures, scored=scored, **values)
            got = calls.read([ask], shape)[0]
        except BackendError as error:
            got = error
        self._note(f"ask {purpose} {step}".strip(), got)
        if isinstance(got, Answer):
            return got
        raise got

    def ask_warily(self, purpose: str, shape: type[M], step: str, **values: Any) -> Answer[M]:
        """Ask once, and take no answer that a text may have ordered: for what is advice, and nothing to be filed.

        Raises:
            BackendError: There is no such reply; `Misled` where there is one that can't be trusted.
        """
        got = self.ask(purpose, shape, step, **values)
        told, back = order_in(values.get("data")), order_in(got.value.model_dump(mode="json"))
        if told is not None or back is not None:
            raise Misled(told or back or "", seen=told is None)
        return got

    def _note(self, step: str, got: Answer[M] | BackendError) -> None:
        if isinstance(got, BackendError):
            self._means.log(step, {"failed": got.message})
        else:
            told = got.value.model_dump(mode="json")
            self._means.log(
                step, {"call": got.call_id, "repaired": got.repaired, "letters": got.letters, "reply": told}
            )


def is_final(error: BackendError, means: Means) -> bool:
    """Whether a case must not go on without the model: its account is empty, or it was wanted by name and is away."""
    strict = means.scope.settings.tier == "model"
    return isinstance(error, QuotaExhausted) or (strict and isinstance(error, Unreachable))
