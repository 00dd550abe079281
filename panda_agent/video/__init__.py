"""Reading video: one reader for files, file objects and iterators, with honest times and damage reported."""

from panda_agent.video.causal import CausalFootage
from panda_agent.video.clips import clips, grid
from panda_agent.video.footage import Footage, RecordedVideo
from panda_agent.video.frame import Frame, ReadReport, VideoInfo
from panda_agent.video.probe import MAX_PIXELS, probe
from panda_agent.video.reader import VideoReader
from panda_agent.video.source import SUFFIXES, list_videos

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "CausalFootage",
    "Footage",
    "Frame",
    "ReadReport",
    "RecordedVideo",
    "VideoInfo",
    "VideoReader",
    "clips",
    "grid",
    "list_videos",
    "probe",
]
