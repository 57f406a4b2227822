"""How a process of ours is set up."""

import os
import subprocess
import sys

import pytest

TUNED = """
import gc, os, sys
from syndication import process
process.tune()
print(os.environ["PYDANTIC_DISABLE_PLUGINS"], gc.isenabled(), gc.get_threshold()[0] > 700, "pydantic" in sys.modules)
"""


@pytest.mark.parametrize(("told", "counts"), [(None, "__all__"), ("logfire-plugin", "logfire-plugin")])
def test_what_the_environment_says_of_plugins_counts(told: str | None, counts: str) -> None:
    """Plugins of Pydantic are not looked for unless the operator says so; the collector goes on, only less often."""
    env = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
    env |= {"PYDANTIC_DISABLE_PLUGINS": told} if told else {}
    done = subprocess.run(
        [sys.executable, "-c", TUNED], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == [counts, "True", "True", "False"]
