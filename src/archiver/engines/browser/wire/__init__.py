"""Wire mode: the bytes themselves, as they go to and from the sites.

The `tunnel` ends the browser's TLS, with a certificate of its own `authority`, begins another towards the site, and
reads along; `messages` splits what goes by into requests and answers; `recording` makes records of them.
"""

from archiver.engines.browser.wire.authority import Authority
from archiver.engines.browser.wire.recording import WireRecording
from archiver.engines.browser.wire.tunnel import WireTunnel, trusting

CODINGS = "gzip, deflate, br"
"""What the browser may offer to take: replay tools know no other coding, such as zstd."""

__all__ = ["CODINGS", "Authority", "WireRecording", "WireTunnel", "trusting"]
