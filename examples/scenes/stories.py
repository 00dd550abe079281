"""What happens: the four events and their innocent twins, each acted by a hero among the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from examples.scenes.actor import BAG_SIZES, Actor, Bag, Hold, Step, Walk
from examples.scenes.body import Angle, Pose
from examples.scenes.looks import bag_colour, some_look
from examples.scenes.place import Place
from examples.scenes.poses import BENDING, FALLS, KNEELING, PHONE, SITTING, SQUATTING, STANDING, mirrored
from examples.scenes.street import Action, Habits, Street


class Cast(NamedTuple):
    """Who comes on stage for a story, and when."""

    kind: str
    """The event's type, or the innocent act's."""
    heroes: list[tuple[float, Actor]]
    act: Action | None = None


Story = Callable[[Place, Habits, np.random.Generator, float], Cast]


def _entry(place: Place, y: float, side: int, margin: float) -> float:
    """Street x outside the picture on a side, `margin` metres beyond its edge."""
    return place.camera.edge(y, side) + side * margin


def _passer(place: Place, rng: np.random.Generator, y: float, towards: int, speed: float, gait: str) -> Actor:
    """Somebody who passes through the whole picture."""
    start, end = _entry(place, y, -towards, 2.2), _entry(place, y, towards, 3.0)
    steps: list[Step] = [Walk(end, y, speed, gait)]
    look = some_look(rng, sporty=gait != "walk")
    return Actor(
        look, steps, start, y, 0.0 if towards > 0 else np.pi, role="hero", vx=towards * speed, phase=float(rng.random())
    )


def _lane(place: Place, rng: np.random.Generator) -> float:
    low, high = place.walk
    return float(rng.uniform(low + 0.5, high - 0.5))


def _side(rng: np.random.Generator) -> int:
    return int(rng.choice((-1, 1)))


def cyclist(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """Somebody rides a bicycle through the walkers at 4 to 6 m/s."""
    rider = _passer(place, rng, _lane(place, rng), _side(rng), float(rng.uniform(4.0, 6.0)), "ride")
    rider.bike = ((150, 34, 36), (36, 70, 130), (40, 42, 44), (46, 104, 70), (190, 190, 186))[int(rng.integers(5))]
    return Cast("cyclist", [(at, rider)])


def fast_walker(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """Somebody in a hurry walks through at about 2.1 m/s."""
    walker = _passer(place, rng, _lane(place, rng), _side(rng), float(rng.uniform(2.0, 2.2)), "walk")
    walker.look = replace(walker.look, arm_swing=1.2)
    return Cast("fast_walker", [(at - 1.0, walker)])


def _visitor(place: Place, rng: np.random.Generator, spot: tuple[float, float], at: float) -> tuple[float, Actor, int]:
    """Somebody who comes in so as to reach a spot at about a time: when they enter, who, and which way they walk."""
    towards, speed = _side(rng), float(rng.uniform(1.15, 1.45))
    start = _entry(place, spot[1], -towards, 1.4)
    enters = at - abs(spot[0] - start) / speed
    if enters < 0:
        start, enters = spot[0] - towards * speed * at, 0.0
    heading = 0.0 if towards > 0 else np.pi
    steps: list[Step] = [Walk(*spot, speed)]
    visitor = Actor(
        some_look(rng), steps, start, spot[1], heading, role="hero", vx=towards * speed, phase=float(rng.random())
    )
    return enters - 0.8, visitor, towards


def fall(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """A walker goes down within a second and stays there; often others come and look."""
    enters, victim, _ = _visitor(place, rng, place.open_spot(rng), at)
    middle, lying = FALLS[str(rng.choice(list(FALLS)))]
    seconds = float(rng.uniform(0.6, 1.0))
    if rng.random() < 0.5:
        middle, lying = mirrored(middle), mirrored(lying)
    poses: list[tuple[float, Pose]] = [(seconds * 0.5, middle), (seconds, lying)]
    for start in np.cumsum(rng.uniform(2.5, 6.0, 6)):
        stirred = lying.copy()
        stirred[Angle.HIP : Angle.SPREAD] += rng.normal(0, 7, Angle.SPREAD - Angle.HIP)
        poses += [(seconds + float(start), poses[-1][1]), (seconds + float(start) + 0.7, stirred)]
    turned = victim.heading + float(rng.uniform(-1.6, 1.6))
    victim.steps.append(Hold(999.0, tuple(poses), turned, mark="starts", falling=seconds))
    return Cast("fall", [(enters, victim)], _helpers(victim, rng) if rng.random() < 0.6 else None)


def _helpers(victim: Actor, rng: np.random.Generator) -> Action:
    """One or two of the nearest walkers come to look after the fallen one."""
    wait, most = float(rng.uniform(1.2, 3.0)), int(rng.integers(1, 3))
    angles = rng.uniform(-np.pi, np.pi, most)

    def act(street: Street, now: float) -> None:
        if not victim.marks.get("starts", np.inf) + wait < now or "seen" in victim.marks:
            return
        victim.marks["seen"] = now
        near = [a for a in street.actors if a.role == "walker" and np.hypot(a.x - victim.x, a.y - victim.y) < 6.0]
        near.sort(key=lambda a: float(np.hypot(a.x - victim.x, a.y - victim.y)))
        for helper, angle in zip(near, angles, strict=False):
            x, y = victim.x + 1.15 * float(np.cos(angle)), victim.y + 1.15 * float(np.sin(angle))
            face = float(np.arctan2(victim.y - y, victim.x - x))
            squat = Hold(999.0, ((0.8, STANDING), (2.0, STANDING), (3.0, SQUATTING)), face)
            helper.steps, helper.spent, helper.before = [Walk(x, y, 1.7), squat], 0.0, helper.pose

    return act


def bend(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """A walker ties a shoe, picks something up, or sits down on a bench."""
    benches = place.find("bench")
    acts = ["tie_shoe", "pick_up"] + (["sit_down"] if benches and not habits.sitting else [])
    kind = acts[int(rng.integers(len(acts)))]
    spot = (benches[0].x, benches[0].y - 0.45) if kind == "sit_down" else place.open_spot(rng)
    enters, walker, towards = _visitor(place, rng, spot, at)
    on = Walk(_entry(place, spot[1], towards, 1.4), spot[1], 1.25, mark="ends")
    if kind == "tie_shoe":
        stay, low = float(rng.uniform(3.0, 6.0)), KNEELING if rng.random() < 0.5 else SQUATTING
        walker.steps += [
            Hold(stay + 2.0, ((0.4, STANDING), (1.5, low), (1.0 + stay, low), (1.9 + stay, STANDING)), mark="starts"),
            on,
        ]
    elif kind == "pick_up":
        walker.steps += [
            Hold(2.3, ((0.25, STANDING), (1.1, BENDING), (1.35, BENDING), (2.2, STANDING)), mark="starts"),
            on,
        ]
    else:
        turn = Hold(0.9, ((0.5, STANDING),), -np.pi / 2)
        walker.steps += [
            turn,
            Hold(
                99.0, ((1.2, SITTING), (4.0, SITTING), (5.0, SITTING + _fidget(rng))), -np.pi / 2, 0.42, mark="starts"
            ),
        ]
    return Cast(kind, [(enters, walker)])


def _fidget(rng: np.random.Generator) -> Pose:
    moved: Pose = rng.normal(0, 6, 18) * (np.arange(18) >= Angle.SHOULDER)
    return moved


_PUT = ((0.9, BENDING), (1.15, BENDING), (1.9, STANDING))


def _bag_owner(place: Place, rng: np.random.Generator, at: float) -> tuple[float, Actor, int]:
    for _ in range(30):
        spot = place.open_spot(rng, room=0.8, inner=0.25)
        if place.camera.depth(*spot) < place.camera.depth(spot[0], place.walk[1]) - 1.2:
            break
    enters, owner, towards = _visitor(place, rng, spot, at)
    owner.bag = Bag(bag_colour(rng), BAG_SIZES[int(rng.integers(len(BAG_SIZES)))])
    owner.look = replace(owner.look, backpack=None)
    return enters, owner, towards


def abandoned_bag(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """Somebody puts a bag down, lingers for a moment and walks out of the picture without it."""
    enters, owner, towards = _bag_owner(place, rng, at)
    spot = owner.target
    side = towards if rng.random() < 0.7 else -towards
    linger = float(rng.uniform(0.8, 3.0))
    away = Walk(
        _entry(place, spot[1], side, 1.4),
        float(np.clip(spot[1] + rng.normal(0, 0.8), *place.walk)),
        float(rng.uniform(1.3, 1.6)),
    )
    owner.steps += [
        Hold(2.0, _PUT, bag="put"),
        Hold(linger, ((0.6, STANDING),), float(rng.uniform(-np.pi, np.pi))),
        away,
    ]
    return Cast("abandoned_bag", [(enters, owner)])


def bag_taken_again(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """Somebody puts a bag down, waits beside it for some seconds, takes it and walks on."""
    enters, owner, towards = _bag_owner(place, rng, at)
    (x, y), wait = owner.target, float(rng.uniform(3.0, 7.0))
    owner.steps.append(Hold(2.0, _PUT, bag="put"))
    if rng.random() < 0.5:
        turn = float(rng.uniform(-np.pi, np.pi))
        aside = x + float(rng.uniform(0.8, 1.4)) * float(np.cos(turn)), y + 1.0 * float(np.sin(turn))
        owner.steps += [Walk(*aside, 0.9), Hold(wait, ((0.8, PHONE), (wait, PHONE))), Walk(x, y, 0.9)]
    else:
        owner.steps.append(Hold(wait, ((0.8, PHONE), (wait, PHONE)), float(rng.uniform(-np.pi, np.pi))))
    owner.steps += [Hold(2.0, _PUT, bag="take"), Walk(_entry(place, y, towards, 1.4), y, 1.3)]
    return Cast("bag_taken_again", [(enters, owner)])


def _stream(habits: Habits) -> int:
    """Which way the walkers stream: 1 to the right, -1 to the left."""
    return 1 if habits.rightwards >= 0.5 else -1


def wrong_way(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """Somebody runs at about 4 m/s against the stream of walkers."""
    runner = _passer(place, rng, _lane(place, rng), -_stream(habits), float(rng.uniform(3.6, 4.4)), "run")
    return Cast("wrong_way", [(at, runner)])


def joggers(place: Place, habits: Habits, rng: np.random.Generator, at: float) -> Cast:
    """Two to four joggers run together with the stream, on the lane nearest to the camera."""
    towards, speed, count = _stream(habits), float(rng.uniform(2.6, 3.0)), int(rng.integers(2, 5))
    group = []
    for nth in range(count):
        y = place.walk[0] + 0.3 + 0.75 * (nth % 2)
        jogger = _passer(place, rng, y, towards, speed, "run")
        jogger.x -= towards * (1.3 * (nth // 2) + float(rng.uniform(0, 0.4)))
        jogger.party = 10_000
        group.append((at, jogger))
    return Cast("joggers", group)


STORIES: Mapping[str, tuple[Story, Story]] = {
    "cyclist": (cyclist, fast_walker),
    "fall": (fall, bend),
    "abandoned_bag": (abandoned_bag, bag_taken_again),
    "wrong_way": (wrong_way, joggers),
}
"""Each event with its innocent twin."""


def story_habits(scene: str, habits: Habits, rng: np.random.Generator) -> Habits:
    """Habits the story needs: going the wrong way takes a stream."""
    if scene != "wrong_way":
        return habits
    return replace(habits, rightwards=float(rng.integers(2)), crossing=0.0, walkers=max(8, habits.walkers))
