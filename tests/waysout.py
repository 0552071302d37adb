"""Ways in which a page can reach the live web, each alone on a page, and a place on the live web that listens.

`{out}` is the place's address, `{ws}` the same for WebSockets, `{port}` its port (TCP and UDP).
"""

import socket
import threading


class Outside:
    """A place on the live web: notes every connection, before anything is asked for, and every UDP packet."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.port}"
        for listener in (self._connections, self._packets):
            threading.Thread(target=listener, daemon=True).start()

    def _connections(self) -> None:
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                try:
                    self.seen.append(connection.recv(200).decode("latin-1").partition("\r\n")[0])
                except OSError:
                    self.seen.append("connected")
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nout")

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
}
"""By a script."""

IN_MODULE = ("fetch", "import", "location", "location.href", "globalThis", "function", "top")
"""Those of them that a module could do in another way than a classic script."""

IN_HEADER = {
    "refresh": ("Refresh", "0; url={out}/a"),
    "link": ("Link", "<{out}>; rel=preconnect, <{out}/a>; rel=preload; as=image"),
    "location": ("Location", " {out}/a"),
    "rules": ("Speculation-Rules", '"{out}/a"'),
}
"""In a header of the answer; `location` belongs to a redirect."""


def pages(outside: Outside) -> dict[str, str]:
    """The body of one page for each way but the headers'."""
    values = {"out": outside.url, "ws": outside.url.replace("http", "ws"), "port": outside.port}
    script = {name: text.format(**values) for name, text in IN_SCRIPT.items()}
    return (
        {f"html/{name}": text.format(**values) for name, text in IN_HTML.items()}
        | {f"script/{name}": f"<script>{text}</script>" for name, text in script.items()}
        | {f"module/{name}": f"<script type=module>{script[name]}</script>" for name in IN_MODULE}
    )
