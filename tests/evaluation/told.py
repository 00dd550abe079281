"""Cases made of captions: a fight among people who walk, and a dull minute."""

from panda_agent.importers import Captioned, SecondRow, as_recording
from panda_agent.memory.recording import write_recording

WALK = "People walk along the street past a parked car."
FIGHT = "Two men are fighting beside a parked car."


def texts(fight=True, seconds=40):
    """One sentence a second; the men fight from 12 to 18, told in different words."""
    told = [f"{WALK} A dog sits near shop {second}." for second in range(seconds)]
    if fight:
        told[12:18] = [FIGHT, "One man punches another man.", FIGHT, "Several men brawl in the street.", FIGHT, FIGHT]
    return told


def record(path, told):
    """Write what is told, a sentence a second, as a recording."""
    rows = tuple(SecondRow(video="street", second=i, text=text) for i, text in enumerate(told))
    write_recording(path, *as_recording(Captioned(video="street", rows=rows), None, "told"))
    return path
