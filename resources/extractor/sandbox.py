"""What the extraction child takes away from itself before it sees the first document.

Everything is best effort and reported: `apply` returns each measure with `on` or the reason why it is off. It has to
run after all imports (nothing can be opened afterwards) and before any thread starts (Landlock binds its caller).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
# Number of file system rights that each version of the interface knows; all are handled and none is granted.
_LANDLOCK_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}

_EPERM = 1
_ENOSYS = 38
_CLONE_THREAD = 0x00010000

# (audit architecture, system calls to refuse, clone, clone3). Files, network, other processes and the kernel's wider
# surface; memory, threads, time and already open descriptors stay.
_REFUSED_X86_64 = (
    2, 85, 257, 437,  # open, creat, openat, openat2
    41, 42, 43, 49, 50, 288,  # socket, connect, accept, bind, listen, accept4
    57, 58, 59, 322,  # fork, vfork, execve, execveat
    62, 200, 234, 129, 297, 424,  # kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal
    101, 310, 311, 312, 434, 438, 440,  # ptrace, process_vm_*, kcmp, pidfd_open, pidfd_getfd, process_madvise
    76, 82, 83, 84, 86, 87, 88, 90, 91, 92, 94, 132, 133, 235, 280,  # truncate, rename, mkdir, unlink, link, chmod
    258, 259, 260, 261, 263, 264, 265, 266, 268, 316, 452,  # the *at forms of these
    155, 161, 165, 166, 272, 308, 428, 429, 430, 431, 432, 433, 442,  # chroot, mount, unshare, setns
    169, 175, 176, 246, 313, 320,  # reboot, modules, kexec
    248, 249, 250, 298, 321, 323, 425, 426, 427,  # keys, perf, bpf, userfaultfd, io_uring
    304, 303, 319,  # open_by_handle_at, name_to_handle_at, memfd_create
    29, 30, 31, 64, 68, 240,  # shared memory, semaphores, message queues
    105, 106, 113, 114, 116, 117, 119, 126,  # set*id, setgroups, capset
)  # fmt: skip
_REFUSED_AARCH64 = (
    56, 437,  # openat, openat2
    198, 200, 201, 202, 203, 242,  # socket, bind, listen, accept, connect, accept4
    221, 281,  # execve, execveat
    129, 130, 131, 138, 240, 424,  # kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal
    117, 270, 271, 272, 434, 438, 440,  # ptrace, process_vm_*, kcmp, pidfd_*, process_madvise
    33, 34, 35, 36, 37, 38, 45, 53, 54, 88, 276, 452,  # mkdirat, unlinkat, links, rename, truncate, chmod
    39, 40, 41, 51, 97, 268, 428, 429, 430, 431, 432, 433, 442,  # mount, chroot, unshare, setns
    142, 104, 105, 106, 273, 294,  # reboot, kexec, modules
    217, 218, 219, 241, 280, 282, 425, 426, 427,  # keys, perf, bpf, userfaultfd, io_uring
    264, 265, 279,  # name_to_handle_at, open_by_handle_at, memfd_create
    194, 190, 186, 180,  # shared memory, semaphores, message queues
    144, 146, 143, 145, 147, 149, 159, 91,  # set*id, setgroups, capset
)  # fmt: skip
_SECCOMP_TABLES = {
    "x86_64": (0xC000003E, _REFUSED_X86_64, 56, 435),
    "aarch64": (0xC00000B7, _REFUSED_AARCH64, 220, 435),
}


def apply(memory_bytes: int, cpu_hard_s: int) -> dict[str, str]:
    """Take rights away from this process for good and tell what was achieved."""
    measures: dict[str, str] = {}
    measures["rlimits"] = _limit_resources(memory_bytes, cpu_hard_s)
    measures["user"] = _drop_user()
    if not sys.platform.startswith("linux"):
        measures["no_new_privs"] = measures["landlock"] = measures["seccomp"] = "off: not Linux"
        return measures
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    no_new_privs = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    measures["no_new_privs"] = "on" if no_new_privs else f"off: {_last_error()}"
    threads = _thread_count()
    if threads > 1:
        # Not fatal: the measures still bind the thread that reads documents and every thread it starts.
        measures["threads"] = f"{threads} running before the restriction"
    measures["landlock"] = _landlock(libc) if no_new_privs else "off: privileges could still be gained"
    measures["seccomp"] = _seccomp(libc) if no_new_privs else "off: privileges could still be gained"
    return measures


def _last_error() -> str:
    return os.strerror(ctypes.get_errno())


def _thread_count() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - needs no path objects
    except OSError:
        return 1


def _limit_resources(memory_bytes: int, cpu_hard_s: int) -> str:
    try:
        import resource
    except ImportError:
        return "off: not available on this system"
    wanted = {
        "RLIMIT_AS": (memory_bytes, memory_bytes),
        "RLIMIT_CPU": (cpu_hard_s, cpu_hard_s),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NOFILE": (32, 32),
    }
    failed: list[str] = []
    for name, pair in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), pair)
        except (ValueError, OSError, AttributeError):
            failed.append(name)
    return "on" if not failed else "partly: without " + ", ".join(failed)


def _drop_user() -> str:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "own user: not started as root"
    try:
        import pwd

        entry = pwd.getpwnam("nobody")
        uid, gid = entry.pw_uid, entry.pw_gid
    except (ImportError, KeyError):
        uid = gid = 65534
    try:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        return f"root: {error.strerror}"
    return f"uid {uid}"


def _landlock(libc: ctypes.CDLL) -> str:
    """Handle every right that this kernel knows and grant none: no file, no TCP port, no signal leaves the process."""
    if platform.machine() not in _SECCOMP_TABLES:
        return "off: unknown system call numbers on this machine"
    version = int(libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    if version < 1:
        return f"off: {_last_error()}"
    rights_fs = (1 << _LANDLOCK_FS_BITS[min(version, 5)]) - 1
    attribute = struct.pack("<Q", rights_fs)
    if version >= 4:
        attribute += struct.pack("<Q", 0b11)  # bind and connect
    if version >= 6:
        attribute += struct.pack("<Q", 0b11)  # abstract sockets and signals
    fd = int(libc.syscall(_LANDLOCK_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), ctypes.c_uint32(0)))
    if fd < 0:
        return f"off: {_last_error()}"
    done = int(libc.syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(fd), ctypes.c_uint32(0)))
    reason = _last_error()
    os.close(fd)
    return f"on: interface {version}, nothing granted" if done == 0 else f"off: {reason}"


def _seccomp(libc: ctypes.CDLL) -> str:
    table = _SECCOMP_TABLES.get(platform.machine())
    if table is None or sys.byteorder != "little":
        return "off: no table for this machine"
    architecture, refused, clone, clone3 = table
    program = build_filter(architecture, refused, clone, clone3)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    descriptor = Program(len(program) // 8, ctypes.addressof(buffer))
    done = libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(descriptor), 0, 0)
    return f"on: {len(refused)} system calls refused" if done == 0 else f"off: {_last_error()}"


def build_filter(architecture: int, refused: tuple[int, ...], clone: int, clone3: int) -> bytes:
    """Assemble the filter: refused calls fail with EPERM, new threads are allowed, new processes are not."""
    load, jump_equal, jump_set, jump_above, give = 0x20, 0x15, 0x45, 0x35, 0x06
    allow, kill, error = 0x7FFF0000, 0x80000000, 0x00050000

    def op(code: int, true: int, false: int, value: int) -> bytes:
        return struct.pack("<HBBI", code, true, false, value)

    parts = [
        op(load, 0, 0, 4),
        op(jump_equal, 1, 0, architecture),
        op(give, 0, 0, kill),
        op(load, 0, 0, 0),
        # The x32 numbers of x86_64 would slip past the list.
        op(jump_above, 0, 1, 0x40000000),
        op(give, 0, 0, kill),
        op(jump_equal, 0, 1, clone3),
        op(give, 0, 0, error | _ENOSYS),
        op(jump_equal, 0, 4, clone),
        op(load, 0, 0, 16),
        op(jump_set, 0, 1, _CLONE_THREAD),
        op(give, 0, 0, allow),
        op(give, 0, 0, error | _EPERM),
    ]
    for number in refused:
        parts += [op(jump_equal, 0, 1, number), op(give, 0, 0, error | _EPERM)]
    parts.append(op(give, 0, 0, allow))
    return b"".join(parts)
