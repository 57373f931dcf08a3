"""What `serve` and the Flask app behind it tell each other, by these names."""

# In the scope that `serve` gives Flask: a function that says when the client has hung up.
LEFT_AFTER_MS = "artqr_mock.left_after_ms"
# In the same: the feed that an answer of Flask goes on with, as a stream.
FEED = "artqr_mock.feed"
# In the Flask app's configuration: how `serve` answers calls.
SERVING = "ARTQR_SERVING"
