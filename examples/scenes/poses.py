"""Poses people take when they don't move on."""

from __future__ import annotations

from collections.abc import Mapping

from examples.scenes.body import Angle, Pose, pose

STANDING = pose()
PHONE = pose(waist=4, neck=25, shoulders=(25, 2), elbows=(105, 12), spread=(8, 6))
HIPS = pose(shoulders=(-15, -15), elbows=(80, 80), spread=(32, 32))
CALLING = pose(neck=5, shoulders=(2, 30), elbows=(12, 145), spread=(6, 20))
SITTING = pose(waist=8, hips=(88, 84), knees=(88, 80), shoulders=(22, 26), elbows=(60, 55))
BENDING = pose(
    pitch=20, waist=62, neck=-8, hips=(30, 20), knees=(30, 24), ankles=(10, 6), shoulders=(66, 30), elbows=(8, 20)
)
KNEELING = pose(
    waist=46, neck=12, hips=(98, 12), knees=(104, 112), ankles=(6, -30), shoulders=(64, 60), elbows=(22, 26)
)
SQUATTING = pose(waist=38, hips=(104, 98), knees=(128, 124), ankles=(20, 18), shoulders=(62, 56), elbows=(30, 34))

_TRIPPED = pose(pitch=38, waist=14, hips=(52, 10), knees=(60, 44), shoulders=(84, 70), elbows=(30, 36), spread=(18, 22))
_PRONE = pose(
    pitch=88, neck=-6, hips=(3, 0), knees=(18, 4), ankles=(-40, -48),
    shoulders=(166, 3), elbows=(14, 6), spread=(34, 26),
)  # fmt: skip
_TIPPED = pose(
    pitch=12, roll=40, waist=18, hips=(42, 20), knees=(78, 54), shoulders=(40, 10), elbows=(44, 30), spread=(50, 20)
)
_ON_SIDE = pose(
    roll=87, waist=12, neck=10, hips=(34, 14), knees=(48, 22), shoulders=(84, 40), elbows=(40, 30), spread=(14, -32)
)
_SLIPPED = pose(
    pitch=-34, waist=26, hips=(72, 54), knees=(76, 40), shoulders=(-26, -34), elbows=(28, 24), spread=(44, 48)
)
_SUPINE = pose(
    pitch=-88, neck=8, hips=(14, 4), knees=(30, 6), ankles=(-20, -26),
    shoulders=(20, 8), elbows=(26, 12), spread=(42, 58),
)  # fmt: skip
_BUCKLED = pose(
    pitch=22, waist=20, hips=(46, 34), knees=(92, 84), ankles=(12, 8),
    shoulders=(50, 38), elbows=(40, 52), spread=(28, 34),
)  # fmt: skip
_HEAP = pose(
    pitch=20, roll=80, waist=18, hips=(48, 26), knees=(74, 58), shoulders=(60, 36), elbows=(64, 24), spread=(10, -34)
)

FALLS: Mapping[str, tuple[Pose, Pose]] = {
    "forwards": (_TRIPPED, _PRONE),
    "sideways": (_TIPPED, _ON_SIDE),
    "backwards": (_SLIPPED, _SUPINE),
    "collapsing": (_BUCKLED, _HEAP),
}
"""Ways to go down: half way, and lying."""


def mirrored(pose: Pose) -> Pose:
    """The same pose with left and right changed over."""
    other = pose.copy()
    other[[Angle.ROLL, Angle.TWIST, Angle.LOOK]] *= -1
    for left in range(Angle.HIP, Angle.SPREAD + 1, 2):
        other[[left, left + 1]] = pose[[left + 1, left]]
    return other
