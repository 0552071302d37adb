"""WARC records out and in; the only home of warcio, FastWARC and isal."""
