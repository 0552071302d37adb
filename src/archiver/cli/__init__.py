"""The command line: parse, call one function, render."""


def main() -> None:
    """Run the `archiver` command."""
