"""Obtains PostgreSQL with TimescaleDB and pgvector from Debian's archive without touching the system.

The packages come from this machine's own mirror through apt, with lists, cache and settings of their own; apt checks
signatures and hashes as ever. They are unpacked into a cache folder, and the programs there are told to use the C
library unpacked beside them. No root is needed, and the system stays as it is.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SUITE = "sid"
MIN_MAJOR = 18
"""What Luna asks of PostgreSQL."""

UPDATE_TIMEOUT_S = 180
DOWNLOAD_TIMEOUT_S = 420
TOOL_TIMEOUT_S = 60
ROOMY_BYTES = 600 * 1024 * 1024

_OWN_NAMES = {"stable", "testing", "unstable", "sid"}
_NEEDED = re.compile(r"postgresql-|patchelf$|zlib1g$|lib(?!perl|c-l10n|systemd-shared)")
_HOST = re.compile(r"(https?://)[^/\s]+")


class CannotBeHadError(RuntimeError):
    """This machine or its network does not offer the part; the text says why."""


class ToolError(RuntimeError):
    """A program failed; the text has its own reason."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place that this machine's apt takes packages from."""

    uri: str
    suites: frozenset[str]
    components: frozenset[str]
    options: tuple[str, ...]
    """The lines, in deb822 form, that say whose signature to trust."""


@dataclass(frozen=True, slots=True)
class Obtained:
    """An unpacked PostgreSQL: the folder that has `bin` in it, and the packages' versions."""

    install: Path
    versions: dict[str, str]
    seconds: float
    cached: bool


def obtain(cache: Path) -> Obtained:
    """The server's programs below `cache`, downloaded where they are not there yet; or `CannotBeHadError`.

    A download that cannot be unpacked or linked is a `ToolError`: something here must be mended.
    """
    begun = time.monotonic()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache):
            tree = cache / "tree"
            record = _read_record(cache)
            cached = record is not None
            if record is None:
                shutil.rmtree(tree, ignore_errors=True)
                record = {"versions": _download_and_unpack(cache, tree)}
            if record.get("place") != str(tree):
                _relink(tree)
                record["place"] = str(tree)
                _record_path(cache).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    except OSError as fault:
        raise CannotBeHadError(f"{fault.strerror or fault}") from fault
    return Obtained(_install_folder(tree), record["versions"], time.monotonic() - begun, cached)


def copied_to(obtained: Obtained, folder: Path) -> Obtained:
    """The same in another folder, for when the server's user may not enter the cache."""
    tree = folder / "tree"
    shutil.copytree(obtained.install.parents[3], tree, symlinks=True)
    _relink(tree)
    return Obtained(_install_folder(tree), obtained.versions, obtained.seconds, obtained.cached)


def sources(folder: Path = Path("/etc/apt")) -> list[Source]:
    """What apt is set up with, from files of both kinds."""
    found: list[Source] = []
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", _without_comments(path)):
            found += _from_stanza(stanza)
    for path in (folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))):
        for line in _without_comments(path).splitlines():
            found += _from_line(line)
    return found


# -- what apt is set up with -------------------------------------------------------------------------------------------


def _without_comments(path: Path) -> str:
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _from_stanza(stanza: str) -> Iterator[Source]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1].isspace():
            fields[name] = fields.get(name, "") + "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in {"no", "false"}:
        return
    options = tuple(
        f"{label}: {fields[label.lower()]}" for label in ("Signed-By", "Trusted") if label.lower() in fields
    )
    suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
    for uri in fields.get("uris", "").split():
        yield Source(uri, frozenset(suites), frozenset(components), options)


def _from_line(line: str) -> Iterator[Source]:
    match = re.fullmatch(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*?)\s*", line)
    if match is None:
        return
    given = dict(option.partition("=")[::2] for option in (match[1] or "").split())
    labels = {"signed-by": "Signed-By", "trusted": "Trusted"}
    options = tuple(f"{label}: {given[name]}" for name, label in labels.items() if name in given)
    yield Source(match[2], frozenset({match[3]}), frozenset(match[4].split()), options)


