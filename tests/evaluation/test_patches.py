"""What a row says of where, as boxes over time: patches first, then its path, then its region."""

from panda_agent.evaluation.places import boxes_of
from panda_agent.types import Evidence, Region, TimeSpan


def row(**data):
    return Evidence(
        id="e0123456789a",
        kind="fastest",
        span=TimeSpan(start=0, end=2),
        region=Region(x0=0, y0=0, x1=1, y1=1),
        statement="something goes along",
        data=data,
        tool="observe_motion@1",
        family="motion",
    )


def test_patches_of_a_moment_hold_until_the_next_and_share_the_weight_by_their_values():
    patches = [[0.0, 0, 0, 0.5, 0.5, 4.0], [0.0, 0.5, 0.5, 1, 1, 1.0], [1.0, 0.2, 0.2, 0.4, 0.4, 0.5]]
    assert list(boxes_of(row(patches=patches))) == [
        (0.0, 1.0, (0, 0, 0.5, 0.5), 1.0),
        (0.0, 1.0, (0.5, 0.5, 1, 1), 0.25),
        (1.0, 2.0, (0.2, 0.2, 0.4, 0.4), 1.0),
    ]


def test_a_path_is_one_box_at_a_time():
    assert [one[:2] for one in boxes_of(row(path=[[0.0, 0, 0, 0.1, 0.1], [1.5, 0.1, 0, 0.2, 0.1]]))] == [
        (0, 1.5),
        (1.5, 3.0),
    ]


def test_without_either_the_region_holds_throughout():
    assert list(boxes_of(row())) == [(0.0, 2.0, (0, 0, 1, 1), 1.0)]
