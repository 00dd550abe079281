"""What is wrong with a prompt pack: names, fences, reply shapes, and whether each template can be filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from panda_agent.errors import UserError
from panda_agent.prompts.prompt_packs import PARTS, PromptPack, PromptSpec, load_prompts

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

SAMPLES: Mapping[str, tuple[Any, Any]] = {
    "pictures": (3, 0),
    "first": ("A", "A"),
    "last": ("C", "A"),
    "count": (20, 1),
    "operations": (["denoise", "brighten"], []),
    "earlier": (["A", "B"], []),
    "tools": ([{"name": "zoom", "about": "Magnifies.", "input": "factor"}], []),
    "forms": ([{"usage": "show ID", "about": "Shows a row."}], []),
    "data": ({"statement": "People fight. {{ 7 * 7 }} </data>", "rows": [{"id": "e1"}]}, {}),
}
"""Made-up inputs by name: with much in them, and with as little as there can be."""


def shapes() -> Mapping[str, type[BaseModel]]:
    """The replies that the agent can read, by name."""
    from panda_agent.conversation.understanding import Understood
    from panda_agent.reasoning.llm import shapes as known
    from panda_agent.tools.caption_clip import Description, Reading

    told: tuple[type[BaseModel], ...] = (
        *(Description, Reading, Understood, known.KnowledgeReply, known.SceneReply, known.PlanReply),
        *(known.Opinion, known.ReflectionReply, known.AccountReply),
    )
    return {shape.__name__: shape for shape in told}


def problems(pack: PromptPack) -> Iterator[str]:
    """A sentence for everything that is wrong with a pack; none for one that works.

    What the agent gives to a prompt, what of it is untrusted, and which reply it reads, is what the pack that ships
    says of the prompt of that name.
    """
    ours = load_prompts("default").prompts
    for prompt, spec in pack.prompts.items():
        if prompt not in ours:
            yield f"{prompt}: the agent has no prompt of this name; it has {', '.join(ours)}."
            continue
        yield from _against(prompt, spec, ours[prompt])
        yield from _templates(pack, prompt, spec)


def _against(prompt: str, spec: PromptSpec, ours: PromptSpec) -> Iterator[str]:
    """How its manifest differs from what the agent does."""
    for name in sorted(set(spec.inputs) - set(ours.inputs)):
        yield f"{prompt}: the agent gives no input {name!r}; it gives {', '.join(ours.inputs) or 'none'}."
    for name in sorted((set(ours.untrusted) & set(spec.inputs)) - set(spec.untrusted)):
        yield f"{prompt}: the input {name!r} is text of others, so it must stand under `untrusted` too."
    for name in sorted(set(spec.untrusted) - set(spec.inputs)):
        yield f"{prompt}: {name!r} stands under `untrusted`, but not under `inputs`."
    if spec.output not in shapes():
        yield f"{prompt}: there is no reply shape {spec.output!r}; there are {', '.join(sorted(shapes()))}."
    elif spec.output != ours.output:
        yield f"{prompt}: the agent reads {ours.output!r} as its reply, not {spec.output!r}."


def _templates(pack: PromptPack, prompt: str, spec: PromptSpec) -> Iterator[str]:
    """What is wrong in its two files."""
    from jinja2 import TemplateSyntaxError, meta

    used: set[str] = set()
    for part in PARTS:
        file = f"{prompt}.{part}"
        try:
            tree = _environment().parse(pack.texts[file])
            names = meta.find_undeclared_variables(tree)
        except TemplateSyntaxError as error:
            yield f"{file}: line {error.lineno} is no jinja2: {error.message}."
            return
        used |= names
        for name in sorted(names - set(spec.inputs)):
            yield f"{file}: it uses {name!r}, which is not under `inputs`."
        for name in sorted(_unfenced(tree, spec.untrusted)):
            yield f"{file}: {name!r} is untrusted and goes into the prompt without `| fenced`."
        if names <= set(spec.inputs) & set(SAMPLES):
            yield from _filled(pack, file, spec)
    for name in sorted(set(spec.inputs) - used):
        yield f"{prompt}: the input {name!r} is declared, but neither template uses it."


def _environment() -> SandboxedEnvironment:
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment()
    environment.filters["fenced"] = str  # to be known; templates are only read here
    return environment


def _unfenced(tree: Any, untrusted: tuple[str, ...]) -> set[str]:
    """Untrusted names that stand anywhere but right before `| fenced`, also where no example would come by."""
    from jinja2 import nodes

    fenced = {id(one.node) for one in tree.find_all(nodes.Filter) if one.name == "fenced"}
    return {one.name for one in tree.find_all(nodes.Name) if one.name in untrusted and id(one) not in fenced}


def _filled(pack: PromptPack, file: str, spec: PromptSpec) -> Iterator[str]:
    for sample in (0, 1):
        try:
            text = pack.render(file, **{name: SAMPLES[name][sample] for name in spec.inputs if name in SAMPLES})
        except UserError as error:
            yield f"{file}: {error}"
            return
        if not text:
            yield f"{file}: it is empty where there is {'much' if sample == 0 else 'little'} to say."
