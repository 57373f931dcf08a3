"""The wire. Both doors only translate between HTTP and the actions."""
