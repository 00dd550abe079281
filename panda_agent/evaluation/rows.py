"""Every row of `panda eval`: what it is worked on, and how. Whoever tunes the engine changes this file and the engine.

One configuration stands for all caption rows: `CAPTIONS`. Rows differ from it by the rule pack of their scene, and
online by the mode of the loop. No setting was chosen by a label that is not `dev`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets import DATASETS, PED2, SHANGHAITECH, UCF_CRIME, Dataset
from panda_agent.evaluation.datasets.own import own_dataset
from panda_agent.evaluation.sources import Captions, Recordings, Source, Videos
from panda_agent.evaluation.strategies import Strategy

CAPTIONED: Mapping[str, Any] = {}
"""Settings of all caption rows."""
WATCHED: Mapping[str, Any] = {"rules": "campus"}
"""Settings of all rows that look at video: those of the captions' scene."""


@dataclass(frozen=True)
class Published:
    """A figure that somebody else printed, with other perception than this row has unless `same` says so."""

    system: str
    micro_auc: float
    same: bool = False
    """It saw the same observations."""


@dataclass(frozen=True)
class Row:
    """One line of the table of results."""

    name: str
    title: str
    dataset: Dataset
    source: Source
    sigma: float
    """Width of the Gaussian of the smoothed baselines, in observations: as published beside the data."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the defaults."""
    online: bool = False
    """Strictly causal: baselines are one observation late."""
    published: tuple[Published, ...] = ()
    without: tuple[str, ...] = ()
    """Tools that are taken out of what is replayed."""
    strategy: Strategy = "panda"
    looks: float = 1.0
    """Share of the captions that may be used: each would have cost a call."""
    seen_in: str | None = None
    """The tier in which what is replayed was seen, where that is another than the run's."""


ANSWERED = Row(
    name="ucf-crime",
    title="UCF-Crime, recorded answers of InternVL2-8B",
    dataset=UCF_CRIME,
    source=Captions("ucf_crime/observations_internvl2_8b.jsonl.gz"),
    sigma=5.0,
    settings={**CAPTIONED, "rules": "ucf-crime"},
    published=(
        Published("PANDA, offline", 0.8489),
        Published("LAVAD", 0.8028),
        Published("VADTree", 0.8474),
        Published("VERA", 0.8655),
        Published("Flashback", 0.873),
        Published("NOVA", 0.8986),
    ),
)

ROWS = (
    ANSWERED,
    replace(
        ANSWERED,
        name="ucf-crime-online",
        title="UCF-Crime, the same answers one second late, strictly causal",
        settings={**ANSWERED.settings, "loop": {"mode": "online"}},
        online=True,
        published=(Published("PANDA, online", 0.8257),),
    ),
    replace(
        ANSWERED,
        name="ucf-crime-gated",
        title="UCF-Crime, at most 35 % of the answers, as a gate chooses them",
        looks=0.35,
    ),
    Row(
        name="shanghaitech",
        title="ShanghaiTech, recorded captions of CogVLM",
        dataset=SHANGHAITECH,
        source=Captions("captions/shanghaitech_cogvlm.jsonl.gz", fps=24.0),
        sigma=10.0,
        settings={**CAPTIONED, "rules": "campus"},
        published=(Published("AnomalyRuler", 0.852, same=True), Published("AnyAnomaly", 0.797)),
    ),
    Row(
        name="ped2-captions",
        title="Ped2, recorded captions of CogVLM",
        dataset=PED2,
        source=Captions("captions/ped2_cogvlm.jsonl.gz", fps=10.0),
        sigma=10.0,
        settings={**CAPTIONED, "rules": "campus"},
        published=(Published("AnomalyRuler", 0.979, same=True),),
    ),
    Row(
        name="ped2-video",
        title="Ped2, the videos themselves, normal ones given",
        dataset=PED2,
        source=Videos("ped2/test", normal="ped2/train"),
        sigma=5.0,
        settings=WATCHED,
        published=(Published("SlowFastVAD", 0.991),),
    ),
    Row(
        name="ped2-video-zero-shot",
        title="Ped2, the videos themselves, nothing given",
        dataset=PED2,
        source=Videos("ped2/test"),
        sigma=5.0,
        settings=WATCHED,
    ),
)


def row_of(name: str) -> Row:
    """A row by its name.

    Raises:
        UserError: There is none.
    """
    for row in ROWS:
        if row.name == name:
            return row
    raise UserError(f"There is no row {name!r}.", hint=f"There are {', '.join(row.name for row in ROWS)}, and own.")


def own_row(recordings: Path, truth: str) -> Row:
    """The row over recordings of one's own.

    Args:
        recordings: A folder of recordings.
        truth: A CSV of what is true of them (see `datasets.own`), or the name of a data set under PANDA_DATA.
    """
    source = Recordings(recordings)
    known = DATASETS.get(truth) or own_dataset(source, Path(truth))
    return Row("own", f"Recordings in {recordings}", known, source, sigma=5.0)
