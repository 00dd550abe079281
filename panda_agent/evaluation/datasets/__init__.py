"""Data sets: one file a set, one list of them. A new one is a file beside these and a line here."""

from panda_agent.evaluation.datasets.avenue import AVENUE
from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.lagovad import DOTA, MSAD, TAD
from panda_agent.evaluation.datasets.ped2 import PED2
from panda_agent.evaluation.datasets.shanghaitech import SHANGHAITECH, SHANGHAITECH_WEAK
from panda_agent.evaluation.datasets.ubnormal import UBNORMAL
from panda_agent.evaluation.datasets.ucf_crime import UCF_CRIME
from panda_agent.evaluation.datasets.xd_violence import XD_VIOLENCE

ALL = (UCF_CRIME, SHANGHAITECH, SHANGHAITECH_WEAK, PED2, AVENUE, UBNORMAL, XD_VIOLENCE, MSAD, TAD, DOTA)
DATASETS = {one.name: one for one in ALL}
"""By name. `own` is made for each run: see `datasets.own`."""

__all__ = ["ALL", "DATASETS", "PED2", "SHANGHAITECH", "UCF_CRIME", "Counts", "Dataset"]
