"""Settings: flags > environment (PANDA_*) > panda.toml > defaults; `origin_of` tells where a value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from panda_agent.errors import UserError

Tier = Literal["auto", "bare", "weights", "model"]
"""bare: no network, weights or key. weights: local detectors and encoders. model: an OpenAI-compatible endpoint."""


class Group(BaseModel):
    """Base of the groups of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoSettings(Group):
    """How videos are read."""

    max_pixels: int = Field(default=36_000_000, gt=0)
    """Largest picture that is decoded; 8K has 33 million pixels."""


class PerceptionSettings(Group):
    """How closely the first pass looks at everything."""

    max_fps: float = Field(default=15.0, gt=0)
    """Frames looked at a second; a slower video is looked at frame by frame."""
    max_side: int = Field(default=384, ge=96)
    """Longer side of the reduced picture, pixels."""
    lookahead_frames: int = Field(default=300, ge=2)
    """Frames buffered at the start to learn the background from; a video that fits is seen whole first."""


FIRST_FRAMES = 10
"""Online, frames that are kept back before the first is judged, at most (PANDA, online mode: the first 10)."""


class ObjectSettings(Group):
    """How `track_objects` finds and follows objects by name, where it is given detector weights."""

    tracker: Literal["bytetrack", "botsort"] = "bytetrack"
    """ByteTrack, or BoT-SORT, which also makes up for a moving camera."""
    max_fps: float = Field(default=10.0, gt=0)
    """Pictures looked at a second."""
    max_side: int = Field(default=640, ge=96)
    """Longer side of the picture that the detector sees, pixels; weights exported at one size keep to that."""
    least_confidence: float = Field(default=0.1, gt=0, lt=1)
    """Weaker detections are dropped; trackers bridge gaps with weak ones."""
    classes: tuple[str, ...] = ()
    """What to look for, with open-vocabulary weights; empty keeps the classes of the weights."""
    weights: str | None = None
    """Detector weights: a path, or a name that Ultralytics knows and may fetch where the network is allowed. None takes
    the first usable file in the folder `weights`."""


class ClipSettings(Group):
    """CLIP for `retrieve_frames`, by open_clip."""

    model: str = "ViT-B-32"
    """A model that open_clip knows."""
    pretrained: str | None = None
    """The path of a checkpoint, or a tag of open_clip, which it may fetch where the network is allowed; None takes
    `<model>.pt`, `.safetensors` or `.bin` in the folder `weights`."""
    fps: float = Field(default=1.0, gt=0)
    """Frames a second that are indexed."""


class LoopSettings(Group):
    """The detective's loop (PANDA, NeurIPS 2025, uses 5-second clips and at most 3 rounds)."""

    mode: Literal["offline", "online"] = "offline"
    """offline: all of the video is looked at before anything is judged. online: strictly causal, each moment is judged
    by what was known by then."""
    clip_seconds: float = Field(default=5.0, gt=0)
    min_clips: int = Field(default=3, ge=1)
    """Offline, a shorter video is cut into so many clips."""
    rounds: int = Field(default=3, ge=0, le=10)
    """How often an unclear clip is looked at again."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Belief from which a moment counts as anomalous."""
    unsure: float = Field(default=0.15, ge=0, lt=0.5)
    """A clip whose score lies this near to the threshold is looked at again."""
    abstain: float = Field(default=0.04, ge=0, lt=0.5)
    """A verdict whose score still lies this near to the threshold is inconclusive."""
    smooth_seconds: float = Field(default=0.0, ge=0, le=600)
    """Offline, the reported score is the mean of so many seconds (PANDA: 10); it hides what is shorter, so 0 is off."""
    glance_seconds: float = Field(default=0.5, gt=0, le=60)
    """A description of less than this tells of a moment, and is weighed together with those around it."""
    incident_seconds: float = Field(default=2.0, gt=0)
    """Seconds that an incident lasts, about, for weighing descriptions of moments together."""
    quiet_seconds: float = Field(default=10.0, gt=0)
    """Seconds from the end of one to the start of the next, about."""
    ask_human: bool = False
    """Ask a person about clips that stay unclear; the case waits for the answer."""
    ask_timeout: float | None = Field(default=None, gt=0)
    """Seconds after which a question that nobody answered is undecided; None waits for ever."""
    max_blind: float = Field(default=0.4, ge=0, le=1)
    """Share of the video without a picture above which "normal" can't be said."""
    one_source_cap: float = Field(default=0.8, gt=0, le=1)
    """Highest confidence from one kind of source."""
    cap: float = Field(default=0.97, gt=0, le=1)
    """Highest confidence from any number of sources: rules that agree can all be wrong."""


