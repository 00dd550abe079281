"""The empty place as the camera sees it, painted once a video: ground, wall, things, light and lasting shadows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from examples.scenes.camera import Array
from examples.scenes.drawing import Colour, Image, Sprite, blit, cast, sprite
from examples.scenes.ground import Floats, Grain, Spots, paint, tint
from examples.scenes.place import Place
from examples.scenes.props import Prop
from examples.scenes.walls import front, hang

_FINE = 2  # painted this many times larger and shrunk: distant joints and bricks don't flicker into patterns
_AMBIENT_NIGHT = 0.13


@dataclass(frozen=True)
class Backdrop:
    """What doesn't move, and what is needed to put people into it."""

    picture: Image
    """The empty place (h, w, 3)."""
    light: Floats
    """Gain of each pixel's light (h, w, 3)."""
    wall: Floats
    """Share 0..1 of each pixel the wall covers, without its doorway."""
    props: tuple[tuple[float, Prop, Sprite], ...]
    """Things people may stand behind, with their distance."""

    def light_at(self, place: Place, x: float, y: float) -> Colour:
        """Gain of the light on somebody who stands on this spot."""
        (u, v), h, w = place.camera.project(np.array([[x, y, 0.0]]))[0][0], *self.light.shape[:2]
        r, g, b = self.light[int(np.clip(v, 0, h - 1)), int(np.clip(u, 0, w - 1))]
        return float(r), float(g), float(b)


def backdrop(place: Place, rng: np.random.Generator) -> Backdrop:
    """Paint an empty place."""
    camera, grain = place.camera, Grain(rng)
    spots = Spots(*camera.ground(_FINE))
    canvas = np.empty((*spots.x.shape, 3), np.float32)
    canvas[:] = (196, 204, 214)
    if place.wall == "hedge":
        _sky(canvas, place, spots, rng)
    _ground(canvas, place, spots, grain, rng)
    wall_paint, glow, gap, cover = hang(
        front(rng, place.wall, place.wall_height, place.door), camera, place.wall_y, _FINE
    )
    canvas += cover[..., None] * (wall_paint * 0.92 - canvas)
    size = (camera.width, camera.height)
    albedo, glow, cover, gap = (
        np.asarray(cv2.resize(m, size, interpolation=cv2.INTER_AREA), np.float32) for m in (canvas, glow, cover, gap)
    )
    light = _exposed(albedo, _light(place, cover), place.light.night, rng)
    lit = albedo * light + (glow * cover[..., None] if place.light.night else 0)
    picture = np.clip(lit, 0, 255).astype(np.uint8)
    kept = []
    for prop in sorted(place.props, key=lambda p: -camera.depth(p.x, p.y)):
        drawn = sprite(prop.shapes, *size)
        if drawn is None:
            continue
        kept.append((camera.depth(prop.x, prop.y), prop, drawn))
        if not prop.sways:
            blit(picture, drawn, Backdrop(picture, light, cover, ()).light_at(place, prop.x, prop.y))
    if place.light.night:
        _glare(picture, place)
    return Backdrop(picture, light, np.clip(cover - gap, 0, 1), tuple(kept))


def _ground(canvas: Floats, place: Place, spots: Spots, grain: Grain, rng: np.random.Generator) -> None:
    (low, high), below = place.walk, spots.y < place.wall_y + 0.5
    low, high = low - 0.6, high + 0.4
    paint(canvas, below, place.plan.around, spots, grain)
    walk = below & (spots.y > low) & (spots.y < high)
    if place.plan.around == "grass" and place.door is not None:
        walk |= below & (np.abs(spots.x - place.door) < 1.5) & (spots.y >= high)
    if place.kind == "park":
        bend = rng.uniform(-0.5, 0.5)
        walk |= below & (np.abs(spots.x - rng.uniform(-2, 2) - bend * spots.y) < 1.1) & (spots.y <= high)
    if place.plan.walk != place.plan.around:
        paint(canvas, walk, place.plan.walk, spots, grain)
        rim = np.asarray(
            cv2.morphologyEx(walk.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), np.float32
        )
        tint(canvas, rim * 0.6, (176, 172, 164) if place.plan.walk == "slabs" else (92, 90, 84))
    if place.kind == "street":
        _road(canvas, place, spots, grain)
    if place.kind == "station":
        tint(canvas, _stripe(spots, low + 0.5, 0.22), (206, 176, 62))
    for _ in range(int(rng.integers(1, 4))):
        _cover(canvas, spots, float(rng.uniform(-6, 6)), float(rng.uniform(low, high)), float(rng.uniform(0.28, 0.42)))


