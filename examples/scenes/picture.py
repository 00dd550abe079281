"""One moment of a street as a picture: shadows, then people and things from far to near."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np

from examples.scenes.actor import Actor, Bag
from examples.scenes.backdrop import Backdrop
from examples.scenes.body import Joint
from examples.scenes.camera import Array, Box
from examples.scenes.crowd import Moment
from examples.scenes.drawing import Colour, Image, Outline, Shape, Sprite, blit, bounds, cast, restore, sprite
from examples.scenes.figures import person, shadow
from examples.scenes.place import Place
from examples.scenes.props import Prop
from examples.scenes.things import bag, bicycle, wheels_shadow

Body = tuple[Actor, Array]
"""Somebody and their joints (17, 3)."""


def actor_shapes(place: Place, actor: Actor, joints: Array) -> list[Shape]:
    """A person with what they ride or carry."""
    camera, sun = place.camera, place.light.side
    shapes = person(camera, joints, actor.look, sun)
    if actor.bike is not None:
        frame, crank = bicycle(camera, actor.x, actor.y, actor.heading, actor.phase * 2 * np.pi, actor.bike)
        return [*frame, *shapes, *crank]
    if actor.bag is None or actor.bag.spot is not None:
        return shapes
    hand = joints[Joint.HAND + 1]
    low = max(0.0, float(hand[2]) - actor.bag.size[2] - 0.06)
    carried = bag(camera, (float(hand[0]), float(hand[1]), low), actor.heading, actor.bag.colour, actor.bag.size)
    nearer = camera.depth(float(hand[0]), float(hand[1])) < camera.depth(actor.x, actor.y)
    return [*shapes, *carried] if nearer else [*carried, *shapes]


def bag_shapes(place: Place, item: Bag) -> list[Shape]:
    """A bag on the ground."""
    assert item.spot is not None
    return bag(place.camera, (*item.spot, 0.0), item.heading, item.colour, item.size)


def actor_box(place: Place, actor: Actor) -> Box:
    """The box around somebody with what they ride or carry, pixels; it may reach out of the picture."""
    return bounds(actor_shapes(place, actor, actor.joints()))


class Painter:
    """Paints the moments of one place."""

    def __init__(self, place: Place, scene: Backdrop, wind: float) -> None:
        self._place, self._scene, self._wind = place, scene, wind

    def __call__(self, moment: Moment) -> Image:
        """The clean picture (h, w, 3) of one moment, RGB."""
        picture = self._scene.picture.copy()
        bodies = [(a, a.joints()) for a in moment.people]
        self._shade(picture, bodies, moment.bags)
        self._indoors(picture, [b for b in bodies if b[0].y > self._place.wall_y])
        outside = [b for b in bodies if b[0].y <= self._place.wall_y]
        for _, draw in sorted(self._items(picture, outside, moment), key=lambda item: -item[0]):
            draw()
        return picture

    def _indoors(self, picture: Image, bodies: list[Body]) -> None:
        """Those beyond the wall are seen through its doorway only."""
        for actor, joints in bodies:
            self._lay(picture, actor_shapes(self._place, actor, joints), actor.x, self._place.wall_y + 0.3)
        if bodies:
            share = self._scene.wall[..., None]
            picture[...] = (picture * (1 - share) + self._scene.picture * share).astype(np.uint8)

    def _items(self, picture: Image, bodies: list[Body], moment: Moment) -> Iterator[tuple[float, Callable[[], None]]]:
        """Everything that stands or moves: its distance, and how to draw it."""
        place, depth = self._place, self._place.camera.depth
        for actor, joints in bodies:
            shapes = actor_shapes(place, actor, joints)
            yield depth(actor.x, actor.y), partial(self._lay, picture, shapes, actor.x, actor.y)
        for item in moment.bags:
            if item.spot is not None:
                yield depth(*item.spot), partial(self._lay, picture, bag_shapes(place, item), *item.spot)
        for away, prop, drawn in self._scene.props:
            yield away, partial(self._prop, picture, prop, drawn, moment.time)

    def _lay(self, picture: Image, shapes: list[Shape], x: float, y: float) -> None:
        drawn = sprite(shapes, self._place.camera.width, self._place.camera.height)
        if drawn is not None:
            blit(picture, drawn, self._light(x, y))

    def _light(self, x: float, y: float) -> Colour:
        return self._scene.light_at(self._place, x, y)

    def _prop(self, picture: Image, prop: Prop, drawn: Sprite, time: float) -> None:
        if not prop.sways:
            restore(picture, self._scene.picture, drawn)
            return
        h, w = drawn.rgba.shape[:2]
        lean = self._wind * (np.sin(time * 1.3 + prop.x) + 0.5 * np.sin(time * 3.1 + 2 * prop.x))
        bend = np.array([[1, -lean / h, lean], [0, 1, 0]], np.float64)
        moved = np.asarray(cv2.warpAffine(drawn.rgba, bend, (w, h)), np.uint8)
        blit(picture, Sprite(moved, drawn.x, drawn.y), self._light(prop.x, prop.y))

    def _shade(self, picture: Image, bodies: list[Body], bags: tuple[Bag, ...]) -> None:
        """Soft shadows on the ground, in place."""
        camera, light = self._place.camera, self._place.light
        mask = np.zeros(picture.shape[:2], np.uint8)
        for outline in self._shadows(bodies, bags):
            cv2.fillConvexPoly(mask, np.round(outline * 16).astype(np.int32), 255.0, cv2.LINE_AA, 4)
        dark = cv2.GaussianBlur(mask, (0, 0), camera.height / (260 if light.sun is not None else 110))
        rows = np.flatnonzero(dark.any(axis=1))
        if len(rows):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            share = 1 - dark[part, :, None].astype(np.float32) * np.float32(light.shadow / 255)
            picture[part] = (picture[part] * share).astype(np.uint8)

    def _shadows(self, bodies: list[Body], bags: tuple[Bag, ...]) -> Iterator[Outline]:
        camera, sun = self._place.camera, self._place.light.sun
        for actor, joints in bodies:
            if actor.y <= self._place.wall_y:
                yield from shadow(camera, joints, sun)
                if actor.bike is not None:
                    yield cast(camera, wheels_shadow(actor.x, actor.y, actor.heading), sun)
        for item in bags:
            if item.spot is not None:
                yield cast(camera, ([(*item.spot, 0.0), (*item.spot, item.size[2])], (0.3, 0.26)), sun)
