"""Changes the folder and the user, then becomes the given program; run as a script, by path.

PostgreSQL refuses to be root. The folder is entered before the user changes, so the data may lie below folders that
only root can enter: the server is told `/proc/self/cwd` and never walks the path.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> None:
    """`uid gid folder program argument…`."""
    uid, gid, folder, *program = arguments
    os.chdir(folder)
    os.umask(0o077)
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    os.execv(program[0], program)  # noqa: S606  the argument list is the launcher's own


if __name__ == "__main__":
    main(sys.argv[1:])
