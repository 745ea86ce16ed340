"""Talking to the developer, and running programs for them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import paths

PR_SET_PDEATHSIG = 1


class DevError(Exception):
    """What is wrong and what to do, in one line, optionally followed by details."""


def say(text):
    print(text, flush=True)


@contextlib.contextmanager
def step(title):
    """Print one line: what is being done, then how long it took."""
    started = time.monotonic()
    print(f"  {title} ... ", end="", flush=True)
    try:
        yield
    except BaseException:
        print(f"failed after {time.monotonic() - started:.1f} s", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def tail(path, lines=15):
    """The last lines of a file, or an empty text if there is none."""
    try:
        return "\n".join(Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _die_with_parent():
    """A child must not outlive this tool when the tool is killed with SIGKILL."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def kill_group(process, grace=10):
    """End a process started in its own session, with everything it started."""
    for sig, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sig)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            continue
        break
    # The leader may be gone while a member of its group is not.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def popen(command, **kwargs):
    """Start a program in its own session, bound to the life of this one."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(
        [str(part) for part in command],
        start_new_session=True,
        preexec_fn=_die_with_parent,  # safe: this tool has one thread
        **kwargs,
    )


def run(command, *, log=None, timeout=600, env=None, cwd=None, stdin=None, check=True, **kwargs):
    """Run a program to its end and return (exit code, output).

    The output goes to the file ``log`` (which is kept) or is captured.

    :param env: variables added to ours
    :param check: raise :class:`DevError` with the end of the output unless it exits with 0
    """
    full_env = {**os.environ, **{key: str(value) for key, value in (env or {}).items()}}
    out = subprocess.PIPE
    handle = None
    if log:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        out = handle = open(log, "wb")  # noqa: SIM115 - closed below
    try:
        process = popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=full_env,
            cwd=cwd,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            **kwargs,
        )
        try:
            data, _ = process.communicate(
                stdin.encode() if stdin is not None else None, timeout=timeout
            )
        except BaseException as error:
            kill_group(process)
            if isinstance(error, subprocess.TimeoutExpired):
                detail = f"\n{tail(log)}" if log else ""
                raise DevError(
                    f"{Path(str(command[0])).name} did not end within {timeout} s{detail}"
                ) from None
            raise
    except FileNotFoundError as error:
        raise DevError(f"program not found: {error.filename}") from None
    finally:
        if handle:
            handle.close()
    output = Path(log).read_text(errors="replace") if log else data.decode(errors="replace")
    if check and process.returncode:
        where = f" (whole log: {relative(log)})" if log else ""
        end = "\n".join(output.splitlines()[-15:])
        raise DevError(
            f"{Path(str(command[0])).name} failed with exit code {process.returncode}{where}\n{end}"
        )
    return process.returncode, output


def relative(path):
    """A path as seen from the project, for messages."""
    try:
        return Path(path).relative_to(paths.ROOT)
    except ValueError:
        return path
