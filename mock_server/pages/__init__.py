"""Pages for a browser: one look and one set of parts, for reports and the server's own pages."""
