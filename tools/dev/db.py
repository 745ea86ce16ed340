"""Databases: prepared templates in two layers, and copies of them in seconds.

Layer one holds the modules of Odoo that we build on; it is made again when Odoo changes.
Layer two adds our addons; it is made again when their content changes, from a copy of
layer one. What a database was made from is recorded as its comment inside PostgreSQL,
so that the record and the database cannot part.
"""

import ast
import os
import re
import shutil

from . import odoo, paths, pg, source
from .stamps import digest, lock, tree_digest
from .ui import DevError, say, step

BASE_MODULES = (
    "sale_management",
    "stock",
    "delivery",
    "stock_delivery",
    "account",
    "purchase",
    "sale_stock",
    "purchase_stock",
    "stock_account",
    "contacts",
    # Optional beside our addons, so that their tests cover kits, builds, repairs and visitors' chats.
    "mrp",
    "repair",
    "im_livechat",
)
NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")
RECIPE = "1"


def base_name(demo):
    return "ecom_base_demo" if demo else "ecom_base"


def template_name(demo):
    return "ecom_template_demo" if demo else "ecom_template"


RESERVED = {name(demo) for name in (base_name, template_name) for demo in (False, True)}


def exists(name):
    return bool(pg.sql(f"SELECT 1 FROM pg_database WHERE datname = {pg.quote_text(name)}"))


def comment(name):
    """What the database was made from, or None."""
    rows = pg.sql(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        f"WHERE datname = {pg.quote_text(name)}"
    )
    return rows[0][0] if rows else None


def set_comment(name, text):
    pg.sql(f"COMMENT ON DATABASE {pg.quote_name(name)} IS {pg.quote_text(text)}")


def drop(name):
    """Delete a database with its filestore, whoever is connected."""
    if exists(name):
        pg.sql(f"DROP DATABASE IF EXISTS {pg.quote_name(name)} WITH (FORCE)")
    shutil.rmtree(paths.FILESTORE / name, ignore_errors=True)


def copy(origin, name):
    """Copy a database with its filestore; replaces what is there.

    The files come first: as long as the database is not there, the copy is not.
    """
    drop(name)
    copy_filestore(paths.FILESTORE / origin, paths.FILESTORE / name)
    pg.sql(f"CREATE DATABASE {pg.quote_name(name)} TEMPLATE {pg.quote_name(origin)}", timeout=300)


def copy_filestore(origin, target):
    """Link the stored files. Odoo names them by content and never changes one in place."""
    shutil.rmtree(target, ignore_errors=True)
    if not origin.exists():
        return

    def link(source_file, target_file):
        # Files of the check list are empty marks that come and go: own copies.
        if "checklist" not in source_file:
            try:
                os.link(source_file, target_file)
                return
            except OSError:  # another file system, or none that links
                pass
        shutil.copyfile(source_file, target_file)

    shutil.copytree(origin, target, copy_function=link)


def base_modules():
    """Modules of layer one: the list above, and what else our manifests depend on."""
    ours = paths.our_addons()
    found = set(BASE_MODULES)
    for name in ours:
        manifest = paths.ADDONS / name / "__manifest__.py"
        try:
            found.update(ast.literal_eval(manifest.read_text()).get("depends", ()))
        except (SyntaxError, ValueError) as error:
            raise DevError(f"{manifest} cannot be read: {error}") from None
    return sorted(found - set(ours))


def base_key(demo):
    requirements = paths.ROOT / "requirements.txt"
    odoo_version = source.current().version
    return digest(RECIPE, odoo_version, requirements, base_modules(), demo)


def addons_key(demo):
    folders = [paths.ADDONS / name for name in paths.our_addons()]
    return digest(base_key(demo), tree_digest(folders))


def _build(name, key, title, origin, arguments):
    """Make a template under a working name, then give it its name and its comment."""
    work = f"{name}_build"
    with step(title):
        drop(work)
        if origin:
            copy(origin, work)
        odoo.execute(work, *arguments, log=paths.LOGS / f"{name}.log", timeout=1200)
        drop(name)
        copy_filestore(paths.FILESTORE / work, paths.FILESTORE / name)
        # The comment is set before the name: with the name, the template is complete.
        set_comment(work, key)
        pg.sql(f"ALTER DATABASE {pg.quote_name(work)} RENAME TO {pg.quote_name(name)}")
        shutil.rmtree(paths.FILESTORE / work, ignore_errors=True)


def ensure_template(demo=False):
    """Make the template of our addons if it is missing or old; return its name.

    While there is no addon of ours yet, the template is a copy of Odoo's modules only.
    """
    name = template_name(demo)
    with lock(name):
        base, key = base_name(demo), base_key(demo)
        flags = ["--with-demo"] if demo else []
        if comment(base) != key:
            modules = ",".join(base_modules())
            title = f"installing Odoo's modules{' with demo data' if demo else ''} (1-2 minutes)"
            _build(base, key, title, None, ["-i", modules, *flags])
        ours = paths.our_addons()
        if not ours:
            say("  there are no addons of ours yet: the database gets Odoo's modules only")
            return base
        key = addons_key(demo)
        if comment(name) != key:
            title = f"installing {', '.join(ours)}{' with demo data' if demo else ''}"
            _build(name, key, title, base, ["-i", ",".join(ours), *flags])
    return name


def check_name(name):
    if not NAME.fullmatch(name or ""):
        raise DevError(f"{name!r} is no name of a database: small letters, digits and _ only")
    if name in RESERVED or name.endswith("_build"):
        raise DevError(f"{name} is a template: choose another name")


def fresh(name, demo=False):
    """A new database of this name; one that is there is replaced."""
    check_name(name)
    template = ensure_template(demo)
    with step(f"copying {template} to {name}"):
        copy(template, name)


def known():
    """Databases that this tool made, by their names: those with a filestore of ours."""
    if not paths.FILESTORE.exists():
        return []
    return sorted(path.name for path in paths.FILESTORE.iterdir() if path.is_dir())
