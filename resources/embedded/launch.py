"""Becomes a part of the stack, from its description in a file; run as a script, by path.

The description keeps secrets and odd paths out of the supervisor's configuration and out of `ps`. The part's process
id is written down, so that it is found even when the supervisor was killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(description: str) -> None:
    """Read `description` (JSON: argv, env, cwd, end_signal) and become that program."""
    with open(description, encoding="utf-8") as file:  # noqa: PTH123  pathlib would double the time of this script
        part = json.load(file)
    handle = os.open(description.removesuffix(".json") + ".pid", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, str(os.getpid()).encode())
    os.close(handle)
    if sys.platform == "linux":
        # without its supervisor a part would run on unseen: it ends with it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(part["end_signal"]))
    os.chdir(part["cwd"])
    os.execve(part["argv"][0], part["argv"], part["env"])  # noqa: S606  the description is the launcher's own


if __name__ == "__main__":
    main(sys.argv[1])
