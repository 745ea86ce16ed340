"""Odoo's own source: the user's, or Debian's package unpacked into a private folder.

Odoo is not on PyPI. Debian's unstable suite carries it as ``odoo-19``. The package is
downloaded from the mirror the machine already uses, with private apt folders, and
unpacked; the system's own sources and packages stay as they are.
"""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .stamps import Stamp, digest
from .system import check_disk, has_program, network_error
from .ui import DevError, run, step

FROM_UNSTABLE = (
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)
# Odoo's stylesheets want the layout of version 4.7; unstable has other paths.
FROM_STABLE = ("fonts-font-awesome",)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RECIPE = "1"  # raise it when the way of unpacking changes

# Debian cuts this file out (it is not free to rebuild). It blurs the background of video
# calls. Without any file there, the web client's bundle logs an error on every page.
BLUR_LIB = "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
BLUR_STUB = (
    "/* Stand-in: the real library blurs the background of calls. */\n"
    "window.SelfieSegmentation = class {\n"
    "    setOptions() {}\n    onResults() {}\n    async send() {}\n    reset() {}\n"
    "    async initialize() {}\n    async close() {}\n};\n"
)

ODOO_HOME_HINT = "or set ODOO_HOME to the folder of an Odoo 19 you have"


@dataclass(frozen=True)
class Source:
    """An Odoo that can be imported.

    :ivar python_path: folder that contains the package ``odoo``
    :ivar addons: folders with Odoo's own addons
    :ivar version: text that changes when the source is another one
    """

    python_path: Path
    addons: tuple
    version: str


def _release(package):
    """The version series of an ``odoo`` package folder, "19.0" for instance."""
    try:
        text = (package / "release.py").read_text()
    except OSError:
        return None
    match = re.search(r"^version_info\s*=\s*\(\s*(\d+)\s*,\s*(\d+)", text, re.M)
    return f"{match[1]}.{match[2]}" if match else None


def describe(folder, version=None):
    """The :class:`Source` in a folder that holds a checkout, a nightly archive or a package."""
    folder = Path(folder).expanduser().resolve()
    for home in (folder, folder.parent):
        package = home / "odoo"
        series = _release(package)
        if series is None:
            continue
        if series != "19.0":
            raise DevError(f"{home} holds Odoo {series}, these addons need 19.0")
        # In a git checkout most addons lie beside the package, in an archive inside it.
        found = [package / "addons", home / "addons"]
        addons = tuple(path for path in found if (path / "base" / "__manifest__.py").is_file())
        addons += tuple(
            path
            for path in found
            if path not in addons and (path / "web" / "__manifest__.py").is_file()
        )
        stamp = version or f"{series} {digest(package / 'release.py')}"
        return Source(home, addons, stamp)
    raise DevError(f"no Odoo in {folder}: ODOO_HOME must be the folder that holds odoo/release.py")


def _unpacked():
    return paths.CACHE / "odoo-19"


def _stamp():
    return Stamp("odoo-19", folder=paths.CACHE / "stamps")


def _key():
    return digest(RECIPE, FROM_UNSTABLE, FROM_STABLE)


def current():
    """The Odoo to use; :func:`ensure` must have run."""
    if os.environ.get("ODOO_HOME"):
        return describe(os.environ["ODOO_HOME"])
    folder = _unpacked() / "usr/lib/python3/dist-packages"
    try:
        version = (_unpacked() / "VERSION").read_text().strip()
    except OSError:
        raise DevError("Odoo's source is not there yet: run  make setup") from None
    return describe(folder, version)


def ensure():
    """Make sure that Odoo's source is there; return it."""
    if not os.environ.get("ODOO_HOME") and not _stamp().fresh(_key()):
        check_disk(paths.CACHE)
        _fetch()
    return current()


def mirror(sources):
    """The URI of the Debian mirror among texts of apt source files.

    It is the one which serves the release itself: not updates, not security, and not
    a third party's. Both the one-line and the deb822 style are understood.
    """
    for text in sources:
        for block in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^(\w[\w-]*):\s*(.+)$", block, re.M))
            if "deb" in fields.get("Types", "").split() and _is_release(
                fields.get("Suites", ""), fields.get("Components", ""), fields.get("URIs", "")
            ):
                return fields["URIs"].split()[0]
        for line in text.splitlines():
            match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)", line.strip())
            if match and _is_release(match[2], match[3], match[1]):
                return match[1]
    return None


def _is_release(suites, components, uri):
    if "main" not in components.split() or "security" in uri:
        return False
    return bool(re.search(r"debian", uri)) and any(
        re.fullmatch(r"[a-z]+", suite) for suite in suites.split()
    )


