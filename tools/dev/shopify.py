"""Shopify's own GraphQL schemas, which come with its npm package. They are no part of the project:
tests validate the connector's documents against them where they are there."""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from . import paths
from .system import has_program, network_error
from .ui import DevError, run, say, step

PACKAGE = "@shopify/dev-mcp@1.16.0"
PREFIX = "package/dist/data/admin_"
FOLDER = Path(os.environ.get("ECOM_SHOPIFY_SCHEMA") or paths.STATE / "shopify")


def ensure(needed=False):
    """Fetch the schemas if they are missing.

    :param needed: raise where they cannot be had, instead of saying so
    """
    if any(FOLDER.glob("admin_20*.json.gz")):
        return
    try:
        fetch()
    except DevError as error:
        if needed:
            raise
        say(f"note: without Shopify's schema its tests are skipped (make shopify-schema): {error}")


def fetch():
    """Download the package and keep its schemas."""
    npm = has_program("npm")
    if not npm:
        raise DevError("npm is not installed")
    with step("fetching Shopify's schema"), tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", "--ignore-scripts", PACKAGE]
        code, output = run(command, cwd=folder, timeout=120, check=False)
        packs = list(Path(folder).glob("*.tgz"))
        if code or not packs:
            raise network_error(PACKAGE, output)
        FOLDER.mkdir(parents=True, exist_ok=True)
        unpack(packs[0], FOLDER)


def unpack(pack, folder):
    """Keep the schemas of a package, each by rename: an interrupted one leaves no half file."""
    with tarfile.open(pack) as archive:
        members = [m for m in archive if m.isfile() and m.name.startswith(PREFIX)]
        if not members:
            raise DevError(f"{PACKAGE} holds no schema any more")
        for member in members:
            target = folder / Path(member.name).name
            partial = target.with_suffix(".part")
            with archive.extractfile(member) as source, open(partial, "wb") as copy:
                shutil.copyfileobj(source, copy)
            partial.replace(target)
