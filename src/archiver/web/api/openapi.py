"""Operations of the JSON API: its routes, checks of parameters, OpenAPI 3.1 document and page are made of one table.

So none of them can tell of what another does not do.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archiver.errors import UsageError
from archiver.web.conditional import answer
from archiver.web.site import Site

Schema = dict[str, Any]
Handler = Callable[[Site, dict[str, Any]], dict[str, Any]]
"""From the values of all parameters (None where one is left out) to the answer, which may have a cursor at `next`."""
VERSION = "1.0.0"


class WrongParameter(UsageError):
    """A parameter that is not known, or cannot have that value."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that can be asked for."""

    name: str
    told: str
    """What it does, in a sentence."""
    schema: Schema
    """Of type string, integer or boolean; `enum`, `minimum`, `maximum`, `maxLength` and `default` are kept."""
    example: str = ""
    required: bool = False
    in_path: bool = False

    def read(self, text: str) -> str | int | bool:
        """The value that is meant. Raises `WrongParameter`."""
        rules = self.schema
        if rules["type"] == "boolean" and text in ("true", "false"):
            return text == "true"
        if rules["type"] == "integer" and text.isascii() and text.isdigit() and len(text) < 10:
            number = int(text)
            if number == min(max(number, rules["minimum"]), rules["maximum"]):
                return number
        if rules["type"] == "string" and text in rules.get("enum", [text]) and len(text) <= rules["maxLength"]:
            return text
        raise WrongParameter(f"The parameter {self.name!r} cannot be {text[:80]!r}.", f"It takes {self._takes()}.")

    def _takes(self) -> str:
        rules = self.schema
        if rules["type"] == "boolean":
            return "true or false"
        if rules["type"] == "integer":
            return f"a whole number from {rules['minimum']} to {rules['maximum']}"
        return f"one of {', '.join(rules['enum'])}" if "enum" in rules else f"at most {rules['maxLength']} characters"

    def document(self) -> dict[str, Any]:
        """Its Parameter Object."""
        place = {
            "name": self.name,
            "in": "path" if self.in_path else "query",
            "required": self.required or self.in_path,
        }
        return (
            place
            | {"description": self.told, "schema": self.schema}
            | ({"example": self.read(self.example)} if self.example else {})
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """One address of the API."""

    name: str
    path: str
    told: str
    """What it gives, in a sentence."""
    parameters: Sequence[Parameter]
    answer: str
    """The name of the answer's schema."""
    handler: Handler

    @property
    def example(self) -> str:
        """An address to try: path and query."""
        examples = {one.name: one.example for one in self.parameters if one.example}
        path = self.path.format_map({name: quote(value) for name, value in examples.items()})
        query = urlencode({one.name: one.example for one in self.parameters if one.example and not one.in_path})
        return f"{path}?{query}" if query else path

    def values(self, request: Request) -> dict[str, Any]:
        """What a request asks for: every parameter, with its default where it is left out. Raises `WrongParameter`."""
        known = {one.name: one for one in self.parameters if not one.in_path}
        given: dict[str, str] = {}
        for name, text in request.query_params.multi_items():
            if name not in known:
                hint = f"Known here: {', '.join(known)}." if known else "This address takes none."
                raise WrongParameter(f"There is no parameter {name[:80]!r}.", hint)
            if name in given:
                raise WrongParameter(f"The parameter {name!r} is given twice.", "Give it once.")
            given[name] = text
        if missing := [name for name, one in known.items() if one.required and not given.get(name)]:
            raise WrongParameter(f"The parameter {missing[0]!r} is missing.", known[missing[0]].told)
        defaults = {name: one.schema.get("default") for name, one in known.items()}
        return defaults | request.path_params | {name: known[name].read(text) for name, text in given.items()}

    def route(self, site: Site) -> Route:
        """Its route: the answer as JSON, which is not sent again to who has it; a further page is linked."""

        async def endpoint(request: Request) -> Response:
            document = await run_in_threadpool(self.handler, site, self.values(request))
            headers = {}
            if document.get("next"):
                further = request.url.include_query_params(cursor=document["next"])
                document["next"] = f"{site.app}{further.path}?{further.query}"
                headers["Link"] = f'<{document["next"]}>; rel="next"'
            body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            return answer(request, body.encode("utf-8", "replace"), "application/json", headers)

        return Route(self.path, endpoint, name=self.name)

    def document(self) -> dict[str, Any]:
        """Its Path Item Object."""
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{self.answer}"}}}
        problems: dict[str, Any] = {
            status: {"$ref": "#/components/responses/Problem"} for status in ("400", "403", "404", "451", "500")
        }
        headers = {
            "ETag": {"schema": {"type": "string"}, "description": "Send it as If-None-Match to ask for news only."}
        }
        good = {"200": {"description": self.told, "headers": headers, "content": content}}
        unchanged = {"304": {"description": "What If-None-Match names is still the answer."}}
        parameters = [one.document() for one in self.parameters]
        asked = {"operationId": self.name, "summary": self.told, "parameters": parameters}
        return {"get": asked | {"responses": good | unchanged | problems}}


def document(operations: Sequence[Operation], schemas: Mapping[str, Schema], origin: str) -> dict[str, Any]:
    """The OpenAPI document of all of them."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    problem = {"description": "What went wrong, in a sentence, and what to do about it (RFC 9457).", "content": content}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "News archive",
            "version": VERSION,
            "description": "Read only: GET and HEAD. Texts are what pages claimed of themselves: escape them.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": origin}],
        "paths": {one.path: one.document() for one in operations},
        "components": {"schemas": dict(schemas), "responses": {"Problem": problem}},
    }
