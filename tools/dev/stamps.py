"""Remembering what has been done, and from which inputs.

A stamp is a small file that holds a digest of all inputs of a step. It is written last
and by rename, so a step that was interrupted at any point has no valid stamp.
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

from . import paths
from .ui import say

# Neither changes what an installed database looks like.
SKIPPED_DIRS = {"__pycache__", "tests", "readme", ".git", ".pytest_cache", ".ruff_cache"}


def digest(*inputs):
    """One short digest of texts and of files' contents (``Path`` inputs are read)."""
    total = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if isinstance(item, Path) else str(item).encode()
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()[:16]


def tree_digest(folders, skipped=frozenset(SKIPPED_DIRS)):
    """Digest of names and contents of all files below the folders, whatever their order.

    Folders that do not exist count as empty.
    """
    total = hashlib.sha256()
    for folder in folders:
        folder = Path(folder)
        for base, dirs, files in os.walk(folder):
            dirs[:] = sorted(set(dirs) - skipped)
            for name in sorted(files):
                if name.endswith((".pyc", ".swp", "~")):
                    continue
                path = Path(base, name)
                total.update(f"{folder.name}/{path.relative_to(folder)}\0".encode())
                with contextlib.suppress(FileNotFoundError):  # an editor's passing file
                    total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def write_atomically(path, text):
    """Write a small file so that it is there whole, or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


class Stamp:
    """One step's stamp, in ``.odoo/stamps`` unless another folder is given."""

    def __init__(self, name, folder=None):
        self.path = Path(folder or paths.STAMPS) / name

    def fresh(self, key):
        """Whether the step was done to its end from exactly these inputs."""
        try:
            return self.path.read_text() == key
        except OSError:
            return False

    def set(self, key):
        write_atomically(self.path, key)

    def clear(self):
        self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(name):
    """One at a time over all runs of this tool. The kernel frees it when we die."""
    folder = paths.STATE / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  waiting for another run that holds {name} ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
