"""Pages on which a person can look at both CRMs: plain HTML from the server, no script."""
