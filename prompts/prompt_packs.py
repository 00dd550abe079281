"""Prompt packs as data, and their loader. A pack is a folder in `packs/`, or one of your own: pack.yaml and *.j2."""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import Field, ValidationError

from panda_agent.errors import UserError
from panda_agent.prompts.fence import fenced
from panda_agent.prompts.pack_files import MAX_BYTES
from panda_agent.types import Model

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

SHIPPED = files("panda_agent.prompts.packs")
MANIFEST = "pack.yaml"
PARTS = ("system", "text")
"""The two files of a prompt: who the model is, and what it is asked."""
NEEDED = ("caption", "question", "knowledge", "perceive", "plan", "judge", "reflect", "conclude")
"""Prompts that every pack must hold."""


class PromptSpec(Model):
    """What the manifest says of one prompt."""

    version: int
    inputs: tuple[str, ...] = ()
    """Names that its templates are given."""
    untrusted: tuple[str, ...] = ()
    """Those of them that hold text of a video, a file, a person or a model: they go through `| fenced` only."""
    output: str
    """The shape of the reply, by its name in the code."""
    tokens: int = Field(default=0, ge=0)
    """Tokens that its reply may need: more than `model.max_tokens` is then allowed."""


class PromptPack(Model):
    """The words a model is addressed with, all written by the house or the operator."""

    id: str
    version: int
    prompts: dict[str, PromptSpec]
    texts: dict[str, str]
    """Templates, by file name without `.j2`: `judge.system`, `judge.text`."""
    hashes: dict[str, str]
    """SHA-256 of each file."""

    @property
    def sha256(self) -> str:
        """Hash of all files."""
        return hashlib.sha256(
            "\n".join(f"{name} {self.hashes[name]}" for name in sorted(self.hashes)).encode()
        ).hexdigest()

    def render(self, name: str, **values: Any) -> str:
        """Fill a template.

        Args:
            name: Like `judge.text`.
            values: Its inputs; what the manifest calls untrusted can be written by the filter `fenced` only.

        Raises:
            UserError: The template is broken, or needs a value that is not given.
        """
        from jinja2 import TemplateError

        spec = self.prompts[name.rpartition(".")[0]]
        given = {key: _Untrusted(value) if key in spec.untrusted else value for key, value in values.items()}
        try:
            return str(self._environment.from_string(self.texts[name]).render(**given)).strip()
        except (TemplateError, TypeError) as error:
            raise UserError(f"Prompt {name!r} of the pack {self.id!r} can't be filled: {error}.") from error

    @cached_property
    def _environment(self) -> SandboxedEnvironment:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import SandboxedEnvironment

        environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
        environment.filters["fenced"] = _fenced
        return environment


class _Untrusted:
    """A value that a template can't print as it is."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __str__(self) -> str:
        raise TypeError("untrusted text may be written by the filter `fenced` only")


def _fenced(value: object) -> str:
    return fenced(value._value if isinstance(value, _Untrusted) else value)  # type: ignore[arg-type]


def prompt_pack_names() -> list[str]:
    """The packs that ship, by name."""
    return sorted(entry.name for entry in SHIPPED.iterdir() if entry.is_dir() and (entry / MANIFEST).is_file())


def load_prompts(name: str) -> PromptPack:
    """Load a prompt pack.

    Args:
        name: A shipped pack, or the path of a folder.

    Raises:
        UserError: There is no such pack, or something in it is wrong.
    """
    folder = _folder(name)
    tree = _manifest(folder, name)
    wanted = [f"{prompt}.{part}" for prompt in tree.get("prompts") or {} for part in PARTS]
    raw = {text: _bytes(folder, f"{text}.j2", name) for text in wanted}
    hashes = {text: hashlib.sha256(content).hexdigest() for text, content in raw.items()}
    hashes["pack"] = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    try:
        texts = {text: content.decode() for text, content in raw.items()}
        pack = PromptPack.model_validate({**tree, "texts": texts, "hashes": hashes})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise UserError(f"Prompt pack {name!r} is wrong at {place}: {first['msg']}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"Prompt pack {name!r} is not UTF-8: {error.reason}.") from error
    missing = [prompt for prompt in NEEDED if prompt not in pack.prompts]
    if missing:
        raise UserError(
            f"Prompt pack {name!r} lacks {', '.join(missing)}.", hint="See prompts/packs/default, and `panda prompts`."
        )
    return pack


def _folder(name: str) -> Traversable:
    if name in prompt_pack_names():
        return SHIPPED / name
    path = Path(name)
    if not (path / MANIFEST).is_file():
        known = ", ".join(prompt_pack_names())
        raise UserError(
            f"There is no prompt pack {name!r}.", hint=f"Give a folder with a {MANIFEST}, or one of: {known}."
        )
    return path


def _manifest(folder: Traversable, name: str) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(_bytes(folder, MANIFEST, name))
    except yaml.YAMLError as error:
        raise UserError(f"Prompt pack {name!r} is no YAML mapping: {' '.join(str(error).split())}.") from error
    if not isinstance(tree, dict) or not isinstance(tree.get("prompts", {}), dict):
        raise UserError(f"Prompt pack {name!r} is no YAML mapping with id, version and prompts.")
    return tree


def _bytes(folder: Traversable, file: str, name: str) -> bytes:
    try:
        raw = (folder / file).read_bytes()
    except OSError as error:
        raise UserError(f"Prompt pack {name!r} lacks the file {file}.") from error
    if len(raw) > MAX_BYTES:
        raise UserError(f"Prompt pack {name!r}: {file} is larger than {MAX_BYTES // 1_000_000} MB.")
    return raw
