"""`python -m benchmarks.callback_receiver`: acknowledges callbacks after some ms, and counts them.

It prints its address, then a line each time that as many have come as a line of its input says.
"""

import asyncio
import sys

ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class _Receiving(asyncio.Protocol):
    """Takes one callback; its body comes in the same packet as its head or in the next one."""

    came = 0
    delay_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._data.endswith(b"}"):
            return
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self._answer)
        else:
            self._answer()

    def _answer(self) -> None:
        _Receiving.came += 1
        self._transport.write(ANSWER)
        self._transport.close()


async def _main(delay_s: float) -> None:
    _Receiving.delay_s = delay_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Receiving, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        while _Receiving.came < int(line):
            await asyncio.sleep(0.001)
        print("all", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) / 1000))
