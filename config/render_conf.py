#!/usr/bin/env python3
"""Fill a configuration file from the environment: ``render_conf.py TEMPLATE TARGET``.

Odoo expands no variables in its configuration. Every ``${NAME}`` in the template becomes
the value of that variable. A variable that is missing, empty or holds a line break is an
error: a server must not start with a half-filled configuration.
"""

import os
import re
import sys
from pathlib import Path

VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def render(template, environ):
    """Return the text with all variables filled in.

    :raise ValueError: names the variables that are missing or cannot stand in the file
    """
    lines = [line for line in template.splitlines() if not line.lstrip().startswith((";", "#"))]
    names = sorted(set(VARIABLE.findall("\n".join(lines))))
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise ValueError(f"set in the environment: {', '.join(missing)}")
    broken = [name for name in names if re.search(r"[\r\n]", environ[name])]
    if broken:
        raise ValueError(f"one line only is possible for: {', '.join(broken)}")
    # Odoo's parser interpolates nothing, so no character of a value needs an escape.
    return VARIABLE.sub(lambda match: environ[match[1]], "\n".join(lines)) + "\n"


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    try:
        text = render(source.read_text(), os.environ)
    except (OSError, ValueError) as error:
        print(f"render_conf.py: {error}", file=sys.stderr)
        return 1
    target.unlink(missing_ok=True)
    # It holds a secret: nobody else may read it, not even while it is written.
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
