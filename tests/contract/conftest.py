"""What the contract tests share."""

import os

import pytest


@pytest.fixture
def environment(server, monkeypatch):
    """The credentials of the module's `server`, and nothing of this machine's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
