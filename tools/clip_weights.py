"""Which CLIP weights the settings mean: a file or tag that is named, else a file of the model's name in the folder."""

from __future__ import annotations

from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.settings import Settings
from panda_agent.tools.clip_model import Clip, load_open_clip, root_log_as_it_is

SUFFIXES = (".pt", ".safetensors", ".bin")
"""Checkpoints that are looked for in the folder of weights, by the model's name."""
FETCHED = "weights/clip"
"""Under PANDA_HOME: checkpoints that open_clip fetched by their tag."""


def find_clip(settings: Settings) -> Clip | None:
    """The CLIP model of the settings; None in the tier bare, or where none are named and the folder holds none.

    Raises:
        UserError: Weights are named and not there, or can't be read.
    """
    wish, folder = settings.clip, settings.weights.expanduser() if settings.weights is not None else None
    if settings.tier == "bare":
        return None
    if wish.pretrained is None:
        files = [folder / f"{wish.model}{suffix}" for suffix in SUFFIXES] if folder is not None else []
        return next((Clip(wish.model, file, network=settings.network) for file in files if file.is_file()), None)
    places = [Path(wish.pretrained).expanduser(), *([folder / wish.pretrained] if folder is not None else [])]
    file = next((place for place in places if place.is_file()), None)
    if file is not None:
        return Clip(wish.model, file, network=settings.network)
    if settings.network and Path(wish.pretrained).name == wish.pretrained:
        file = _fetched(wish.model, wish.pretrained, settings.root / FETCHED)
        return Clip(wish.model, file, tag=wish.pretrained, network=True)
    raise UserError(
        f"There are no CLIP weights {wish.pretrained!r} (setting clip.pretrained).",
        hint="Give the path of a checkpoint; tags of open_clip are fetched only where `network` is true.",
    )


def _fetched(model: str, tag: str, folder: Path) -> Path:
    """A checkpoint by its tag, from where open_clip keeps it; it fetches it once.

    Raises:
        UserError: It can't.
    """
    open_clip = load_open_clip()
    config = open_clip.get_pretrained_cfg(model, tag)
    if not config:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
        raise UserError(f"open_clip knows no weights {tag!r} for {model!r}.", hint=f"Tags that it knows: {known}.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with root_log_as_it_is():
            return Path(open_clip.download_pretrained(config, cache_dir=str(folder)))
    except Exception as error:  # boundary: whatever the network or the library does
        raise UserError(f"open_clip can't fetch {model} {tag!r}: {' '.join(str(error).split())[:200]}.") from error
