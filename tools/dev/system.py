"""The machine: Python version, disk space, ports, Debian packages."""

import os
import re
import shutil
import socket
import sys

from . import paths
from .ui import DevError, run, step

PYTHONS = ((3, 10), (3, 13))
FREE_GB = 3
NETWORK_TROUBLE = re.compile(
    r"Could not resolve|Temporary failure (in name resolution|resolving)|Could not connect"
    r"|Unable to connect|Connection (refused|timed out|failed)|Network is unreachable"
    r"|No route to host|Failed to establish a new connection|Failed to fetch|ProxyError"
    r"|Could not fetch URL|ReadTimeout|ENOTFOUND|EAI_AGAIN|ETIMEDOUT",
    re.I,
)


def check_python(version=None):
    """Refuse a Python that Odoo 19 does not run on."""
    version = tuple(version or sys.version_info)[:2]
    if not PYTHONS[0] <= version <= PYTHONS[1]:
        low, high = (".".join(map(str, bound)) for bound in PYTHONS)
        raise DevError(
            f"Python {version[0]}.{version[1]} is not supported by Odoo 19: "
            f"run make with PYTHON=python3.x of a version from {low} to {high}"
        )


def check_disk(folder, needed_gb=FREE_GB):
    """Refuse to begin a download that would fill the disk."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1024**3
    if free < needed_gb:
        raise DevError(
            f"only {free:.1f} GB free at {folder}, the first setup needs {needed_gb} GB: "
            f"free some space, or set ECOM_CACHE to a folder on another disk"
        )


def port_is_free(port, host="127.0.0.1"):
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def check_port(port):
    """Refuse a port that cannot be listened on, before any long work."""
    if not 1 <= port <= 65535:
        raise DevError(f"{port} is not a port number: give PORT= a number from 1 to 65535")
    if not port_is_free(port):
        raise DevError(
            f"port {port} is in use by another program: stop it, or give another, PORT={port + 1}"
        )


def free_port():
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def network_error(what, output):
    """The error for a failed download: says whether the network is the cause."""
    lines = [line for line in output.splitlines() if line.strip()]
    hits = [line for line in lines if NETWORK_TROUBLE.search(line)]
    if hits:
        return DevError(
            f"no network: {what} cannot be downloaded; check the connection or proxy "
            f"and run the same command again\n{hits[-1].strip()}"
        )
    return DevError(f"{what} could not be downloaded\n" + "\n".join(lines[-8:]))


def has_program(*names):
    """The first of the programs that is there, with the folders a normal user lacks."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def install_packages(packages):
    """Install Debian packages, or say the exact command for those who may."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not has_program("apt-get"):
        raise DevError(f"please install by your system's means: {', '.join(packages)}")
    if os.geteuid():
        raise DevError(
            f"system packages are missing: run  sudo apt-get update && sudo {' '.join(command)}  "
            f"and then the same command again"
        )
    env = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    with step(f"installing system packages {' '.join(packages)}"):
        # A third-party source that fails must not stop us if Debian's own answers,
        # so the exit code of `update` is not decisive: that of `install` is.
        _, updated = run(["apt-get", "update"], env=env, timeout=300, check=False)
        code, output = run(
            command,
            env=env,
            timeout=1200,
            check=False,
            log=paths.LOGS / "apt-install.log",
        )
    if code and "Unable to locate package" in output:
        missing = re.findall(r"Unable to locate package (\S+)", output)
        if not NETWORK_TROUBLE.search(updated):
            raise DevError(
                f"the system's package sources have no {', '.join(missing)}: "
                f"enable Debian's main section, or install it by hand"
            )
        output = updated
    if code:
        raise network_error(f"system packages ({' '.join(packages)})", output)
