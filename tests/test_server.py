"""The ways into a running server, before any of our models is involved."""

import concurrent.futures

import conftest
import pytest
import requests


def test_login_in_the_browser(server):
    """The login form takes the administrator to the web client."""
    session = requests.Session()
    page = session.get(f"{server.url}/web/login", timeout=60)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = session.post(
        f"{server.url}/web/login",
        data={"login": "admin", "password": "admin", "csrf_token": token},
        timeout=60,
    )
    assert answer.status_code == 200
    assert "/web/login" not in answer.url


def test_json2(json2):
    assert json2.call("res.partner", "search_count", domain=[]) > 0


def test_json2_in_parallel(json2, server):
    """Two workers answer at once."""
    key = json2.session.headers["Authorization"].split()[1]

    def call(_):
        client = conftest.Json2(server.url, key, server.database)
        return client.call("res.partner", "search_count", domain=[])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(call, range(8)))) == 1


@pytest.mark.parametrize("key", [None, "not-a-key"])
def test_json2_is_refused_without_a_key(server, key):
    client = conftest.Json2(server.url, key, server.database)
    with pytest.raises(conftest.Json2Error) as refused:
        client.call("res.partner", "search_count", domain=[])
    assert refused.value.status == 401


def test_xmlrpc(xmlrpc_models):
    assert xmlrpc_models("res.partner", "search_count", []) > 0


def test_odoorpc(rpc):
    assert rpc.env["res.users"].search([("login", "=", "admin")])


def test_our_addons_are_installed(json2):
    ours = conftest.paths.our_addons()
    if not ours:
        pytest.skip("there are no addons yet")
    installed = json2.call(
        "ir.module.module",
        "search_read",
        domain=[("name", "in", ours), ("state", "=", "installed")],
        fields=["name"],
    )
    assert sorted(row["name"] for row in installed) == sorted(ours)


def test_shell(shell):
    assert shell("print(env['res.users'].search_count([]) > 0)").strip() == "True"
    with pytest.raises(conftest.ShellError, match="ZeroDivisionError"):
        shell("1 / 0")
