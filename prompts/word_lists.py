"""Named lists of words in rule packs: `told mentions @blows`, with `blows: [punch, hit @body]` under `words`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from panda_agent.errors import UserError

MARK = "@"
"""Before a list's name, in a rule or in a phrase of another list."""


class WordLists:
    """The lists of a pack, each spelled out once.

    Args:
        lists: By name, as read from YAML.
    """

    def __init__(self, lists: Mapping[str, Any]) -> None:
        self._lists = lists
        self._spelled: dict[str, list[str]] = {}

    def put_into(self, rule: Any) -> Any:
        """A rule, as read from YAML, with the phrases of lists in the place of their names.

        Raises:
            UserError: It names a list that there is not, or one that comes back to itself.
        """
        if not isinstance(rule, dict) or not isinstance(rule.get("when"), list):
            return rule  # the model says what is wrong with it
        return rule | {"when": [self._condition(condition, str(rule.get("id"))) for condition in rule["when"]]}

    def _condition(self, condition: Any, rule: str) -> Any:
        if not isinstance(condition, dict) or not isinstance(condition.get("where"), list):
            return condition
        return condition | {"where": [self._predicate(one, rule) for one in condition["where"]]}

    def _predicate(self, one: Any, rule: str) -> Any:
        field, op, name = [*one.split(), "", "", ""][:3] if isinstance(one, str) else ("", "", "")
        if op != "mentions" or not name.startswith(MARK):
            return one
        return {"field": field, "op": op, "value": self._phrases(name.removeprefix(MARK), rule, ())}

    def _phrases(self, name: str, rule: str, within: tuple[str, ...]) -> list[str]:
        """Every phrase of a list: each `@other` in one is replaced by each phrase of that list."""
        if name not in self._spelled:
            if name in within or not isinstance(self._lists.get(name), list):
                why = "comes back to itself" if name in within else "is not there"
                hint = "Lists stand under `words:`."
                raise UserError(f"Rule {rule!r} needs the word list {name!r}, which {why}.", hint=hint)
            found = (self._variants(str(phrase), rule, (*within, name)) for phrase in self._lists[name])
            self._spelled[name] = list(dict.fromkeys(variant for variants in found for variant in variants))
        return self._spelled[name]

    def _variants(self, phrase: str, rule: str, within: tuple[str, ...]) -> list[str]:
        choices = (
            self._phrases(word.removeprefix(MARK), rule, within) if word.startswith(MARK) else [word]
            for word in phrase.split()
        )
        return [" ".join(chosen) for chosen in product(*choices)]
