"""The commands in README.md exist: they are not executed here, CI runs the main ones."""

import re
import shlex

import pytest
from conftest import ROOT

from tools.dev import __main__ as dev

README = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""
CI = (ROOT / ".ci" / "run").read_text()
# Programs of the reader's machine, with arguments that only make sense there.
FOREIGN = {"git", "cd", "cp", "sudo", "curl", "docker-compose", "odoo", "pip", "export"}
VARIABLES = {"PYTHON", "PORT", "WORKERS", "DB", "DEMO", "SERVE", "ONLY", "TAGS"}


def commands():
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.split(" #")[0].strip()
            if line and not line.startswith("#"):
                yield line


def test_there_are_commands():
    assert "make setup" in list(commands()) or "make demo" in list(commands())


@pytest.mark.parametrize("line", list(commands()))
def test_command(line):
    words = shlex.split(line)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    program, arguments = words[0], words[1:]
    if program == "make":
        targets = [word for word in arguments if "=" not in word]
        assert targets, "make without a target"
        for target in targets:
            assert hasattr(dev, f"command_{target.replace('-', '_')}"), f"no command {target} in tools/dev"
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
        used = {word.split("=")[0] for word in arguments if "=" in word}
        assert used <= VARIABLES
    elif program.startswith(".odoo/venv/bin/"):
        assert (ROOT / program).exists()
    elif program not in FOREIGN:
        assert (ROOT / program).exists(), f"{program} is neither ours nor a known program"


def test_files_named_in_the_readme_exist():
    for name in re.findall(r"\]\((?!https?:|#)([^)#]+)", README):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("target", ["lint", "test"])
def test_ci_runs_what_the_readme_promises(target):
    assert f"make {target}" in README
    assert re.search(rf"\bmake\b.*\b{target}\b|\brun_part {target}\b", CI)