def _road(canvas: Floats, place: Place, spots: Spots, grain: Grain) -> None:
    kerb = place.walk[0] - 0.7
    road = np.isfinite(spots.y) & (spots.y < kerb)
    paint(canvas, road, "asphalt", spots, grain)
    canvas[road] *= 0.8
    tint(canvas, _stripe(spots, kerb, 0.16), (188, 184, 176))
    tint(canvas, _stripe(spots, kerb - 0.15, 0.12) * 0.7, (58, 58, 60))
    worn = np.clip(0.75 + 0.4 * grain(spots, 0.25), 0, 0.9)
    tint(canvas, _stripe(spots, kerb - 0.5, 0.09) * worn, (204, 190, 120))


def _stripe(spots: Spots, y: float, width: float) -> Floats:
    away = np.abs(np.where(np.isfinite(spots.y), spots.y, 1e6) - y)
    return np.clip((width / 2 - away) / np.maximum(spots.size, 1e-6) + 0.5, 0, 1).astype(np.float32)


def _cover(canvas: Floats, spots: Spots, x: float, y: float, radius: float) -> None:
    away = np.hypot(spots.x - x, np.where(np.isfinite(spots.y), spots.y, 1e6) - y)
    soft = np.maximum(spots.size, 0.02)
    tint(canvas, np.clip((radius - away) / soft, 0, 1).astype(np.float32) * 0.75, (84, 80, 76))
    tint(canvas, np.clip(1 - np.abs(away - radius) / (soft * 1.5), 0, 1).astype(np.float32) * 0.5, (52, 50, 48))


def _sky(canvas: Floats, place: Place, spots: Spots, rng: np.random.Generator) -> None:
    """Beyond a hedge: the crowns of distant trees before a pale sky, each with its light upper side."""
    h, w = canvas.shape[:2]
    canvas[~np.isfinite(spots.y) | (spots.y > place.wall_y)] = (196, 204, 214)
    rim = place.camera.project(np.array([[0.0, place.wall_y, place.wall_height]]))[0][0, 1] * _FINE
    for depth in range(4):
        haze = 0.5 - 0.15 * depth
        for x in np.arange(-0.05, 1.1, 0.07) * w:
            radius = h * float(rng.uniform(0.05, 0.10)) * (1 + 0.25 * depth)
            at = np.array([x + rng.normal(0, w * 0.03), rim + rng.uniform(-0.30, -0.12) * h + depth * 0.07 * h])
            green = np.array([70, 84, 52]) * rng.uniform(0.75, 1.1)
            for dot in rng.normal(0, 0.5, (70, 2)):
                tone = green * (1 - 0.16 * dot[1] + rng.normal(0, 0.05)) * (1 - haze) + np.array([176, 186, 192]) * haze
                centre = np.round(at + dot * radius).astype(int)
                cv2.circle(
                    canvas,
                    (int(centre[0]), int(centre[1])),
                    int(radius * rng.uniform(0.12, 0.28)),
                    tuple(map(float, tone)),
                    -1,
                )


