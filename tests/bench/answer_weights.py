"""Fits the weights of `luna_rules/answers/verdict.py`: a logistic regression over questions that may be looked at.

Run it as `python tests/bench/answer_weights.py [--lost 0.03] [--ridge 3]`; it prints weights, threshold and what they
come to by cross-validation. Halves that are for reporting only take no part, nor does what chance might change: the
folds come from a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from answer_quality import COUNTED, DEV, GOLD, LAWS, NOT_ANSWERABLE, Bench, ask, half_of, load  # noqa: E402

from luna_rules.answers.extract import Extractor  # noqa: E402
from luna_rules.answers.question import read_question  # noqa: E402
from luna_rules.answers.support import NOT_COVERED, coverage  # noqa: E402
from luna_rules.answers.verdict import Signs, signs_for  # noqa: E402

FILES = (
    DEV,
    GOLD / "questions_split.jsonl",
    GOLD / "questions_second.jsonl",
    GOLD / "questions_support.jsonl",
    GOLD / "questions_fourth.jsonl",
    GOLD / "questions_short.jsonl",
    GOLD / "unanswerable_own.jsonl",
    GOLD / "answerability_own.jsonl",
    GOLD / "law_questions_own.jsonl",
    GOLD / "answers_own.jsonl",
)
FOLDS = 8
SEEDS = 4

Array = NDArray[np.float64]


def rows(bench: Bench) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Signs, whether the laws answer, and whether nothing but the signs decides, a row for each question."""
    signs: list[tuple[float, ...]] = []
    answered: list[float] = []
    decided: list[bool] = []
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if half_of(case) in COUNTED:
                continue
            row = ask(bench, case, 6)
            read = read_question(case["question"])
            matcher = bench.matcher(case["question"])
            if read.talk or read.lookup is not None or not row.passages or not matcher.labels:
                continue
            extractor = Extractor(read, row.passages, matcher)
            extract = extractor.extract()
            if extract.best is None or row.passages[extract.best.statement.passage].law is None:
                continue
            covered, _ = coverage(read, row.passages, matcher, extractor, extract)
            signs.append(astuple(signs_for(read, row.passages, matcher, extract.best, covered)))
            answered.append(float(case["kind"] not in NOT_ANSWERABLE))
            decided.append(row.answer.answered or row.answer.reason == NOT_COVERED)
    return np.array(signs), np.array(answered), np.array(decided)


def fit(signs: Array, answered: Array, ridge: float) -> Array:
    """Weights of the signs and, last, the intercept, by Newton's method on standardised signs."""
    mean, spread = signs.mean(0), signs.std(0) + 1e-9
    design = np.c_[(signs - mean) / spread, np.ones(len(signs))]
    penalty = np.full(design.shape[1], ridge)
    penalty[-1] = 1e-9
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (chance - answered) + penalty * weights
        curve = (design.T * (chance * (1 - chance))) @ design + np.diag(penalty)
        weights -= np.linalg.solve(curve, slope)
    own = weights[:-1] / spread
    return np.r_[own, weights[-1] - float(own @ mean)]


def cross_validated(signs: Array, answered: Array, ridge: float) -> Array:
    """What each question comes to by weights that were fitted without it, the mean over several divisions."""
    found = np.zeros(len(signs))
    for seed in range(SEEDS):
        fold = np.random.default_rng(seed).integers(0, FOLDS, len(signs))
        for number in range(FOLDS):
            weights = fit(signs[fold != number], answered[fold != number], ridge)
            found[fold == number] += np.c_[signs, np.ones(len(signs))][fold == number] @ weights
    return found / SEEDS


def area(found: Array, answered: Array) -> float:
    """The area under the curve: how often an answerable question comes to more than another."""
    yes, no = found[answered == 1], found[answered == 0]
    return float(np.mean((yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lost", type=float, default=0.03, help="share of the answerable questions to be lost")
    parser.add_argument("--ridge", type=float, default=3.0)
    arguments = parser.parse_args()
    if not LAWS.is_dir():
        sys.exit(f"There are no laws at {LAWS}")
    signs, answered, decided = rows(load(LAWS))
    found = cross_validated(signs, answered, arguments.ridge)
    least = float(np.quantile(found[(answered == 1) & decided], arguments.lost))
    weights = fit(signs, answered, arguments.ridge)
    print(f"{len(signs)} questions, {int((answered == 0).sum())} of them without an answer")
    print(f"cross-validated area under the curve {area(found, answered):.3f}")
    open_ones = (answered == 0) & decided
    print(f"declined of those without an answer that no other rule declines: {np.mean(found[open_ones] < least):.2f}")
    for one, weight in zip(fields(Signs), weights, strict=False):
        print(f"    {one.name}={weight:.2f},")
    print(f"LEAST = {least - weights[-1]:.2f}")


if __name__ == "__main__":
    main()
