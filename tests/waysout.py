"""Ways in which a page can reach the live web, each alone on a page, and a place on the live web that listens.

`{out}` is the place's address, `{ws}` and `{wt}` the same for WebSockets and WebTransport, `{port}` its port (TCP and
UDP). Who is watched for names that are looked up finds `{host}`, which nobody listens at.
"""

import re
import socket
import threading


class Outside:
    """A place on the live web: notes every connection, before anything is asked for, and every UDP packet."""

    def __init__(self, port: int = 0) -> None:
        self.tcp = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.seen: list[str] = []
        self.hosts: list[str] = []
        """By which of its names it was asked."""
        self.url = f"http://127.0.0.1:{self.port}"
        for listener in (self._connections, self._packets):
            threading.Thread(target=listener, daemon=True).start()

    def _connections(self) -> None:
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            self.seen.append("connected")
            threading.Thread(target=self._connection, args=[connection], daemon=True).start()

    def _connection(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(0.5)
            try:
                head = connection.recv(2000).decode("latin-1")
                self.hosts += re.findall(r"^Host: ([^:\r\n]+)", head, re.MULTILINE)
                self.seen.append(head.partition("\r\n")[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nout")
            except OSError:
                return

    def _packets(self) -> None:
        while True:
            try:
                self.udp.recvfrom(2048)
            except OSError:
                return
            self.seen.append("udp")

    def close(self) -> None:
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()
        self.udp.close()


IN_HTML = {
    "img": '<img src="{out}/a"><img srcset="{out}/b 1x"><input type=image src="{out}/c">',
    "script": '<script src="{out}/a"></script><script type=module src="{out}/b"></script>',
    "link": """<link rel=stylesheet href="{out}/a"><link rel=preload as=image href="{out}/b">
        <link rel=icon href="{out}/c">""",
    "hints": """<link rel=preconnect href="{out}"><link rel=dns-prefetch href="{out}">
        <link rel=prefetch href="{out}/a">""",
    "frames": '<iframe src="{out}/a"></iframe><object data="{out}/b"></object><embed src="{out}/c">',
    "srcdoc": """<iframe srcdoc="<img src='{out}/a'>"></iframe>
        <iframe srcdoc="&lt;meta http-equiv=refresh content='0;url={out}/b'&gt;"></iframe>""",
    "media": '<video src="{out}/a" poster="{out}/b" autoplay></video><audio src="{out}/c" autoplay></audio>',
    "css": """<style>@import "{out}/a"; body {{ background: url({out}/b) }}
        @font-face {{ font-family: f; src: url({out}/c) }} body {{ font-family: f }}</style>text""",
    "svg": '<svg><image href="{out}/a"/><use href="{out}/b#c"/></svg>',
    "refresh": '<meta http-equiv="refresh" content="0; url={out}/a">',
    "refresh quoted": '<meta http-equiv="REFRESH" content="0; URL=\'{out}/a\'">',
    "refresh comma": '<meta http-equiv="refresh" content="0,{out}/a">',
    "refresh bare": '<meta http-equiv="refresh" content=" 0 ; {out}/a">',
    "base": '<base href="{out}/"><img src="a"><script src="b"></script>',
    "speculation": """<script type="speculationrules">
        {{"prefetch": [{{"urls": ["{out}/a"]}}], "prerender": [{{"urls": ["{out}/b"]}}]}}</script>""",
    "import map": """<script type=importmap>{{"imports": {{"x": "{out}/a"}}}}</script>
        <script type=module>import "x"</script>""",
    "form": """<form action="{out}/a" method=post><button id=b>go</button></form>
        <script>document.getElementById("b").click()</script>""",
    "click": """<a id=a href="{out}/a" ping="{out}/b">go</a>
        <script>document.getElementById("a").click()</script>""",
    "blank": """<a id=a href="{out}/a" target=_blank>go</a>
        <script>document.getElementById("a").click()</script>""",
    "comment": """<!--><script>Function('return this')().location.href = '{out}/a'</script><img src="{out}/b">
        <iframe srcdoc="<img src='{out}/c'>"></iframe><link rel=preconnect href="{out}">-->""",
    "title": """<title><img alt="</title><script>Function('return this')().location.href = '{out}/a'</script>
        <img src={out}/b>">""",
    "body": '<body background="{out}/a"><table background="{out}/b"><tr><td background="{out}/c">x</table>',
    "track": """<video src="data:video/mp4,x"><track default kind=subtitles src="{out}/a"></video>
        <img alt="" src="data:,x" usemap="#m" longdesc="{out}/b"><link rel=manifest href="{out}/c">""",
    "styles": """<style>html {{ cursor: url({out}/a), auto; list-style: url({out}/b); mask: url({out}/c) }}
        p {{ background: image-set("{out}/d" 1x); filter: url({out}/e#x) }}</style><p>x</p>""",
    "foreign": """<svg><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="{out}/a"></body>
        </foreignObject>
        <style>@import "{out}/b";</style><script href="{out}/c"/><a id=a href="{out}/d"><text>x</text></a></svg>
        <script>document.getElementById("a").dispatchEvent(new MouseEvent("click"))</script>""",
    "attributed": '<img alt="" attributionsrc="{out}/a" src="data:,x"><script attributionsrc="{out}/b"></script>',
    "javascript": """<iframe src="javascript:'<img src={out}/a>'"></iframe>
        <a id=a href="javascript:void(new Image().src = '{out}/b')">x</a><script>document.all.a.click()</script>""",
    "data frame": """<iframe src="data:text/html,<script>location='{out}/a'</script><img src='{out}/b'>"></iframe>
        <object data="data:text/html,<img src='{out}/c'>"></object>""",
    "names": '<link rel=dns-prefetch href="http://{host}"><link rel=preconnect href="http://{host}">',
}
"""In the markup as it was sent."""

IN_SCRIPT = {
    "new image": "new Image().src = '{out}/a'",
    "fetch": "fetch('{out}/a'); fetch('{out}/a', {{method: 'POST', body: 'x', mode: 'no-cors', keepalive: true}})",
    "xhr": "var x = new XMLHttpRequest(); x.open('GET', '{out}/a'); x.send()",
    "beacon": "navigator.sendBeacon('{out}/a', 'x')",
    "websocket": "new WebSocket('{ws}/a')",
    "events": "new EventSource('{out}/a')",
    "import": "import('{out}/a')",
    "worker": "new Worker('{out}/a'); new Worker('{out}/a', {{type: 'module'}}); new SharedWorker('{out}/b')",
    "blob worker": """var code = "fetch('{out}/a'); importScripts('{out}/b')";
        new Worker(URL.createObjectURL(new Blob([code])))""",
    "service worker": "navigator.serviceWorker && navigator.serviceWorker.register('/sw.js')",
    "open": "window.open('{out}/a'); open('{out}/b', '_self')",
    "location": "location = '{out}/a'",
    "location.href": "location.href = '{out}/a'",
    "document.location": "document.location = '{out}/a'",
    "replace": "window.location.replace('{out}/a')",
    "globalThis": "globalThis.location.href = '{out}/a'",
    "function": "Function('return this')().location.href = '{out}/a'",
    "top": "top.location.href = '{out}/a'",
    "fresh frame": """var f = document.createElement('iframe'); document.body.append(f);
        f.contentWindow.location = '{out}/a'; f.contentWindow.fetch('{out}/b')""",
    "frame": "var f = document.createElement('iframe'); f.src = '{out}/a'; document.body.append(f)",
    "form": """var f = document.createElement('form'); f.action = '{out}/a';
        document.body.append(f); f.submit()""",
    "anchor": "var a = document.createElement('a'); a.href = '{out}/a'; a.click()",
    "write": "document.write('<img src={out}/a><meta http-equiv=refresh content=0;url={out}/b>')",
    "meta": """var m = document.createElement('meta'); m.httpEquiv = 'refresh';
        m.content = '0;url={out}/a'; document.head.append(m)""",
    "markup": "document.body.innerHTML = '<img src={out}/a><style>p {{ background: url({out}/b) }}</style><p>x'",
    "hints": """for (var rel of ['preconnect', 'prefetch', 'dns-prefetch', 'modulepreload']) {{
        var l = document.createElement('link'); l.rel = rel; l.href = '{out}/a'; document.head.append(l) }}""",
    "speculation": """var s = document.createElement('script'); s.type = 'speculationrules';
        s.textContent = JSON.stringify({{prefetch: [{{urls: ['{out}/a']}}], prerender: [{{urls: ['{out}/b']}}]}});
        document.head.append(s)""",
    "stun": """var p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}});
        p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))""",
    "turn": """var p = new RTCPeerConnection({{iceServers: [
        {{urls: 'turn:127.0.0.1:{port}?transport=tcp', username: 'a', credential: 'b'}}]}});
        p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))""",
    "stun in a frame": """var f = document.createElement('iframe'); document.body.append(f);
        var p = new f.contentWindow.RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}});
        p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))""",
    "stun in srcdoc": """var f = document.createElement('iframe');
        f.srcdoc = `<script>var p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}});
        p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))<\\/script>`;
        document.body.append(f)""",
    "stun by index": """document.body.append(document.createElement('iframe'));
        var p = new frames[0].RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}});
        p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))""",
    "stun in markup": """document.body.innerHTML = '<iframe></iframe>';
        var p = new window[0].RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}});
        p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))""",
    "webtransport": "new WebTransport('{wt}/a')",
    "navigate": "navigation.navigate('{out}/a')",
    "assign": "location.assign('{out}/a')",
    "blob page": """var code = "<script>location = '{out}/a'<\\/script><img src='{out}/b'>";
        location = URL.createObjectURL(new Blob([code], {{type: 'text/html'}}))""",
    "blob frame": """var code = "<script>location = '{out}/a'<\\/script><img src='{out}/b'>";
        var f = document.createElement('iframe'); document.body.append(f);
        f.src = URL.createObjectURL(new Blob([code], {{type: 'text/html'}}))""",
    "shared worker": """var code = "fetch('{out}/a'); new WebSocket('{ws}/b')";
        new SharedWorker(URL.createObjectURL(new Blob([code], {{type: 'text/javascript'}})))""",
    "nested worker": """var code = "new Worker(URL.createObjectURL(new Blob([\\"fetch('{out}/a')\\"])))";
        new Worker(URL.createObjectURL(new Blob([code])))""",
    "font": "new FontFace('f', 'url({out}/a)').load().catch(() => 0)",
    "worklets": """CSS.paintWorklet.addModule('{out}/a').catch(() => 0);
        new AudioContext().audioWorklet.addModule('{out}/b').catch(() => 0)""",
    "synchronous": "var x = new XMLHttpRequest(); x.open('GET', '{out}/a', false); x.send()",
    "later": "fetchLater('{out}/a', {{activateAfter: 0}})",
    "fresh fetch": """var f = document.createElement('iframe'); document.body.append(f);
        var w = f.contentWindow; w.fetch('{out}/a'); w.eval("new Image().src = '{out}/b'");
        new w.WebSocket('{ws}/c')""",
    "download": """var a = document.createElement('a'); a.href = '{out}/a'; a.download = 'x.bin';
        document.body.append(a); a.click()""",
    "xslt": """var p = new XSLTProcessor(), sheet = new DOMParser().parseFromString(`<x:stylesheet version="1.0"
        xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/"><html><body><img src="{out}/a"/></body>
        </html></x:template></x:stylesheet>`, 'text/xml'); p.importStylesheet(sheet);
        document.body.append(p.transformToFragment(document, document))""",
    "post": """var f = document.createElement('form'); f.method = 'post'; f.target = '_blank'; f.action = '{out}/a';
        document.body.append(f); f.submit()""",
    "opened again": "document.open(); document.write('<img src={out}/a><script>location = \\'{out}/b\\'<\\/script>')",
    "names": """for (var rel of ['dns-prefetch', 'preconnect']) {{ var l = document.createElement('link'); l.rel = rel;
        l.setAttributeNS(null, 'href', 'http://{host}'); document.head.append(l) }}""",
    "control on": """var m = document.createElement('meta'); m.httpEquiv = 'x-dns-prefetch-control'; m.content = 'on';
        document.head.append(m); var a = document.createElement('a'); a.setAttributeNS(null, 'href', 'http://{host}/');
        a.textContent = 'x'; document.body.append(a)""",
}
"""By a script."""

IN_MODULE = ("fetch", "import", "location", "location.href", "globalThis", "function", "top")
"""Those of them that a module could do in another way than a classic script."""

IN_HEADER = {
    "refresh": ("Refresh", "0; url={out}/a"),
    "link": ("Link", "<{out}>; rel=preconnect, <{out}/a>; rel=preload; as=image"),
    "location": ("Location", " {out}/a"),
    "rules": ("Speculation-Rules", '"{out}/a"'),
    "report": ("Content-Security-Policy-Report-Only", "default-src 'none'; report-uri {out}/a"),
    "nel": ("Report-To", '{{"group": "default", "max_age": 9, "endpoints": [{{"url": "{out}/a"}}]}}'),
    "endpoints": ("Reporting-Endpoints", 'default="{out}/a"'),
    "elsewhere": ("Alt-Svc", 'h2="127.0.0.1:{port}"; ma=9'),
    "map": ("SourceMap", "{out}/a"),
}
"""In a header of the answer; `location` belongs to a redirect."""


def values(outside: Outside) -> dict[str, object]:
    """What stands for the place in every way."""
    return written_for(outside.url, outside.port)


def written_for(out: str, port: int, host: str = "nobody.invalid") -> dict[str, object]:
    """The same for a place at another address."""
    bare = out.removeprefix("http:")
    return {"out": out, "ws": f"ws:{bare}", "wt": f"https://127.0.0.1:{port}", "port": port, "host": host}


def pages(told: dict[str, object]) -> dict[str, str]:
    """The body of one page for each way but the headers'."""
    script = {name: text.format(**told) for name, text in IN_SCRIPT.items()}
    return (
        {f"html/{name}": text.format(**told) for name, text in IN_HTML.items()}
        | {f"script/{name}": f"<script>{text}</script>" for name, text in script.items()}
        | {f"module/{name}": f"<script type=module>{script[name]}</script>" for name in IN_MODULE}
    )
