"""An invented wartime newspaper, served on this machine: what tests and the demo capture.

    with Newsroom() as site:
        capture(site.article, ca_file=site.ca_file)
        assert site.log()[0].url == site.article

It answers over http (HTTP/1.1) and https (HTTP/2 and HTTP/1.1, certificate of its own authority), on free ports
of 127.0.0.1. Its origins are names under `.localhost`, which curl and browsers resolve by themselves
(RFC 6761 §6.3): `news` the pages, `cdn` pictures, styles and font, `video` the film, `api` JSON and POST with CORS,
`frames` the foreign frame, `tricks` one difficulty per page (`Newsroom.trick`), `broken` connections that end badly.

Elements of an article page that tests compare between the live page and its replay. Those marked * are filled in by
script: they carry `data-state="waiting"` in the HTML sent, and `data-state="ready"` once they are complete.

    #headline  #correction          the headline; the note that only the corrected edition has
    #published  #modified           <time> elements; the feed below has dates of its own
    #reading-time                   as told by the newsroom
    #membership-count *             JSON from `api`; it rises when the correction is published
    #word-count *                   computed in a dedicated worker, which fetches from `api` itself
    #pressure-chart *               drawn by a chunk that an ES module imports dynamically, from JSON of `api`
    #comments-list *                POST with a JSON body to `api` (its CORS preflight goes first)
    #position-saved *               POST with a binary body to `api`: length and digest that the server saw
    #story-video                    VP9 in MP4, 6 seconds, 640x360, ranges; poster of its own
    #related-card                   a related story inside the text
    #author-box                     avatar, role, biography, "Read more"
    #gallery img                    two `loading=lazy` with srcset, two with data-src and an IntersectionObserver
    #redirected-picture             302, then 301, then the picture
    #member-plan                    answered only to those who bring the cookie that the article set
    #press-card                     an image that is 404
    #hours-frame  #map-frame        same-origin and cross-site iframe
    #feed-items  #show-more         one item of a later day in the HTML; three clicks load 3, 3 and 1 more items,
                                    then the button is removed

Besides: sendBeacon, a service worker that nothing waits for, CSS background images, a web font, <picture> with WebP,
chunked and gzip answers, favicon, JSON-LD and Open Graph.
"""

from newsroom.served import Served
from newsroom.server import Newsroom

__all__ = ["Newsroom", "Served"]
