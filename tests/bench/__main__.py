"""`make bench`: the whole path on a stack of its own, the index at 100,000 passages, then series.

Imported are 10 million readings, read a meter-year, simulated a year of a thousand meters.
"""

from __future__ import annotations

import subprocess
import sys

from tests.places import ROOT

SCRIPTS = (
    ["-m", "tests.bench.whole_path"],
    ["tests/bench/index_100k.py"],
    ["tests/bench/series_import.py"],
    ["-m", "tests.bench.series_reads"],
    ["-m", "tests.bench.simulation"],
)


def main() -> int:
    """Run each script in a process of its own; the worst exit code counts."""
    return max(subprocess.run([sys.executable, *script], cwd=ROOT, check=False).returncode for script in SCRIPTS)


if __name__ == "__main__":
    sys.exit(main())
