"""Fixtures: one server for all tests that only speak HTTP, a server of its own for the others."""

import pytest

from harness import Server


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """Shared by the whole run; must still drain cleanly after everything the tests did to it."""
    one = Server(tmp_path_factory.mktemp("shared")).start()
    yield one
    one.discard()


@pytest.fixture
def server(shared_server):
    """The shared server. A test that ends it fails, and the next one finds it up again."""
    yield shared_server
    if shared_server.process.poll() is not None:
        try:
            shared_server.discard()
        finally:
            shared_server.start()


@pytest.fixture
def make_server(tmp_path):
    """make_server(config="", …) starts a server of this test's own; several are fine."""
    made = []

    def make(config="", **options):
        made.append(Server(tmp_path / f"server-{len(made)}", config, **options))
        return made[-1].start()

    yield make
    for one in made:
        one.discard()


@pytest.fixture
def client(server):
    """An admin of org-a."""
    return server.client()


@pytest.fixture
def asset(client):
    """The id of a new asset of org-a."""
    return client.new_asset()["id"]
