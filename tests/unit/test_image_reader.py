"""Source images are read in a process of its own, which is ended when one costs too much."""

import contextlib
import io
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from mock_server.delivery.image_reader import ImageReader, ReaderStoppedError
from mock_server.domain.task.source_images import MAX_SIDE, SourceError, SourceRead
from tests.support.codes import code_png, png

GOOD = code_png(b"hello")


@pytest.fixture
def reader() -> Iterator[ImageReader]:
    built = ImageReader()
    yield built
    built.close()


def one_bit(width: int, height: int) -> bytes:
    """Return a small PNG file of many pixels."""
    row = bytes(1 + (width + 7) // 8)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b"")):
        parts += [struct.pack(">I", len(body)), name, body]
        parts += [struct.pack(">I", zlib.crc32(name + body))]
    return b"".join(parts)


def finder_patterns(count: int) -> bytes:
    """Return a wall of the corner squares of QR codes."""
    square = Image.new("1", (8, 8), 1)
    square.paste(Image.new("1", (7, 7), 0), (0, 0))
    square.paste(Image.new("1", (5, 5), 1), (1, 1))
    square.paste(Image.new("1", (3, 3), 0), (2, 2))
    wall = Image.new("1", (count * 8, count * 8))
    for place in range(count * count):
        wall.paste(square, (place % count * 8, place // count * 8))
    return png(wall)


def scans(count: int, *, marker: bytes = b"") -> bytes:
    """Return a JPEG file of so many passes, with a marker after its beginning."""
    out = io.BytesIO()
    Image.new("L", (2000, 2000), "white").save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:2] + marker + whole[2:last] + whole[last:-2] * count + whole[-2:]


def mpf_marker() -> bytes:
    """Return the marker of a JPEG file that holds several pictures."""
    out = io.BytesIO()
    tiny = Image.new("L", (8, 8))
    tiny.save(out, "MPO", save_all=True, append_images=[tiny])
    whole = out.getvalue()
    start = whole.index(b"\xff\xe2")
    return whole[start : start + 2 + int.from_bytes(whole[start + 2 : start + 4])]


def remark(reader: ImageReader, content: bytes) -> str:
    try:
        found = reader.read(content)
    except SourceError as error:
        found = error.read
    assert found.content is None
    return found.remark or ""


def test_no_process_starts_before_the_first_image(reader: ImageReader) -> None:
    assert reader._process is None
    assert reader.read(GOOD) == SourceRead(content="hello")
    assert reader._process is not None


@pytest.mark.claim("image-limits")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (one_bit(1, 25_000_000), "图片过大 (1x25000000)"),
        (one_bit(25_000_000, 1), "图片过大 (25000000x1)"),
        (one_bit(MAX_SIDE + 1, 1), "图片过大"),
        (one_bit(1, MAX_SIDE), "没有二维码"),
        (one_bit(5001, 5000), "图片过大 (5001x5000)"),
        (scans(200), "图片过大 (20"),
        (scans(200, marker=mpf_marker()), "图片过大 (20"),
        (b"", "不是PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 1000, "不是PNG"),
        (GOOD[: len(GOOD) // 2], "不是PNG"),
    ],
    ids=["narrow", "wide", "side", "longest", "pixels", "scans", "mpf", "empty", "torn", "half"],
)
def test_what_cannot_be_read_is_refused_and_the_process_lives_on(
    reader: ImageReader, content: bytes, says: str
) -> None:
    reader.read(GOOD)
    before = reader._process

    assert says in remark(reader, content)
    assert (reader.read(GOOD).content, reader._process) == ("hello", before)


@pytest.mark.slow
@pytest.mark.claim("image-limits")
@pytest.mark.skipif(sys.platform == "win32", reason="no timer of processor time there")
def test_an_image_that_takes_too_much_time_ends_the_process_and_the_next_has_another(
    monkeypatch: pytest.MonkeyPatch, reader: ImageReader
) -> None:
    monkeypatch.setattr(reader, "_cpu_s", 0.3)
    reader.read(GOOD)
    before = reader._process

    with pytest.raises(SourceError, match=r"qr_code_url图片无法处理$") as caught:
        reader.read(finder_patterns(400))

    assert "took more than" in (caught.value.reason or "")
    assert reader.read(GOOD).content == "hello"
    assert reader._process is not before


def test_several_at_once_are_read_one_after_the_other(reader: ImageReader) -> None:
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(reader.read(code_png(b"%d" % n)).content))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found, key=str) == [str(n) for n in range(6)]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_read(reader: ImageReader, kind: str) -> None:
    first = Image.open(io.BytesIO(GOOD)).convert("RGB")
    out = io.BytesIO()
    first.save(out, kind, save_all=True, append_images=[Image.new("RGB", first.size)] * 200)

    assert reader.read(out.getvalue()).content == "hello"


def test_sixteen_bits_a_pixel_are_read(reader: ImageReader) -> None:
    picture = Image.open(io.BytesIO(GOOD))
    wide = b"".join(value.to_bytes(2, "little") for value in picture.tobytes())
    deep = Image.frombytes("I;16", picture.size, wide).point(lambda value: value * 257)

    assert reader.read(png(deep)).content == "hello"


def test_a_process_that_has_ended_by_itself_is_replaced(reader: ImageReader) -> None:
    reader.read(GOOD)
    assert reader._process is not None
    reader._process.kill()

    assert reader.read(GOOD).content == "hello"


def test_after_the_end_nothing_is_read_and_nothing_runs(reader: ImageReader) -> None:
    reader.read(GOOD)
    process = reader._process
    reader.close()

    assert process is not None
    assert process.poll() is not None
    with pytest.raises(ReaderStoppedError):
        reader.read(GOOD)


@pytest.mark.slow
def test_closing_ends_what_is_being_read(
    reader: ImageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.read(GOOD)
    process = reader._process
    assert process is not None
    if hasattr(signal, "SIGSTOP"):
        process.send_signal(signal.SIGSTOP)
    ended: list[Exception] = []
    asked = threading.Event()
    ask = reader._ask

    def asking(process: subprocess.Popen[bytes], content: bytes) -> SourceRead | None:
        asked.set()
        return ask(process, content)

    def read() -> None:
        try:
            reader.read(finder_patterns(400))
        except (SourceError, ReaderStoppedError) as error:
            ended.append(error)

    monkeypatch.setattr(reader, "_ask", asking)
    thread = threading.Thread(target=read)
    thread.start()
    asked.wait()
    reader.close()
    thread.join()

    assert [type(each) for each in ended] == [ReaderStoppedError]


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for another's child")
def test_the_process_ends_with_the_server_even_if_that_is_killed() -> None:
    program = (
        "import sys; from mock_server.delivery.image_reader import ImageReader\n"
        "reader = ImageReader(); reader.read(sys.stdin.buffer.read())\n"
        "print(reader._process.pid, flush=True)\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], input=GOOD, capture_output=True, check=False
    )
    pid = int(out.stdout)

    assert out.returncode == -signal.SIGKILL
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        ended, _, _ = select.select([os.pidfd_open(pid)], [], [], 20)
        assert ended


def test_the_process_gets_no_setting_of_ours(
    reader: ImageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTQR_MOCK_TOKEN", "s3cret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")

    assert reader.read(GOOD).content == "hello"
    if sys.platform == "linux":
        assert reader._process is not None
        with open(f"/proc/{reader._process.pid}/environ", "rb") as file:
            assert b"s3cret" not in file.read()
