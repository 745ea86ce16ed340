"""Translations: the list of texts of each addon, and what is said in each language.

``make i18n`` writes ``i18n/<addon>.pot`` and brings ``i18n/<language>.po`` to it: what is
translated stays, what is gone goes, what is new is empty. ``make lint`` fails while a text is
missing from the files, or is not translated.
"""

import tempfile
from pathlib import Path

from . import db, odoo, paths
from .ui import DevError, run, say, step

LANGUAGES = ("zh_CN",)
# Changes with every run and says nothing.
VOLATILE = ("POT-Creation-Date", "PO-Revision-Date")
EXPORT = """
from odoo.tools.translate import trans_export
for addon in {addons!r}:
    with open({folder!r} + "/" + addon + ".pot", "wb") as stream:
        trans_export(False, [addon], stream, "po", env)
"""
MERGE = """
import sys
import polib
template, target, language = sys.argv[1:]
fresh = polib.pofile(template, wrapwidth=100)
try:
    known = {{entry.msgid: entry.msgstr for entry in polib.pofile(target) if entry.msgstr}}
except OSError:
    known = {{}}
for name in {volatile!r}:
    fresh.metadata.pop(name, None)
fresh.metadata["Language"] = language
for entry in fresh:
    entry.msgstr = known.get(entry.msgid, "") if language else ""
fresh.save(target)
"""
MISSING = """
import sys
import polib
template, target = sys.argv[1:]
texts = {entry.msgid for entry in polib.pofile(template)}
known = {entry.msgid: entry.msgstr for entry in polib.pofile(target)}
for text in sorted(texts - known.keys()):
    print("not in the file:", repr(text[:100]))
for text in sorted(known.keys() - texts):
    print("no longer used:", repr(text[:100]))
if not target.endswith(".pot"):
    for text, said in sorted(known.items()):
        if text in texts and not said:
            print("not translated:", repr(text[:100]))
"""


def _python(script, *arguments):
    code, output = run([paths.PYTHON, "-c", script, *arguments], check=False, timeout=120)
    if code:
        raise DevError(f"the translations cannot be read\n{output.strip()}")
    return output


def _export(folder):
    """Write the .pot of each addon, as it is installed in the template, into a folder."""
    template = db.ensure_template()
    addons = paths.our_addons()
    with step("listing the texts"):
        script = EXPORT.format(addons=addons, folder=str(folder))
        log = paths.LOGS / "i18n.log"
        code, text = odoo.shell(template, script, log=log, timeout=300)
    if code:
        raise DevError(f"the texts cannot be listed (log: {log})\n{text[-1500:]}")
    return addons


def _files(addon):
    folder = paths.ADDONS / addon / "i18n"
    return folder / f"{addon}.pot", [(code, folder / f"{code}.po") for code in LANGUAGES]


def update():
    """Write the files again; return how many texts are not translated."""
    open_texts = 0
    with tempfile.TemporaryDirectory() as folder:
        for addon in _export(folder):
            fresh = Path(folder, f"{addon}.pot")
            pot, languages = _files(addon)
            pot.parent.mkdir(exist_ok=True)
            merge = MERGE.format(volatile=VOLATILE)
            _python(merge, fresh, pot, "")
            for code, po in languages:
                _python(merge, fresh, po, code)
                missing = _python(MISSING, fresh, po).count("not translated:")
                say(f"  {addon} {code}: {missing} texts are not translated")
                open_texts += missing
    return open_texts


def check():
    """Whether the files are complete; says what is not."""
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for addon in _export(folder):
            pot, languages = _files(addon)
            for target in (pot, *(po for _code, po in languages)):
                if not target.exists():
                    findings = "the file is missing"
                else:
                    findings = _python(MISSING, Path(folder, f"{addon}.pot"), target).strip()
                if findings:
                    good = False
                    say(f"{target.relative_to(paths.ROOT)} (run  make i18n):\n{findings}")
    return good
