"""`python -m kistdsl`."""

from kistdsl.cli.main import entry

entry()
