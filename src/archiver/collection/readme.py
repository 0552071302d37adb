"""The README.txt that stands in every collection: what the folder is and how to read it without us."""

README = """\
This folder is a collection of archived web pages, made with Archiver.
It can be read without Archiver; everything in it is in open formats.

archive/     WARC files (ISO 28500), gzip member by member. One capture of one page is one file,
             archive/YYYY/MM/DD/<capture-id>.warc.gz; files made by others are under archive/imported/.
             Beside the page and all it loaded, a file holds screenshots (urn:view, urn:fullPage,
             urn:thumbnail), the text as rendered (urn:text), the article's own paragraphs (urn:article)
             and a log of every request (urn:pageinfo).
sidecars/    One JSON document per capture that says what it is: when and from where it was captured,
             whether it really is the article, headline, authors, dates, and where each value comes from.
             Revisions are never changed; the current one is named in no other's "parents".
schemas/     JSON Schemas that explain every field of the sidecars, the ledger and collection/.
collection/  Title, description and rights of the collection, in revisions too.
erasures/    Who had a capture erased, when and on what ground; what was erased is nowhere here any more.
losses/      Who stated that files are lost, of which no whole copy is known any more, and why.
access/      Who may see what: one rule a file, never changed; "replaces" names those that do not count any
             more. Of the others that reach a capture, the strictest counts.
ledger/      One JSON line per event. Each names the files it brought in with their SHA-256 digests;
             each segment of lines names the digest of the one before. A file that no line names does
             not belong to the collection.
proofs/      Signed statements about the ledger: <x>.statement.json names the last segments with their
             digests, <x>.<key>.sig is its Ed25519 signature, <x>.<y>.tsr a time stamp (RFC 3161) over
             both, keys/<key>.pem the key. `openssl pkeyutl -verify -pubin -inkey KEY -rawin
             -in STATEMENT -sigfile SIG` checks the one, `openssl ts -verify` the other.
indexes/     CDXJ lines (URL key, time, position in the WARC files) for replay; can be made again.
derived/     Caches; may be deleted at any time.

To replay the pages: `pip install pywb`, put this folder under a folder named "collections", run `wayback`
in the folder above that, and open http://localhost:8080/. The layout is pywb's own.
To check the files: compare `sha256sum` of each file with the ledger's lines.
"""
