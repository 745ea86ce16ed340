"""Bringing a machine to the point where Odoo runs; what stands already takes no time."""

from . import paths, pg, shopify, source, venv
from .stamps import lock
from .system import check_python, has_program, install_packages

# Programs that only tests use: a browser for tours, compose to check docker-compose.yml.
TEST_PROGRAMS = (
    ("chromium", ("chromium", "chromium-browser", "google-chrome")),
    ("docker-compose", ("docker-compose",)),
)


def ensure(tests=False):
    """Make sure of Odoo's source, the environment and the database server.

    :param tests: also of the programs that only tests need
    """
    check_python()
    paths.STATE.mkdir(parents=True, exist_ok=True)
    # Makes the folder invisible to git even where .gitignore is not ours.
    (paths.STATE / ".gitignore").write_text("*\n")
    paths.CACHE.mkdir(parents=True, exist_ok=True)
    with lock("setup"):
        missing = [package for package, names in TEST_PROGRAMS if tests and not has_program(*names)]
        if pg.bindir() is None and not pg.external():
            missing += ["postgresql", "postgresql-client"]
        if missing:
            install_packages(missing)
        source.ensure()
        venv.ensure()
        pg.ensure()
        if tests:
            shopify.ensure()
