"""Changes the folder and the user, then becomes the given program; run as a script, by path.

PostgreSQL refuses to be root. The folder is entered before the user changes, so the data may lie below folders that
only root can enter: the server is told `/proc/self/cwd` and never walks the path.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG, _PR_GET_PDEATHSIG = 1, 2


def main(arguments: list[str]) -> None:
    """`uid gid folder program argument…`."""
    uid, gid, folder, *program = arguments
    os.chdir(folder)
    os.umask(0o077)
    libc = ctypes.CDLL(None, use_errno=True)
    inherited = ctypes.c_int(0)
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(inherited))
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    # the kernel forgets the wish to end with the parent when the user changes
    libc.prctl(_PR_SET_PDEATHSIG, inherited.value)
    os.execv(program[0], program)  # noqa: S606  the argument list is the launcher's own


if __name__ == "__main__":
    main(sys.argv[1:])
