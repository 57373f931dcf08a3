"""One call through the gateway: identify, admit, carry out, record."""
