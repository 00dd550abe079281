"""Contrast of the page's colours by WCAG 2.2: text needs 4.5 to 1."""

import re
from importlib.resources import files

import pytest

CSS = files("panda_agent.reporting").joinpath("templates/page.css").read_text("utf-8")
PALETTES = [
    dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
]
TEXT = ("ink", "soft", "red", "green", "amber")


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark"])
def test_text_stands_out(palette: dict[str, str]) -> None:
    pairs = [(text, ground) for text in TEXT for ground in ("ground", "paper")]
    pairs += [("on", accent) for accent in ("red", "green", "amber", "soft")]
    weak = [(a, b) for a, b in pairs if contrast(palette[a], palette[b]) < 4.5]
    assert weak == []
