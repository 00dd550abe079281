"""Values for JSON schemas, made up without a model: the same value for the same schema."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from panda_agent.backends.script_request import Request
from panda_agent.errors import UserError

MOST_TEXT = 2000
"""Longest text that is made up, in characters."""
DEEP = 6
"""Levels of a shape below which only what must be is filled."""
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
_TELLS = {"properties": "object", "items": "array", "minLength": "string", "pattern": "string", "minimum": "number"}


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
