"""Which commit is installed, read from every shape that a checkout has, without git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from luna_api.system.commit import UNKNOWN, installed_commit

SHA, OTHER = "a" * 40, "b" * 40


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_what_the_environment_tells_goes_first(tmp_path: Path) -> None:
    write(tmp_path / ".git" / "HEAD", f"{SHA}\n")
    assert installed_commit(tmp_path, " v1.2-3-gabc ") == "v1.2-3-gabc"
    assert installed_commit(tmp_path) == SHA


def test_a_branch_is_followed_loose_or_packed(tmp_path: Path) -> None:
    write(tmp_path / ".git" / "HEAD", "ref: refs/heads/main\n")
    write(
        tmp_path / ".git" / "packed-refs",
        f"# pack-refs with: peeled\n{OTHER} refs/heads/other\n{SHA} refs/heads/main\n",
    )
    assert installed_commit(tmp_path) == SHA
    write(tmp_path / ".git" / "refs" / "heads" / "main", f"{OTHER}\n")
    assert installed_commit(tmp_path) == OTHER


@pytest.mark.parametrize(
    "head", ["", "ref: refs/heads/none", "ref: ../../secret", "ref: refs/../../secret", "kein Commit"]
)
def test_what_cannot_be_told_is_not_guessed(tmp_path: Path, head: str) -> None:
    write(tmp_path / ".git" / "HEAD", head)
    write(tmp_path / "secret", SHA)
    assert installed_commit(tmp_path) == UNKNOWN


def test_without_a_checkout_nothing_is_known(tmp_path: Path) -> None:
    assert installed_commit(tmp_path) == UNKNOWN
    assert installed_commit(tmp_path / "nowhere") == UNKNOWN


def test_it_agrees_with_git_in_a_checkout_and_a_second_work_tree(tmp_path: Path) -> None:
    def git(*arguments: str, at: Path) -> str:
        name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        return subprocess.run(
            ["git", *name, *arguments], cwd=at, check=True, capture_output=True, text=True
        ).stdout.strip()

    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    try:
        git("init", "-q", at=first)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    git("commit", "-q", "--allow-empty", "-m", "one", at=first)
    git("worktree", "add", "-q", "-b", "beside", str(second), at=first)
    git("commit", "-q", "--allow-empty", "-m", "two", at=second)
    for folder in (first, second):
        assert installed_commit(folder) == git("rev-parse", "HEAD", at=folder)
    assert installed_commit(first) != installed_commit(second)
    git("pack-refs", "--all", at=first)
    assert installed_commit(second) == git("rev-parse", "HEAD", at=second)
