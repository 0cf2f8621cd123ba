"""Chance without state: each number follows from its place (seed, stream, key, index) and from nothing before it.

A simulator that asks here gives the same value for a moment whatever range it is asked for, and whichever meters are
simulated beside it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B: Final = np.uint64(0x94D049BB133111EB)
_TO_UNIT: Final = 2.0**-53


def key_of(*parts: object) -> np.uint64:
    """A 64-bit key of any parts (seed, name of the stream, meter …), stable over processes and machines."""
    text = "\x1f".join(str(part) for part in parts)
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))


def keys_of(stream: str, names: list[str], seed: int) -> Words:
    """One key for each name, shape (names,)."""
    return np.array([key_of(seed, stream, name) for name in names], dtype=np.uint64)


def uniform(keys: Words | np.uint64, index: NDArray[np.integer] | int) -> Floats:
    """Evenly distributed numbers in (0, 1), one for each pair of broadcast key and index."""
    return ((_words(keys, index) >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT


def normal(keys: Words | np.uint64, index: NDArray[np.integer] | int) -> Floats:
    """Numbers of mean 0 and standard deviation 1: the sum of four even ones of 16 bits, so within ±3.46.

    Cheaper than the exact distribution, and nothing here needs its far tails.
    """
    word = _words(keys, index)
    low = np.uint64(0xFFFF)
    total = (word & low) + ((word >> np.uint64(16)) & low)
    total += ((word >> np.uint64(32)) & low) + (word >> np.uint64(48))
    return (total.astype(np.float64) - 2 * 65_535.0) * (np.sqrt(3.0) / 65_536.0)


def exponential(keys: Words | np.uint64, index: NDArray[np.integer] | int) -> Floats:
    """Exponentially distributed numbers of mean 1."""
    return -np.log(uniform(keys, index))


def coloured(key: np.uint64, first: int, count: int, memory: float) -> Floats:
    """Noise of variance 1 at the places `first` to `first + count`, whose correlation falls to 1/e within `memory`.

    It begins so long before that what it began with is forgotten. Two calls with another `first` agree to 1e-5 only:
    callers that promise equal values ask for fixed blocks.
    """
    from scipy.signal import lfilter

    before = int(np.ceil(12 * memory))
    rho = float(np.exp(-1.0 / memory))
    steps = normal(key, np.arange(first - before, first + count))
    values = np.asarray(lfilter([np.sqrt(1 - rho**2)], [1.0, -rho], steps), dtype=np.float64)
    return values[before:]


def _words(keys: Words | np.uint64, index: NDArray[np.integer] | int) -> Words:
    """SplitMix64 of key and place."""
    place = np.asarray(index, dtype=np.int64).astype(np.uint64)
    with np.errstate(over="ignore"):
        word = np.asarray(keys, dtype=np.uint64) + (place + np.uint64(1)) * _STEP
        word = (word ^ (word >> np.uint64(30))) * _MIX_A
        word = (word ^ (word >> np.uint64(27))) * _MIX_B
        return word ^ (word >> np.uint64(31))
