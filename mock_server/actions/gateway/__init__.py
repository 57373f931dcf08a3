"""One call through the gateway: identify the account, admit, execute, record."""
