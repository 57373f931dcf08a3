"""The readings that no answer to a call shows; a test changes each of them, and compares."""

from collections.abc import Mapping

# No answer shows them: the console does, or the vendor's messages. A test flips each of them.
UNSEEN: Mapping[str, str] = {
    "charge.polls": "only the console shows what was charged: give the credits left before and "
    "after with --balance",
    "packages.order": "only the console shows which package pays, and a probe buys no package",
    "notices.at_zero": "the vendor's notices go to the buyer, and a probe uses up no package",
    "throttle.retry_after": "a probe never provokes throttling",
}

# What the service calls shows them, and no answer to a call alone does; a test flips each of them.
CALLED_BACK = ("callback.delivery", "callback.on_failure", "callback.timing", "address.target",
               "address.login", "image.charset")  # fmt: skip