def _debian_sources() -> list[Source]:
    """The mirrors of Debian's main archive among the sources."""
    release = Path("/etc/os-release")
    text = release.read_text("utf-8", "replace") if release.exists() else ""
    known = dict(line.partition("=")[::2] for line in text.splitlines())
    if known.get("ID", "").strip('"') != "debian":
        raise CannotBeHadError("this is not Debian, so its package sources have no TimescaleDB for PostgreSQL 18")
    names = _OWN_NAMES | {known.get("VERSION_CODENAME", "").strip('"')}
    unique = {source.uri: source for source in sources() if source.suites & names and "main" in source.components}
    if not unique:
        raise CannotBeHadError("apt on this machine has no source for Debian's main archive")
    return list(unique.values())


# -- the download ------------------------------------------------------------------------------------------------------


class _Apt:
    """apt with everything of its own but the mirror, the keys and the machine's network settings."""

    def __init__(self, folder: Path, source: Source) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("etc/parts", "etc/preferences", "state/lists/partial", "cache/archives/partial", "packages"):
            (folder / part).mkdir(parents=True)
        # an empty status file: apt then lists every library, whatever this machine has installed
        (folder / "status").touch()
        fields = ("Types: deb", f"URIs: {source.uri}", f"Suites: {SUITE}", "Components: main", *source.options)
        (folder / "etc" / "parts" / "archive.sources").write_text("\n".join(fields) + "\n", "utf-8")
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "etc" / "parts",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": folder / "etc" / "preferences",
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
            "Acquire::Retries": 1,
            "Acquire::http::Timeout": 20,
            "Acquire::https::Timeout": 20,
            "Debug::NoLocking": "true",
        }
        lines = [f'{name} "{value}";' for name, value in settings.items()]
        # this machine's hooks after an update would clean or refresh the system's own caches
        lines += ["#clear APT::Update::Pre-Invoke;", "#clear APT::Update::Post-Invoke;"]
        lines += ["#clear APT::Update::Post-Invoke-Success;"]
        (folder / "apt.conf").write_text("\n".join(lines) + "\n", "utf-8")

    def run(self, program: str, *arguments: str, timeout_s: float = TOOL_TIMEOUT_S) -> str:
        """What the program printed; `CannotBeHadError` with its own reason where it failed."""
        command = [program, "-c", str(self.folder / "apt.conf"), *arguments]
        try:
            return _run(command, timeout_s, self.folder / "packages")
        except ToolError as fault:
            raise CannotBeHadError(str(fault)) from fault

    def update(self) -> None:
        """Fetch the list of packages; a mirror without the suite is a failure."""
        self.run("apt-get", "update", "--error-on=any", timeout_s=UPDATE_TIMEOUT_S)


def _download_and_unpack(cache: Path, tree: Path) -> dict[str, str]:
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise CannotBeHadError(f"{tool} is not on this machine")
    if not Path("/usr/share/zoneinfo/Europe/Berlin").exists():
        raise CannotBeHadError("Debian's PostgreSQL reads /usr/share/zoneinfo, which this machine lacks")
    free = shutil.disk_usage(cache).free
    if free < ROOMY_BYTES:
        raise CannotBeHadError(
            f"only {free // 1_048_576} MB free below {cache.name}, {ROOMY_BYTES // 1_048_576} needed"
        )
    apt = _updated_apt(cache / "apt")
    major = _newest_major(apt)
    wanted = [f"postgresql-{major}", f"postgresql-{major}-timescaledb", f"postgresql-{major}-pgvector", "patchelf"]
    closure = dict(
        match.groups()
        for match in re.finditer(r"^Inst (\S+) \((\S+)", apt.run("apt-get", "--simulate", "install", *wanted), re.M)
    )
    needed = {name: version for name, version in closure.items() if _NEEDED.match(name)}
    _say(f"downloading {len(needed)} packages for PostgreSQL {major} ...")
    begun = time.monotonic()
    apt.run(
        "apt-get",
        "download",
        *(f"{name}={version}" for name, version in needed.items()),
        timeout_s=DOWNLOAD_TIMEOUT_S,
    )
    packages = sorted((apt.folder / "packages").glob("*.deb"))
    size = sum(path.stat().st_size for path in packages) / 1e6
    _say(f"{size:.0f} MB in {time.monotonic() - begun:.1f} s; unpacking ...")
    for package in packages:
        _run(["dpkg-deb", "--extract", str(package), str(tree)], TOOL_TIMEOUT_S)
    shutil.rmtree(apt.folder, ignore_errors=True)
    _drop_ballast(tree)
    return {name: needed[name] for name in wanted}