def _light(place: Place, cover: Floats) -> Floats:
    """Light by pixel: the sky's colour, lasting shadows, lamps at night, and the lens, darker in its corners."""
    light, (h, w) = place.light, cover.shape
    gain = np.empty((h, w, 3), np.float32)
    gain[:] = light.colour
    gain *= (1 - light.shadow * _shadows(place) * (1 - cover))[..., None]
    if light.sun is not None:
        gain *= (1 - 0.12 * cover)[..., None]
    if light.night:
        gain *= _lamps(place, cover)
    u, v = np.meshgrid(np.linspace(-1, 1, w), np.linspace(-1, 1, h))
    return np.asarray(gain * (1 - 0.1 * (u**2 + v**2))[..., None], np.float32)


def _exposed(albedo: Floats, light: Floats, night: bool, rng: np.random.Generator) -> Floats:
    """The light as the camera's automatic exposure scales it: to a middling brightness by day, a dim one at night."""
    target = float(rng.uniform(52, 76) if night else rng.uniform(104, 132))
    return np.asarray(light * np.float32(target / float((albedo * light).mean())), np.float32)


def _shadows(place: Place) -> Floats:
    camera, sun = place.camera, place.light.sun
    mask = np.zeros((camera.height, camera.width), np.uint8)
    for prop in place.props:
        for band in prop.shadow:
            cv2.fillConvexPoly(mask, np.round(cast(camera, band, sun) * 16).astype(np.int32), 255.0, cv2.LINE_AA, 4)
    soft = camera.height / (200 if sun is not None else 70)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft) / 255, np.float32)


def _lamps(place: Place, cover: Floats) -> Floats:
    """Night: a little light from everywhere, and pools of it below the lamps and along the wall."""
    x, y, _ = place.camera.ground(1)
    behind = ~np.isfinite(y) | (y > place.wall_y)
    rays = _wall_points(place)
    points = np.stack(
        [np.where(behind, rays[0], x), np.where(behind, place.wall_y, y), np.where(behind, rays[1], 0)], -1
    )
    lamps = [p.lamp for p in place.props if p.lamp is not None]
    row, height = (place.wall_y - 0.5, 3.6) if place.wall != "hedge" else (place.walk[0] - 2.5, 5.0)
    lamps += [(k * 8.5 + place.wall_y % 3, row, height) for k in range(-3, 4)]
    pools: NDArray[np.float64] = np.zeros(x.shape)
    for lamp in lamps:
        far = ((points - np.array(lamp)) ** 2).sum(-1)
        pools += 1 / (1 + far / 11.0) ** 1.9
    ambient = np.array([0.86, 0.97, 1.12]) * _AMBIENT_NIGHT
    warm = np.array([1.06, 0.93, 0.72]) * 0.95
    return (ambient + np.minimum(pools, 1.1)[..., None] * warm).astype(np.float32)


def _glare(picture: Image, place: Place) -> None:
    """Burning lamps, too bright for the camera, in place."""
    lamps = [p.lamp for p in place.props if p.lamp is not None]
    for (u, v), depth in zip(*place.camera.project(np.array(lamps).reshape(-1, 3)), strict=True):
        spot = np.zeros(picture.shape[:2], np.float32)
        cv2.circle(spot, (int(u), int(v)), max(1, int(0.2 * place.camera.focal / depth)), 900.0, -1)
        halo = cv2.GaussianBlur(spot, (0, 0), 2.0) + 3 * cv2.GaussianBlur(spot, (0, 0), place.camera.height / 30)
        lit = picture + np.minimum(halo, 255)[..., None] * np.array([1.0, 0.93, 0.75], np.float32)
        picture[...] = np.clip(lit, 0, 255).astype(np.uint8)


def _wall_points(place: Place) -> tuple[Array, Array]:
    """Street x and height z at which each pixel's ray meets the plane of the wall."""
    camera = place.camera
    u, v = np.meshgrid(
        np.arange(camera.width) + 0.5 - camera.width / 2, np.arange(camera.height) + 0.5 - camera.height / 2
    )
    rays = np.stack([u, v, np.full(u.shape, camera.focal)], -1) @ camera.axes
    far = place.wall_y / np.maximum(rays[..., 1], 1e-3)
    return rays[..., 0] * far, camera.lift + rays[..., 2] * far
