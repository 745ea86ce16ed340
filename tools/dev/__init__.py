"""The developer's tool: ``python3 -m tools.dev <command>``.

Standard library only, because it has to run before any virtual environment exists.
Everything it makes lies in one git-ignored folder, ``.odoo/``, below the project.
"""
