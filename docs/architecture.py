"""Writes the map of docs/architecture.md from the layers in pyproject.toml and the packages' own first sentences.

`make docs` runs it; a test compares. What stands around the map is written by hand.
"""

import ast
import re
import tomllib
from pathlib import Path

PAGE = Path(__file__).with_name("architecture.md")
ROOT = PAGE.parents[1]
PARTS = re.compile(r"<!-- (map|decisions) -->\n(?:[|-].*\n)*")


def said(package: Path) -> str:
    """What a package or module says that it is: the first paragraph of its docstring."""
    file = package / "__init__.py" if package.is_dir() else package.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split())


def layers() -> list[list[str]]:
    """The names in each layer, from the top one down, as the linter reads them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return [layer.split(" | ") for layer in contracts[0]["layers"]]


def rows() -> list[str]:
    """A row for each package or module, with the number of its floor."""
    floors = layers()
    found = ["| floor | part | what it is |", "|---|---|---|"]
    for number, names in enumerate(floors):
        floor = len(floors) - number
        found += [f"| {floor} | `{name}` | {said(ROOT / 'src/archiver' / name)} |" for name in names]
    return found


def decisions() -> list[str]:
    """A line for each decision, with its number."""
    titles = {path: path.read_text("utf-8").partition("\n")[0] for path in sorted((PAGE.parent / "adr").glob("*.md"))}
    return [f"- [{title.removeprefix('# ')}](adr/{path.name})" for path, title in titles.items()]


def page() -> str:
    """The whole page."""
    made = {"map": rows(), "decisions": decisions()}
    return PARTS.sub(lambda found: "\n".join([f"<!-- {found[1]} -->", *made[found[1]], ""]), PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
