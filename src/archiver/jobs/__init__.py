"""Many pages, on one machine or several: what is to be captured, by whom, and what becomes of it.

`queue` is the truth of that, a SQLite file that outlives every process; `run` works it off with a crew of `threads`
or a Dask `cluster` (whose machines run `worker`); `retry` says which pages are tried again, and when.
"""
