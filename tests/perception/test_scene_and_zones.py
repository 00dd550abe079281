"""The scene row, and who was in which zone."""

import numpy as np
import pytest

from panda_agent.perception.background import Foreground
from panda_agent.perception.look import Look
from panda_agent.perception.scene import Scene
from panda_agent.perception.tracks import Track
from panda_agent.perception.zones import Zones
from panda_agent.types import Zone

HEIGHT, WIDTH = 100, 200


def look(time, ended=(), gray=100, boxes=0):
    picture = np.full((HEIGHT, WIDTH), gray, np.uint8)
    nothing = Foreground(np.zeros_like(picture), 0.0)
    return Look(
        time,
        picture[..., None].repeat(3, 2),
        picture,
        np.zeros((HEIGHT, WIDTH, 2), np.float32),
        nothing,
        np.zeros((boxes, 4), np.float32),
        {},
        list(ended),
    )


def track(points, id_=1, size=20):
    """A track whose feet touch these (x, y), shares of the picture, ten times a second."""
    made = Track(id_)
    for i, (x, y) in enumerate(points):
        foot_x, foot_y = x * WIDTH, y * HEIGHT
        made.rows.append((i / 10, foot_x - size / 2, foot_y - size, foot_x + size / 2, foot_y, 0.0, 0.0))
    return made


def line_of(start, end, n=30):
    return list(zip(np.linspace(start[0], end[0], n), np.linspace(start[1], end[1], n), strict=True))


AREA = Zone(name="door", type="area", points=((0.4, 0.4), (0.6, 0.4), (0.6, 0.8), (0.4, 0.8)))


def test_somebody_who_walks_through_an_area_was_in_it_once():
    (visit,) = Zones(10.0, [AREA]).update(look(3.0, [track(line_of((0.1, 0.6), (0.9, 0.6)))]))
    assert visit.data == {"zone": "door", "track": 1, "seconds": pytest.approx(0.7, abs=0.15)}
    assert visit.span.start == pytest.approx(1.1, abs=0.15)


def test_the_feet_count_not_the_head():
    above = track(line_of((0.1, 0.35), (0.9, 0.35)))
    below = track(line_of((0.1, 0.9), (0.9, 0.9)), size=40)  # its head is inside, its feet are not
    assert Zones(10.0, [AREA]).update(look(3.0, [above, below])) == []


@pytest.mark.parametrize(
    ("start", "end", "said"), [((0.2, 0.5), (0.8, 0.5), "right"), ((0.8, 0.5), (0.2, 0.5), "left")]
)
def test_a_line_knows_which_way_it_was_crossed(start, end, said):
    for direction, heard in (("both", True), (said, True), ({"right": "left", "left": "right"}[said], False)):
        gate = Zone(name="gate", type="line", points=((0.5, 0.2), (0.5, 0.8)), direction=direction)
        found = Zones(10.0, [gate]).update(look(3.0, [track(line_of(start, end))]))
        assert [row.data["direction"] for row in found] == ([said] if heard else [])


def test_who_passes_beside_a_line_has_not_crossed_it():
    gate = Zone(name="gate", type="line", points=((0.5, 0.2), (0.5, 0.4)))
    assert Zones(10.0, [gate]).update(look(3.0, [track(line_of((0.2, 0.9), (0.8, 0.9)))])) == []


def test_noise_is_no_visitor():
    assert Zones(10.0, [AREA]).update(look(1.0, [track([(0.5, 0.6)] * 3)])) == []


def test_the_scene_is_one_row():
    scene = Scene(10.0)
    seen = [scene.update(look(i / 10, gray=30, boxes=2)) for i in range(50)]
    seen.append(scene.update(look(5.0, [track(line_of((0.1, 0.5), (0.9, 0.5)))], gray=30)))
    (row,) = scene.finish()
    assert not any(seen)
    assert row.span.end == 5.0
    assert (row.data["luma"], row.data["objects"]) == (30.0, 1)
    assert row.statement.startswith("A dark scene of 5.0 s")


def test_no_frame_no_scene():
    assert Scene(10.0).finish() == []