def _apt_sources():
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    return [path.read_text(errors="replace") for path in files if path.is_file()]


def _fetch():
    """Download, unpack beside the final place, and rename: there is no half of it."""
    for program in ("apt-get", "dpkg-deb"):
        if not has_program(program):
            raise DevError(f"no {program} here: Odoo 19 cannot be fetched; {ODOO_HOME_HINT}")
    uri = mirror(_apt_sources())
    if not uri or not KEYRING.is_file():
        raise DevError(f"this is no Debian, so Odoo 19 cannot be fetched by apt; {ODOO_HOME_HINT}")
    debs = _download(uri)
    work = Path(tempfile.mkdtemp(dir=paths.CACHE, prefix="unpack-"))
    try:
        with step("unpacking Odoo 19"):
            for deb in debs:
                run(["dpkg-deb", "-x", deb, work], timeout=300)
            _, version = run(["dpkg-deb", "-f", debs[0], "Version"])
            os.chmod(work, 0o755)
        with step("adding the file that Debian leaves out"):
            _add_blur_library(work / "usr/lib/python3/dist-packages/odoo" / BLUR_LIB)
        (work / "VERSION").write_text(version.strip() + "\n")
        _stamp().clear()
        shutil.rmtree(_unpacked(), ignore_errors=True)
        work.rename(_unpacked())
        _stamp().set(_key())
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(uri):
    """Fetch the packages with private apt folders; return their files, Odoo's first."""
    apt = paths.CACHE / "apt"
    for old in paths.CACHE.glob("unpack-*"):  # left by a killed run; we hold the lock
        shutil.rmtree(old, ignore_errors=True)
    for folder in (apt / "lists/partial", apt / "cache/archives/partial", apt / "debs"):
        folder.mkdir(parents=True, exist_ok=True)
    listing = apt / "unstable.list"
    listing.write_text(f"deb [signed-by={KEYRING}] {uri} sid main\n")
    options = [
        f"-oDir::Etc::sourcelist={listing}",
        "-oDir::Etc::sourceparts=-",
        f"-oDir::State::Lists={apt / 'lists'}",
        f"-oDir::Cache={apt / 'cache'}",
        "-oAPT::Sandbox::User=root",
        "-oAPT::Update::Error-Mode=any",
        "-oAcquire::Retries=2",
    ]
    env = {"LC_ALL": "C"}
    what = "Odoo 19 (Debian package odoo-19)"
    with step("reading the package list of Debian unstable"):
        code, output = run(["apt-get", *options, "update"], env=env, timeout=300, check=False)
        if code:
            raise network_error(what, output)
    with step("downloading Odoo 19 (about 130 MB)"):
        command = ["apt-get", *options, "download", *FROM_UNSTABLE]
        code, output = run(command, env=env, timeout=1800, check=False, cwd=apt / "debs")
        if code:
            raise network_error(what, output)
        _download_stable(apt / "debs", env)
    debs = []
    for name in (*FROM_UNSTABLE, *FROM_STABLE):
        found = sorted((apt / "debs").glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise DevError(f"apt-get downloaded no file for the package {name}")
        debs.append(found[-1])
    return debs


def _download_stable(folder, env):
    """The packages of the machine's own suite; its lists may never have been read."""
    command = ["apt-get", "-oAPT::Sandbox::User=root", "download", *FROM_STABLE]
    code, output = run(command, env=env, timeout=300, check=False, cwd=folder)
    if code and not os.geteuid():
        run(["apt-get", "update"], env=env, timeout=300, check=False)
        code, output = run(command, env=env, timeout=300, check=False, cwd=folder)
    if code:
        raise network_error(f"Debian package {', '.join(FROM_STABLE)}", output)


def _add_blur_library(target):
    """Put the missing file in place: the real one if npm is there, else a stand-in."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(BLUR_STUB)
    npm = has_program("npm")
    if not npm:
        return
    work = Path(tempfile.mkdtemp(dir=paths.CACHE, prefix="unpack-"))
    try:
        command = [npm, "pack", "--silent", "@mediapipe/selfie_segmentation@0.1.1675465747"]
        code, _ = run(command, cwd=work, timeout=60, check=False)
        archives = list(work.glob("*.tgz"))
        if code == 0 and archives:
            shutil.unpack_archive(archives[0], work)
            data = (work / "package" / target.name).read_bytes()
            target.write_bytes(data)
    except (DevError, OSError, shutil.ReadError):
        pass  # the stand-in serves
    finally:
        shutil.rmtree(work, ignore_errors=True)
