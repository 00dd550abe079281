"""Prompt packs as data, and their loader. A pack is one YAML file in `packs/`, or one of your own."""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from panda_agent.errors import UserError
from panda_agent.prompts.pack_files import names_in, pack_bytes
from panda_agent.types import Model

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

SHIPPED = files("panda_agent.prompts.packs")
TEXTS = ("caption.system", "caption.text", "question.system", "question.text")
"""What every pack must hold."""


class PromptPack(Model):
    """The words a model is addressed with. Only what the house or the operator wrote goes into them."""

    id: str
    version: int
    texts: dict[str, str]
    sha256: str = ""
    """Hash of the file it was read from."""

    def render(self, name: str, **values: object) -> str:
        """Fill a template.

        Raises:
            UserError: The template is broken, or needs a value that is not given.
        """
        from jinja2 import TemplateError

        try:
            return str(self._environment.from_string(self.texts[name]).render(**values)).strip()
        except TemplateError as error:
            raise UserError(f"Prompt {name!r} of the pack {self.id!r} can't be filled: {error}.") from error

    @cached_property
    def _environment(self) -> SandboxedEnvironment:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import SandboxedEnvironment

        return SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)


def prompt_pack_names() -> list[str]:
    """The packs that ship, by name."""
    return names_in(SHIPPED)


def load_prompts(name: str) -> PromptPack:
    """Load a prompt pack.

    Args:
        name: A shipped pack, or the path of a YAML file.

    Raises:
        UserError: There is no such pack, or something in it is wrong.
    """
    raw = pack_bytes(name, SHIPPED, "prompt pack")
    try:
        tree: Any = yaml.safe_load(raw)
        pack = PromptPack.model_validate({**tree, "sha256": hashlib.sha256(raw).hexdigest()})
    except (yaml.YAMLError, TypeError) as error:
        raise UserError(f"Prompt pack {name!r} is no YAML mapping: {' '.join(str(error).split())}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise UserError(f"Prompt pack {name!r} is wrong at {place}: {first['msg']}.") from error
    missing = [text for text in TEXTS if text not in pack.texts]
    if missing:
        raise UserError(f"Prompt pack {name!r} lacks {', '.join(missing)}.", hint="See prompts/packs/default.yaml.")
    return pack
