"""The rules of the house that no linter knows: who may import whom, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"luna_rules", "luna_assets", "luna_api", "luna_cli", "resources", "sql"}
FORBIDDEN = {
    "luna_rules": {"luna_assets", "luna_api", "luna_cli", "resources", "dagster", "litestar", "psycopg", "httpx"},
    "luna_api": {"dagster", "luna_assets", "luna_cli"},
    "luna_assets": {"luna_api", "luna_cli"},
    "resources": {"luna_api", "luna_assets", "luna_cli"},
    "luna_cli": {"luna_assets", "luna_api", "dagster"},
}
ENVIRONMENT_READERS = {"resources/settings.py"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_packages_import_only_what_they_may(package: str) -> None:
    assert modules(package), f"no modules in {package}"
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imports(path) & FORBIDDEN[package]
    }
    found -= {"resources/wiring.py imports dagster"}
    assert not found


def test_dagster_is_imported_in_resources_by_the_wiring_only() -> None:
    found = {path.name for path in modules("resources") if "dagster" in imports(path)}
    assert found == {"wiring.py"}


@pytest.mark.parametrize("package", sorted(OURS - {"sql"}))
def test_the_environment_is_read_in_one_place(package: str) -> None:
    found: set[str] = set()
    for path in modules(package):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            reads = (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "os"
                and node.attr in {"environ", "getenv"}
            )
            if reads and name not in ENVIRONMENT_READERS:
                found.add(f"{name}:{node.lineno}")
    assert not found


@pytest.mark.parametrize("package", sorted(OURS - {"sql"}))
def test_every_module_says_what_belongs_in_it(package: str) -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in modules(package)
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_the_definitions_load_without_settings_or_database() -> None:
    code = (
        "from luna_assets.definitions import defs\n"
        "from dagster import Definitions\n"
        "Definitions.validate_loadable(defs)\n"
        "print(sorted(job.name for job in defs.resolve_all_job_defs()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "API_PORT": "not a port"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name in ("documents_drain", "documents_reindex", "documents_maintenance"):
        assert name in done.stdout
