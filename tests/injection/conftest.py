"""The packs that ship are read once for all cases: each case has its own home, and they are the same for all."""

from __future__ import annotations

from functools import cache

import pytest

from panda_agent.nodes import materials

read_pack = cache(materials.load_pack)


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    monkeypatch.setattr(materials, "load_pack", read_pack)
