"""One folder is one collection: its layout, its commit, its index levels. The sole writer."""
