"""Writes docs/commands.md from the commands' own help. `make docs` runs it; a test compares."""

from pathlib import Path

import click

from archiver.cli import cli

PAGE = Path(__file__).with_name("commands.md")
HEAD = """# Commands

Made from the commands' own help by `make docs`; a test fails when they differ.
"""


def sections(command: click.Command, name: str, parent: click.Context | None = None) -> list[str]:
    """The help of a command and of all below it, as Markdown."""
    settings = cli.context_settings  # click remembers those of whoever asks a command first
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, **settings)
    found = [f"## `{context.command_path}`\n\n```\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for key in command.list_commands(context):
            found += sections(command.get_command(context, key), key, context)
    return found


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *sections(cli, "archiver")])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
