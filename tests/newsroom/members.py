"""Pages for readers who have signed in, full of secrets: what captures with a session must keep, and must not tell.

Who comes with the cookie `sid` is let in by `/members/enter`, sent on with a token in the URL, given another cookie,
and shown a page that repeats all of it in HTML, JSON, scripts, pictures' addresses and to a third party.
`/members/vault` asks for a user name and a password. `WITNESSED` has the Authorization lines that came to another
origin than theirs.
"""

import base64
import gzip
import json
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from newsroom.pages import site_of

SESSION = "s3ss10n/5f0c2d9e+7b41a8=="
ROTATED = "r0tat3d-Zk81Qm73Lp"
TOKEN = "t0k3n-8e21bb07cd44"
SCRIPTED = "bysc1pt-91ab42ee70"
STORED = "l0cal-st0rage-77aa31c9"
BEARER = "b3arer.4c7f19aa.e0d2"
UNUSED = "unus3d-3b9d55f0c1"
USER, PASSWORD = "reader", "br1dge over Ternava"

TEXT = "The pump house ran dry at four, members read first."
MINUTES = "Minutes of the water board, for its readers only."

WITNESSED: list[str] = []

PAGE = """<!doctype html><html lang="en"><title>Members read first</title>
<meta name="csrf-token" content="{unused}">
<h1>Members read first</h1><p id="text">{text}</p><p>Signed in, session {session}</p>
<img src="/members/picture.svg?w=2&amp;token={token}" alt="">
<a href="/members/leave?access_token={token}">Leave</a>
<script type="application/json" id="state">{state}</script>
<script>
document.cookie = "visit_token={scripted}; path=/";
const stored = localStorage.getItem("auth_token") || "none";
const told = {{headers: {{"X-Auth-Token": stored, "Authorization": "Bearer {bearer}"}}}};
fetch("/members/data.json?sid={quoted}", told).then(answer => answer.json()).then(data =>
  fetch("/members/echo", {{method: "POST", body: JSON.stringify({{...data, ...told}})}}));
new Image().src = "{third}/beacon.gif?v={quoted}&t={token}";
</script></html>"""


def _is_member(request: Request) -> bool:
    return request.cookies.get("sid", "").strip('"') == SESSION


async def sign_in(request: Request) -> Response:
    """Signs whoever comes in; its script says when that is done."""
    script = f"""localStorage.setItem("auth_token", "{STORED}");
fetch("/members/echo", {{method: "POST", body: "done"}});"""
    response = HTMLResponse(f"<!doctype html><title>Sign in</title><p>You are in.</p><script>{script}</script>")
    response.set_cookie("sid", SESSION, httponly=True)
    return response


async def enter(request: Request) -> Response:
    """Members go on, with a token; others are asked to sign in."""
    if not _is_member(request):
        return HTMLResponse("<!doctype html><title>Sign in</title><p>Sign in to read.</p>")
    return RedirectResponse(f"/members/article?access_token={TOKEN}", 302)


async def article(request: Request) -> Response:
    """What members read."""
    if not _is_member(request):
        return RedirectResponse("/members/enter", 302)
    html = PAGE.format(
        text=TEXT,
        session=SESSION,
        quoted=quote(SESSION, safe=""),
        token=TOKEN,
        scripted=SCRIPTED,
        bearer=BEARER,
        unused=UNUSED,
        third=site_of(request).origin("cdn", request.url.scheme),
        state=json.dumps({"sid": SESSION, "coded": base64.b64encode(f"id:{SESSION}".encode()).decode()}).replace(
            "/", "\\/"
        ),
    )
    headers = {"content-type": "text/html; charset=utf-8", "content-encoding": "gzip"}
    response = Response(gzip.compress(html.encode()), headers=headers)
    response.set_cookie("renewed", ROTATED, httponly=True)
    return response


async def data(request: Request) -> Response:
    """What the page's script asks for: its own headers and cookies again."""
    return JSONResponse(
        {"member": _is_member(request), "cookie": request.headers.get("cookie"), "url": str(request.url)}
    )


async def echo(request: Request) -> Response:
    """The request's body."""
    return Response(await request.body(), headers={"content-type": "application/json", "x-session-id": SESSION})


async def picture(request: Request) -> Response:
    """A picture that carries the token."""
    said = f"<desc>{request.query_params['token']}</desc>"
    return Response(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{said}</svg>',
        headers={"content-type": "image/svg+xml"},
    )


def _is_reader(request: Request) -> bool:
    return request.headers.get("authorization") == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


async def vault(request: Request) -> Response:
    """For those who know the password; its picture is at another origin."""
    if not _is_reader(request):
        return HTMLResponse("<p>Who are you?</p>", 401, headers={"www-authenticate": 'Basic realm="vault"'})
    scheme = "http" if request.url.scheme == "https" else "https"
    other = site_of(request).origin("tricks", scheme)
    shown = f"{request.headers['authorization']} {PASSWORD} {quote(PASSWORD)}"
    pictures = f"<img src='/members/own.svg'><img src='{other}/members/witness'>"
    html = f"<!doctype html><title>Vault</title><p>{MINUTES}</p><p>{shown}</p>{pictures}"
    return HTMLResponse(html)


async def own(request: Request) -> Response:
    """A picture that asks for the password as well."""
    return Response(
        "<svg xmlns='http://www.w3.org/2000/svg'/>", 200 if _is_reader(request) else 401, media_type="image/svg+xml"
    )


async def witness(request: Request) -> Response:
    """Asks for a password, and remembers what it got."""
    WITNESSED.append(request.headers.get("authorization", ""))
    return HTMLResponse("<p>Who are you?</p>", 401, headers={"www-authenticate": 'Basic realm="vault"'})


async def leave(request: Request) -> Response:
    """Sends whoever knows the password to another origin."""
    if not _is_reader(request):
        return Response(status_code=401, headers={"www-authenticate": 'Basic realm="vault"'})
    scheme = "http" if request.url.scheme == "https" else "https"
    return RedirectResponse(site_of(request).origin("tricks", scheme) + "/members/witness", 302)


ROUTES = [
    Route("/members/sign-in", sign_in),
    Route("/members/enter", enter),
    Route("/members/article", article),
    Route("/members/data.json", data),
    Route("/members/echo", echo, methods=["POST"]),
    Route("/members/picture.svg", picture),
    Route("/members/vault", vault),
    Route("/members/own.svg", own),
    Route("/members/witness", witness),
    Route("/members/leave", leave),
]
