"""Checks requests of a connector against a platform's published contract (Swagger 2.0)."""

import importlib
import json
import re
import unittest

from .common import shared


class Guard:
    """:param names: files of contracts in payloads/amazon_sp_api"""

    def __init__(self, *names):
        try:
            self.jsonschema = importlib.import_module("jsonschema")
        except ImportError:
            raise unittest.SkipTest("jsonschema is not installed") from None
        self.operations, self.checked = [], []
        for name in names:
            path = shared(f"payloads/amazon_sp_api/contracts/openapi/{name}.json")
            contract = json.loads(path.read_text(encoding="utf-8"))
            for route, methods in contract["paths"].items():
                parts = re.split(r"\{[^}]+\}", route)
                pattern = re.compile("[^/]+".join(map(re.escape, parts)))
                for method, operation in methods.items():
                    if isinstance(operation, dict):
                        shared_parameters = methods.get("parameters") or []
                        self.operations.append((method.upper(), pattern, operation, shared_parameters, contract))

    def check(self, method, path, params, body):
        """:raise AssertionError: the contract does not know this request"""
        for known, pattern, operation, more, contract in self.operations:
            if known == method and pattern.fullmatch(path):
                self._check_parameters(operation["parameters"] + more, params, body, contract)
                self.checked.append(operation["operationId"])
                return
        raise AssertionError(f"no operation {method} {path}")

    def _check_parameters(self, parameters, params, body, contract):
        known = {p["name"]: p for p in parameters if p.get("in") == "query"}
        assert not set(params) - set(known), set(params) - set(known)
        for name, parameter in known.items():
            assert name in params or not parameter.get("required"), f"{name} is missing"
            allowed = (parameter.get("items") or {}).get("enum") or parameter.get("enum")
            for value in str(params.get(name, "")).split(",") if allowed and name in params else ():
                assert value in allowed, f"{name}={value}"
            if name in params and "maximum" in parameter:
                assert int(params[name]) <= parameter["maximum"], f"{name}={params[name]}"
        for parameter in parameters:
            if parameter.get("in") == "body":
                schema = {"definitions": contract["definitions"], **parameter["schema"]}
                self.jsonschema.validate(body, schema, cls=self.jsonschema.Draft4Validator)
