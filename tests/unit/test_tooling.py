"""What runs outside the tests: hooks need nothing from outside, and GitHub does what `.ci/run` does."""

from __future__ import annotations

import os
import re
from typing import Any

import yaml

from tests.conftest import ROOT


def load(path: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def test_hooks_are_local_and_call_pinned_tools() -> None:
    pinned = (ROOT / "requirements-dev.lock").read_text("utf-8")
    repositories = load(".pre-commit-config.yaml")["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert {hook["id"] for hook in hooks} >= {"ruff", "ruff-format", "pyright", "sqlfluff"}
    for hook in hooks:
        assert hook["language"] == "system", "anything else is fetched at commit time"
        program = hook["entry"].split()[0]
        assert program.startswith(".venv/bin/")
        assert re.search(rf"^{program.removeprefix('.venv/bin/')}(?:\[\w+\])?==", pinned, re.MULTILINE), (
            f"{program} is not locked"
        )


def test_the_workflow_runs_what_a_developer_runs() -> None:
    # YAML 1.1 reads the key `on` as true.
    workflow = load(".github/workflows/ci.yml")
    assert set(workflow[True]) == {"push", "pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] <= 120
    steps = [step["run"] for step in job["steps"] if "run" in step]
    assert steps == ["bash .ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    for step in job["steps"]:
        assert "run" in step or re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])


def test_what_ci_calls_are_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    called = re.findall(r"(?:^|&& |\{ )make ([\w./-]+)", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert {"setup", "lint", "types", "test", "drills", "test-services"} <= set(called)
    lines = makefile.splitlines()
    for target in called:
        rule = target.replace(".venv", "$(VENV)") + ":"
        assert any(line.startswith(rule) for line in lines), target
