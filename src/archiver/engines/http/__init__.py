"""Pages as the server sends them, captured without running them.

`engine` lends each `visit` its connections; the visit asks with `fetch` (libcurl) for the page and then for its
`requisites`.
"""

from archiver.engines.http.engine import HttpEngine

__all__ = ["HttpEngine"]