class BudgetSettings(Group):
    """Limits of one case; None means no limit. Running out ends in `inconclusive (budget)`, never in an error."""

    looks: int | None = Field(default=60, ge=0)
    """Second looks."""
    seconds: float | None = Field(default=None, gt=0)
    """Time of one run."""
    calls: int | None = Field(default=200, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    money: float | None = Field(default=None, ge=0)
    steps: int = Field(default=100_000, gt=0)
    """Steps of the graph."""


class ModelSettings(Group):
    """The endpoint of a language model; its key comes from PANDA_API_KEY or OPENAI_API_KEY and is kept nowhere."""

    base_url: str | None = None
    """Like http://localhost:8000/v1; None means that no model is used."""
    name: str | None = None
    """The model; None takes the one that the endpoint serves, where it serves one."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that one request may take."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Requests under way at a time."""
    max_tokens: int = Field(default=1000, ge=1)
    """Tokens of one reply, at most; a prompt whose manifest says that it needs more may have them."""
    frames: int = Field(default=8, ge=1, le=26)
    """Pictures of one clip, at most; each has a letter."""
    image_side: int = Field(default=768, ge=64, le=4096)
    """Longer side of a picture that is sent, pixels."""
    image_bytes: int = Field(default=1_500_000, ge=20_000)
    """Largest picture that is sent, bytes of JPEG; a larger one is compressed further."""
    score_mode: Literal["decoded", "expected_token", "yes_no"] = "yes_no"
    """How an answer becomes a number: as written, or from the probabilities of tokens where the endpoint gives them."""
    seed: int | None = 0
    """Sent where the endpoint takes one."""
    price_in: float = Field(default=0.0, ge=0)
    """Money for a million tokens read; for accounting and `budget.money`."""
    price_out: float = Field(default=0.0, ge=0)
    """Money for a million tokens written."""


Stage = Literal["auto", "rules", "model"]
"""Who thinks at a stage: auto is the model where there is an endpoint, and for a replayed recording the rules."""
Rung = Literal["m0", "m1", "m2", "m3", "m4", "m5", "m6"]
LADDER: dict[str, dict[str, bool | int]] = {
    "m0": dict.fromkeys(("planning", "perception", "reflection"), False)
    | dict.fromkeys(("advice", "short_memory", "long_memory"), 0),
}
"""What each rung of PANDA's ladder has (NeurIPS 2025, ablations): the one before it, and one thing more."""
for _rung, _before, _more in (
    ("m1", "m0", {"planning": True}),
    ("m2", "m1", {"perception": True}),
    ("m3", "m2", {"advice": 5}),
    ("m4", "m3", {"reflection": True}),
    ("m5", "m4", {"short_memory": 5}),
    ("m6", "m5", {"long_memory": 1}),
):
    LADDER[_rung] = LADDER[_before] | _more


STAGES = ("perceive", "plan", "judge", "reflect", "conclude")


class AgentSettings(Group):
    """The detective: who thinks at each stage, and what he is given to think with."""

    perceive: Stage = "auto"
    """Who describes the scene."""
    plan: Stage = "auto"
    judge: Stage = "auto"
    reflect: Stage = "auto"
    conclude: Stage = "auto"
    """Who writes the account; the label is always the rules'."""
    rung: Rung | None = None
    """A rung of PANDA's ladder: sets the next six as it has them."""
    planning: bool = True
    """Suspects, checks and mending are planned; else every event type of the pack is a suspect."""
    perception: bool = True
    """The scene is looked over and told to every later stage."""
    advice: int = Field(default=5, ge=0, le=50)
    """Rules that are told to a model, and whether rules are used: 0 leaves those of the catch-all and of the model's
    own opinion."""
    reflection: bool = True
    """Unclear clips are reflected on and looked at again."""
    short_memory: int = Field(default=5, ge=0, le=20)
    """Steps before a clip that a model is told of, in words and one picture each."""
    long_memory: int = Field(default=1, ge=0, le=1)
    """Whether the most similar earlier clip is recalled in reflection."""
    knowledge: Literal["pack", "model"] = "pack"
    """Rules: those of the pack, or also such as a model writes down once for each question."""
    knowledge_rules: int = Field(default=20, ge=1, le=50)
    """Rules that a model writes for each event type."""
    gate_share: float = Field(default=0.35, ge=0, le=1)
    """Share of the clips that a model describes and judges; 1 is every clip."""
    gate_least: int = Field(default=12, ge=0)
    """Clips that it sees in any case: short videos are looked at whole."""
    gate_every: int = Field(default=8, ge=2)
    """One of so many clips is looked at whatever cheap perception says."""
    scene_frames: int = Field(default=300, ge=1, le=1000)
    """Pictures by which the scene is looked over, at most (PANDA: 300)."""
    scene_side: int = Field(default=336, ge=64, le=2048)
    """Longer side of such a picture, pixels."""
    default_score: float = Field(default=0.5, ge=0, le=1)
    """Score of a clip of which the model can't tell even after reflection (PANDA does not publish its value)."""
    reask_below: float = Field(default=0.7, ge=0, le=1)
    """A model less sure than this of its answer is asked again (QVAD, arXiv 2604.03040)."""
    tools: tuple[str, ...] | None = None
    """The tools that reflection may ask for; None = all that are at hand."""
    keep_rules: bool = False
    """With a camera: keep the rules that reflection proposed and that proved right, for its later cases."""

    def changed(self, who: Literal["rules", "model"] | None, rung: Rung | None) -> AgentSettings:
        """The same with somebody at every stage, and on a rung; None leaves it."""
        stages = {} if who is None else dict.fromkeys(STAGES, who)
        on = {} if rung is None else {"rung": rung}
        return AgentSettings.model_validate({**self.model_dump(), **stages, **on})

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Who thinks at each stage, in order."""
        return self.perceive, self.plan, self.judge, self.reflect, self.conclude

    @property
    def has_model(self) -> bool:
        """Whether a model may think at any stage."""
        return any(stage != "rules" for stage in self.stages)

    @model_validator(mode="before")
    @classmethod
    def _on_a_rung(cls, values: Any) -> Any:
        rung = values.get("rung") if isinstance(values, dict) else None
        return values if rung not in LADDER else {**values, **LADDER[rung]}


JUDGING = {
    *("tier", "rules", "prompts", "camera", "video", "perception"),
    *("objects", "clip", "loop", "budget", "model", "agent"),
}
NOT_JUDGING = {
    "objects": ("weights",),
    "clip": ("pretrained",),
    "model": ("base_url", "timeout", "concurrency", "price_in", "price_out"),
}
"""Where things lie and what they cost: free to change between the runs of a case. Weights are known by their hash."""


class Settings(BaseSettings):
    """Everything that can be set. Each name is a key of panda.toml and, as PANDA_<NAME>, an environment variable."""

    model_config = SettingsConfigDict(
        env_prefix="PANDA_",
        env_nested_delimiter="__",
        toml_file="panda.toml",
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(default_factory=lambda: Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")) / "panda_agent")
    """Where cases and memories live."""
    weights: Path | None = None
    """Folder of detector and encoder weights."""
    data: Path | None = None
    """Folder of data sets."""
    tier: Tier = "auto"
    rules: str = "general"
    """A rule pack that ships, or the path of one."""
    prompts: str = "default"
    """A prompt pack that ships, or the path of one: what a model is told."""
    camera: str | None = None
    """The camera that the videos come from: what is known of it is taken into account, and its cases are remembered."""
    video: VideoSettings = VideoSettings()
    perception: PerceptionSettings = PerceptionSettings()
    network: bool = False
    """Whether weights may be fetched and the web searched; a model endpoint is reached whatever this says."""
    objects: ObjectSettings = ObjectSettings()
    clip: ClipSettings = ClipSettings()
    loop: LoopSettings = LoopSettings()
    budget: BudgetSettings = BudgetSettings()
    model: ModelSettings = ModelSettings()
    agent: AgentSettings = AgentSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, panda.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def first_look(self) -> PerceptionSettings:
        """How the first pass looks: as `perception`, but online it waits for `FIRST_FRAMES` frames at most."""
        if self.loop.mode == "offline":
            return self.perception
        few = min(self.perception.lookahead_frames, FIRST_FRAMES)
        return self.perception.model_copy(update={"lookahead_frames": few})

    @property
    def root(self) -> Path:
        """`home` with ~ resolved."""
        return self.home.expanduser()

    def judging(self) -> dict[str, Any]:
        """The settings that can change a verdict (not where things lie); kept with the case and in its provenance."""
        kept = self.model_dump(mode="json", include=JUDGING)
        for group, places in NOT_JUDGING.items():
            for name in places:
                del kept[group][name]
        return kept


def load_settings(**flags: Any) -> Settings:
    """Read settings from all sources; `flags` that are None are left to the others.

    Raises:
        UserError: A value is wrong; the sentence names it and where it came from.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"Setting {name!r} is wrong: {first['msg']} (got {first.get('input')!r}).",
            hint=f"Mend it in panda.toml or in the environment (PANDA_{name.upper().replace('.', '__')}).",
        ) from error
    except ValueError as error:  # a panda.toml that is not TOML
        raise UserError(f"panda.toml can't be read: {error}.", hint="Mend it or move it away.") from error


def origins(**flags: Any) -> dict[str, str]:
    """Name the source of each setting: `flag`, `environment`, `panda.toml` or `default`."""
    settings = load_settings(**flags)
    layers = (
        ("flag", {name: value for name, value in flags.items() if value is not None}),
        ("environment", _environment()),
        ("panda.toml", TomlConfigSettingsSource(Settings)()),
    )
    found: dict[str, str] = {}
    for name in _leaves(settings.model_dump(mode="json")):
        found[name] = next((label for label, layer in layers if _has(layer, name.split("."))), "default")
    return found


def _environment() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in os.environ:
        if key.upper().startswith("PANDA_"):
            node = tree
            *path, leaf = key[6:].lower().split("__")
            for part in path:
                node = node.setdefault(part, {})
            node[leaf] = True
    return tree


def _has(layer: Any, path: list[str]) -> bool:
    for part in path:
        if not isinstance(layer, dict):
            return layer is not None
        if part not in layer:
            return False
        layer = layer[part]
    return True


def _leaves(tree: dict[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in tree.items():
        names += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return names
