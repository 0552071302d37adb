"""The documents say what the program does."""

import ast
import importlib.util
import pkgutil
import re
from pathlib import Path

import click
import pytest

from archiver.cli import cli

REPOSITORY = Path(__file__).parents[2]


def commands(group: click.Group = cli, name: str = "") -> list[tuple[str, click.Command]]:
    found = []
    context = click.Context(group)
    for key in group.list_commands(context):
        command = group.get_command(context, key)
        found.append((f"{name}{key}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{name}{key} ")
    return found


@pytest.mark.parametrize("name", ["commands", "sidecar", "verdicts", "architecture"])
def test_pages_that_are_made_are_up_to_date(name):
    spec = importlib.util.spec_from_file_location(f"docs_{name}", REPOSITORY / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), "run `make docs`"


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_explains_itself(name, command):
    assert command.help
    own = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    undocumented = [option.name for option in own if not option.help and not isinstance(option.type, click.Choice)]
    assert undocumented in ([], ["replay_port"]), f"{name}: options without a word"
    if not isinstance(command, click.Group) and not name.startswith("sync "):
        assert "archiver " in command.help.partition("Example")[2], f"{name} --help shows no example"
    assert any(option.name == "as_json" for option in own) or isinstance(command, click.Group)


def test_the_readme_names_only_commands_that_exist():
    text = (REPOSITORY / "README.md").read_text("utf-8")
    known = {name.split()[0] for name, _ in commands()}
    assert set(re.findall(r"^\s*archiver (?:--\S+ )*([a-z]+)", text, re.MULTILINE)) <= known
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.MULTILINE)) <= targets


def test_the_architecture_names_only_what_there_is():
    text = (REPOSITORY / "docs/architecture.md").read_text("utf-8")
    named = [name for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", text) if not name.endswith(".toml")]
    assert len(named) > 3
    for name in named:
        pkgutil.resolve_name(f"archiver.{name}")


def test_links_between_documents_lead_somewhere():
    for page in [REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_claim_of_the_threat_model_names_tests_that_exist():
    text = (REPOSITORY / "docs/threat-model.md").read_text("utf-8")
    files = {path.name: path.read_text("utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py")}
    named = re.findall(r"`(test_\w+\.py|…)(?:::(test_\w+))?`", text)
    assert len(named) > 30
    file = ""
    for name, test in named:
        file = file if name == "…" else name
        assert file in files
        assert not test or f"def {test}(" in files[file], f"{file}::{test}"


def codes_of_validation() -> set[str]:
    """Every code that a finding or problem of validation can have."""
    package = REPOSITORY / "src/archiver"
    files = [package / "jsontext.py", package / "sidecar/checks.py", package / "proof/packages.py"]
    return codes_in([*files, *package.glob("schema/*.py"), *package.glob("validate/*.py")])


def codes_in(files: list[Path]) -> set[str]:
    """Every code that a finding or problem can have, read off the program's own text."""
    makers = {"Finding", "Problem", "BadJSON", "told", "_warning", "_strange"}
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in makers:
                found |= {
                    argument.value
                    for argument in node.args
                    if isinstance(argument, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)+", str(argument.value))
                }
    return found


def test_every_code_of_validation_is_explained():
    found = codes_of_validation()
    assert len(found) > 50
    explained = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", (REPOSITORY / "docs/validation.md").read_text("utf-8")))
    assert found - explained == set()
    told = {code for code in explained if code.split("-")[0] in {one.split("-")[0] for one in found}}
    assert {code for code in told - found if not code.startswith("schema-")} <= {"cdxj-indexer", "warc-absent"}


def test_every_code_of_import_and_export_is_explained():
    found = codes_in([*(REPOSITORY / "src/archiver/package").glob("*.py")])
    table = (REPOSITORY / "docs/packages.md").read_text("utf-8").partition("| code |")[2].partition("\n\n")[0]
    told = set(re.findall(r"`([a-z-]+)`(?=.*\|.*\|)", table))
    assert found | {"known", "erased"} == told


def test_every_code_of_verify_and_repair_is_explained_and_no_other():
    package = REPOSITORY / "src/archiver"
    kinds = "rule|file|warc|sidecar|collection|index|ledger|erased|revisit|repair|no-good"
    files = [*package.glob("verify/*.py"), *package.glob("repair/*.py"), package / "sync/chains.py"]
    texts = [file.read_text("utf-8") for file in [*files, package / "warc/check.py"]]
    found = {code for text in texts for code in re.findall(rf'"((?:{kinds})(?:-[a-z]+)+)"', text)}
    found |= {f"warc-{name}" for name in re.findall(r'finding\("warning", "([a-z-]+)"', texts[-1])}
    table = (REPOSITORY / "docs/verify.md").read_text("utf-8").partition("## Findings")[2]
    explained = {code for row in re.findall(r"^\| (.*?) \|", table, re.M) for code in re.findall(r"`([a-z-]+)`", row)}
    assert len(found) > 35
    assert explained - {"leftover"} == found - {"warc-records"}
