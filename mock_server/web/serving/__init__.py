"""The ASGI side: protocol, fast path, response writer, wire damage."""
