"""UCSD Ped2 with its normal training videos given: frame AUC, verdicts, spans, and false alarms on normal videos.

    .venv/bin/python benchmarks/ped2.py ../shared/data/ped2 [--leave-one-out] [--no-normal]

Nothing is fitted on test labels: the scale of surprise comes from leaving each training video out in turn, the rules
are those of the general pack. Scores are the verdicts' own timelines (smoothed with one fixed Gaussian, sigma 0.3 s).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from panda_agent import Investigator, Settings, Verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leave-one-out", action="store_true", help="also judge each training video by the others")
    parser.add_argument("--no-normal", action="store_true", help="give no normal videos")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        investigator = Investigator(Settings(home=Path(home)))
        test(investigator, args.folder, [] if args.no_normal else [args.folder / "train"])
        if args.leave_one_out:
            leave_one_out(investigator, args.folder)


def test(investigator: Investigator, folder: Path, normal: list[Path]) -> None:
    videos = sorted((folder / "test").glob("*.mp4"))
    truth = split(np.load(folder / "frame_labels_ped2.npy"), folder)
    scores, spans = [], []
    for video in videos:
        verdict = investigator.investigate(video, normal=normal)
        labels = truth[video.stem]
        scores.append(frame_scores(verdict, len(labels)))
        spans.append(covered(verdict, len(labels)))
        iou = overlap(spans[-1], labels)
        print(
            f"{video.stem} {verdict.label:12} {verdict.headline[:60]:60} "
            f"IoU {iou:.2f} AUC {auc(labels, scores[-1]):.3f}",
            flush=True,
        )
    labels = [truth[video.stem] for video in videos]
    mixed = [i for i, one in enumerate(labels) if 0 < one.mean() < 1]
    print(f"micro AUC {roc_auc_score(np.concatenate(labels), np.concatenate(scores)) * 100:.2f}")
    print(f"within-video AUC {np.mean([auc(labels[i], scores[i]) for i in mixed]) * 100:.2f} over {len(mixed)} videos")
    print(
        f"mean temporal IoU {np.mean([overlap(spans[i], labels[i]) for i in mixed]):.3f} "
        f"(the whole video as one span: {np.mean([labels[i].mean() for i in mixed]):.3f})"
    )


def leave_one_out(investigator: Investigator, folder: Path) -> None:
    videos = sorted((folder / "train").glob("*.mp4"))
    normal = 0
    for video in videos:
        verdict = investigator.investigate(video, normal=[other for other in videos if other != video])
        peak = max(point.score for point in verdict.score_timeline)
        normal += verdict.label == "normal"
        print(f"left out {video.stem}: {verdict.label:12} peak {peak:.2f} {verdict.headline}", flush=True)
    print(f"normal videos left out and called normal: {normal} of {len(videos)}")


def split(labels: np.ndarray, folder: Path) -> dict[str, np.ndarray]:
    """Cut the one array of labels into videos, by their frame counts."""
    import av

    cut, at = {}, 0
    for video in sorted((folder / "test").glob("*.mp4")):
        n = sum(1 for _ in av.open(str(video)).decode(video=0))
        cut[video.stem] = labels[at : at + n].astype(int)
        at += n
    assert at == len(labels)
    return cut


def frame_scores(verdict: Verdict, n: int) -> np.ndarray:
    """Belief at each frame of a 10 fps video."""
    t, s = zip(*((point.t, point.score) for point in verdict.score_timeline), strict=True)
    return np.interp(np.arange(n) / 10.0, t, s)


def covered(verdict: Verdict, n: int) -> np.ndarray:
    times = np.arange(n) / 10.0
    return np.any([(times >= span.start) & (times < span.end) for span in verdict.spans] or [np.zeros(n, bool)], axis=0)


def overlap(found: np.ndarray, labels: np.ndarray) -> float:
    union = (found | (labels > 0)).sum()
    return float((found & (labels > 0)).sum() / union) if union else 1.0


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    return float(roc_auc_score(labels, scores)) if 0 < labels.mean() < 1 else float("nan")


if __name__ == "__main__":
    main()