def _updated_apt(folder: Path) -> _Apt:
    """apt with the list of the first mirror that has the suite."""
    fault = CannotBeHadError("no mirror")
    for source in _debian_sources():
        apt = _Apt(folder, source)
        _say(f"asking this machine's Debian mirror for {SUITE} ...")
        try:
            apt.update()
        except CannotBeHadError as refused:
            fault = refused
            continue
        return apt
    raise fault


def _newest_major(apt: _Apt) -> int:
    names = apt.run("apt-cache", "search", "--names-only", "^postgresql-[0-9]+-timescaledb$")
    majors = [int(found) for found in re.findall(r"^postgresql-(\d+)-timescaledb ", names, re.M)]
    if not majors or max(majors) < MIN_MAJOR:
        raise CannotBeHadError(f"Debian {SUITE} has TimescaleDB for PostgreSQL {majors or 'none'}, not {MIN_MAJOR}")
    return MIN_MAJOR if MIN_MAJOR in majors else max(majors)


def _drop_ballast(tree: Path) -> None:
    for ballast in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/include"):
        shutil.rmtree(tree / ballast, ignore_errors=True)


# -- the programs' C library -------------------------------------------------------------------------------------------


def _relink(tree: Path) -> None:
    """Let the programs start with the loader and the libraries of the tree, wherever it lies."""
    tree = tree.resolve()
    loader = _only(tree, "usr/lib/*-linux-gnu*/ld-linux*.so.*")
    libraries = f"{loader.parent}:{loader.parent / 'systemd'}"
    for program in sorted((_install_folder(tree) / "bin").iterdir()):
        with program.open("rb") as opened:
            if opened.read(4) != b"\x7fELF":
                continue
        # RPATH, not RUNPATH: it also holds for the libraries' own libraries and for what is loaded later
        patch = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", libraries, str(program)]
        _run([str(loader), "--library-path", libraries, str(tree / "usr/bin/patchelf"), *patch], TOOL_TIMEOUT_S)


def _install_folder(tree: Path) -> Path:
    return _only(tree, "usr/lib/postgresql/*/bin/postgres").parents[1]


def _only(tree: Path, pattern: str) -> Path:
    found = sorted(tree.glob(pattern))
    if not found:
        raise ToolError(f"the packages were expected to bring {pattern}")
    return found[0]


# -- small tools -------------------------------------------------------------------------------------------------------


def _run(command: Sequence[str], timeout_s: float, folder: Path | None = None) -> str:
    name = Path(command[0]).name
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ToolError(f"{name} was not done within {timeout_s:.0f} s") from late
    if result.returncode != 0:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("E:", "Err"))] or lines or [f"exit code {result.returncode}"]
        raise ToolError(f"{name}: " + _HOST.sub(r"\1<mirror>", told[0]))
    return result.stdout


def _record_path(cache: Path) -> Path:
    return cache / "ready.json"


def _read_record(cache: Path) -> dict | None:
    try:
        record = json.loads(_record_path(cache).read_text("utf-8"))
        _install_folder(cache / "tree")
    except (FileNotFoundError, ValueError, ToolError):
        return None
    return record


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One download at a time; the kernel drops the lock when its holder dies."""
    with (cache / "lock").open("w") as handle:
        deadline = time.monotonic() + UPDATE_TIMEOUT_S + DOWNLOAD_TIMEOUT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CannotBeHadError("another run has been downloading for too long") from None
                time.sleep(0.2)
        yield


def _say(text: str) -> None:
    print(f"TimescaleDB: {text}", flush=True)
