"""What a code says that is not plain UTF-8: declared charsets, GB18030, control characters."""

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mock_server.delivery import qr_reader
from mock_server.delivery.qr_reader import read
from mock_server.domain.readings import Readings
from mock_server.domain.task.source_images import SourceError, judged
from tests.support.codes import code_png, png

NARROW = Readings(image_charset="utf-8-only")


CHINESE = ["http://a.cn/中文", "中", "测试：价格￥100", "http://a.cn/?名=值&b=二",
           "微信支付\r\n第二行", "汉字abc汉字", "あいう中", "Ω≈中"]  # fmt: skip
WIDER = [("㐀", "gb18030"), ("龥", "gbk"), ("简体繁體", "gbk"), ("𠀀中", "gb18030")]


@pytest.mark.claim("image-charset")
@pytest.mark.parametrize(("text", "codec"), [*((text, "gb2312") for text in CHINESE), *WIDER])
def test_a_code_in_gbk_says_what_phones_in_china_show(text: str, codec: str) -> None:
    found = read(code_png(text.encode(codec)))

    assert (found.content, found.charset) == (text, "GB18030")


@pytest.mark.claim("image-charset")
@pytest.mark.parametrize(
    ("eci", "codec", "charset"),
    [
        (1, "latin-1", "ISO-8859-1"), (3, "latin-1", "ISO-8859-1"), (4, "iso8859-2", "ISO-8859-2"),
        (9, "iso8859-7", "ISO-8859-7"), (20, "shift_jis", "Shift_JIS"),
        (22, "cp1251", "Windows-1251"), (26, "utf-8", "UTF-8"), (28, "big5", "Big5"),
        (29, "gb2312", "GB18030"), (30, "euc-kr", "EUC-KR"), (32, "gb18030", "GB18030"),
        (25, "utf-16-be", "UTF-16BE"),
    ],
)  # fmt: skip
def test_a_declared_charset_is_believed(eci: int, codec: str, charset: str) -> None:
    text = {"latin-1": "Zürich \\é\\000003", "iso8859-2": "Łódź", "iso8859-7": "Αθήνα",
            "cp1251": "Привет", "shift_jis": "日本語かな", "big5": "繁體中文", "euc-kr": "한국어"
            }.get(codec, "中\\文")  # fmt: skip
    found = read(code_png(text.encode(codec), eci))

    assert (found.content, found.charset) == (text, charset)


@pytest.mark.parametrize("eci", [899, 26, 20, 170])
def test_a_declaration_that_does_not_fit_the_bytes_is_no_end(eci: int) -> None:
    found = read(code_png("http://a.cn/中文".encode("gbk"), eci))

    assert found.content
    assert "\ufffd" not in found.content


@pytest.mark.claim("image-charset")
def test_the_kanji_mode_of_a_code_is_shift_jis() -> None:
    settings = cv2.QRCodeEncoder_Params()  # type: ignore[attr-defined]
    settings.mode = cv2.QRCodeEncoder_MODE_KANJI
    encoder = cv2.QRCodeEncoder_create(settings)  # type: ignore[attr-defined]
    modules = Image.fromarray(encoder.encode("日本語".encode("cp932")))
    page = Image.new("L", (modules.width + 8, modules.height + 8), 255)
    page.paste(modules, (4, 4))
    found = read(png(page.resize((page.width * 8, page.height * 8), Image.Resampling.NEAREST)))

    assert (found.content, found.charset) == ("日本語", "Shift_JIS")


@given(text=st.text(st.characters(max_codepoint=0x9F), min_size=1, max_size=40))
def test_control_characters_stay_themselves(text: str) -> None:
    assert read(code_png(text.encode())).content == text


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_utf_8_is_read_exactly_declared_or_not(text: str) -> None:
    for eci in (None, 26):
        found = read(code_png(text.encode(), eci))
        assert (found.content, found.charset) == (text, "UTF-8")


@given(raw=st.binary(min_size=1, max_size=60))
def test_any_bytes_are_read_exactly_or_refused_with_a_remark(raw: bytes) -> None:
    try:
        found = read(code_png(raw))
    except SourceError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said == "创作失败: qr_code_url二维码字符集不支持 (未知)"
        return
    codec = {"UTF-8": "utf-8", "GB18030": "gb18030", "Shift_JIS": "cp932"}[found.charset]
    assert (found.content or "").encode(codec) == raw


@pytest.mark.parametrize(
    ("raw", "eci", "named"),
    [("中文".encode("gbk"), None, "GB18030"), ("中文".encode("gbk"), 29, "GB18030"),
     ("繁體中文".encode("big5"), 28, "Big5")],
)  # fmt: skip
def test_by_the_reading_another_charset_is_refused_and_named(
    raw: bytes, eci: int | None, named: str
) -> None:
    found = read(code_png(raw, eci))

    assert judged(found, Readings()) is found
    assert judged(found, NARROW).content is None
    assert judged(found, NARROW).remark == f"创作失败: qr_code_url二维码字符集不支持 ({named})"
    assert judged(read(code_png("中文".encode(), 26)), NARROW).content == "中文"


@pytest.mark.parametrize(
    ("raw", "eci", "says", "charset"),
    [("中文".encode(), 26, "中文", "UTF-8"), ("中文".encode("gbk"), None, "中文", "GB18030"),
     ("中文".encode("gbk"), 29, "中文", "GB18030"),
     ("繁體中文".encode("big5"), 28, "繁體中文", "Big5"),
     ("Привет".encode("cp1251"), 22, "Привет", "Windows-1251"),
     (b"a\x1d\0b", None, "a\x1d\0b", "UTF-8")],
)  # fmt: skip
def test_a_reader_that_cannot_tell_declarations_is_believed_where_it_must_know_one(
    monkeypatch: pytest.MonkeyPatch, raw: bytes, eci: int | None, says: str, charset: str
) -> None:
    monkeypatch.setattr(qr_reader, "EXACT", "missing, as in zxing-cpp 2.2")
    found = read(code_png(raw, eci))

    assert (found.content, found.charset) == (says, charset)
