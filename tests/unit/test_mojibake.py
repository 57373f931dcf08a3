"""Text that was encoded twice is recognised; text that only looks odd is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.findings.mojibake import meant_by
from tests.support.requests import JSON, page, submit, with_text

WINDOWS_HAS_NONE = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


def as_windows(raw: bytes) -> str:
    """Read bytes as Windows does."""
    return "".join(chr(each) if each in WINDOWS_HAS_NONE else bytes([each]).decode("cp1252")
                   for each in raw)  # fmt: skip


# The first level of GB 2312.
COMMON = "".join(bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xD7)
                 for cell in range(0xA1, 0xFF))  # fmt: skip
MEANT = [
    "二维码", "码", "café", "Zürich – “Straße”", "https://例え.jp/?q=二维码", "привет", "χαίρε",
    "👍", "It’s", "£5", "Łódź", "a lighthouse in a storm — 油画",
]  # fmt: skip


@pytest.mark.parametrize("meant", MEANT)
def test_utf8_that_was_read_as_another_charset_is_recognised(meant: str) -> None:
    raw = meant.encode()

    assert meant_by(raw.decode("latin-1")) == meant
    assert meant_by(as_windows(raw)) == meant


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ("äºŒç»´ç\xa0", "二维…"), ("äºŒç»´ç\xa0?", "二维…?"), ("äºŒç»´ç\xa0\ufffd", "二维…?"),
        ("äºŒç»´ç\xa0\x81, 油画", "二维码, ??"),
    ],
)  # fmt: skip
def test_what_was_lost_besides_hides_nothing(broken: str, meant: str) -> None:
    assert meant_by(broken) == meant


@pytest.mark.parametrize("meant", ["二维码扫一扫", "欢迎光临, 请扫码", "https://二维码.cn/"])
def test_utf8_that_was_read_as_gbk_is_recognised(meant: str) -> None:
    broken = meant.encode().decode("gbk", "replace")

    found = meant_by(broken)

    assert found is not None
    assert found.endswith("…")
    assert found[:-1] in meant


@pytest.mark.parametrize(
    ("meant", "around"), [("你好", "{}"), ("欢迎", "{}!"), ("你好", "https://e.co/{}?a=1")]
)
def test_two_common_characters_that_were_read_as_gbk_are_recognised(
    meant: str, around: str
) -> None:
    assert meant_by(around.format(meant.encode().decode("gbk"))) == meant


@pytest.mark.parametrize("meant", ["привет", "Скидка 20 %", "二维码扫码", "ёлка — 5 €", "你好"])
def test_utf8_that_was_read_as_cyrillic_windows_does_is_recognised(meant: str) -> None:
    assert meant_by(meant.encode().decode("cp1251")) == meant


@pytest.mark.parametrize(
    "text",
    [
        "café", "ä", "Ä", "ÄÖÜ äöü ß", "à propos", "À\xa0propos", "«\xa0déjà vu\xa0»", "“café…”",
        "‘naïve’", "NESTLÉ®", "ESPAÑ®", "MENÜ™", "MARCHÉ»", "CAFÉ°", "São Paulo", "AMANHÃ", "50 €",
        "10 £", "20 °C", "½ ¼", "naïve résumé", "Ångström µm", "l’été…", "Łódź", "привет", "χαίρε",
        "שלום", "مرحبا", "👍🏽", "二维码", "欢迎光临本店", "联通", "码", "微信扫一扫", "龘靐齉",
        "こんにちは", "안녕하세요", "浣熊", "浣熊猫", "浜松市", "鎌倉市", "鏡開き", "東京都",
        "謝謝你", "鑫淼焱", "Всё её", "ЁЖИК", "Київ — її", "РІК", "НІ, ВІЙ", "«Ёлка»", "Србија",
        "Њ№",
        "™", "Ã", "â", "�", "",
    ],
)  # fmt: skip
def test_text_that_is_encoded_once_is_not_reported(text: str) -> None:
    assert meant_by(text) is None


@given(text=st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1))
def test_all_chinese_is_recognised_when_it_was_read_as_windows_does(text: str) -> None:
    assert meant_by(as_windows(text.encode())) == text


@given(text=st.text(alphabet="éèêëàâäôöûüùçñãõåæøßÉÈÀÄÖÜÇÑÅ aeiou'-,.!", max_size=40))
def test_western_letters_are_never_taken_for_broken(text: str) -> None:
    assert meant_by(text) is None


@given(
    text=st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюяЁАВЕКРСТіїєґІЇЄҐ «»—№,.!", max_size=40)
)
def test_cyrillic_is_never_taken_for_broken(text: str) -> None:
    assert meant_by(text) is None


@given(text=st.text(alphabet=COMMON, min_size=1, max_size=4))
def test_common_chinese_is_never_taken_for_broken(text: str) -> None:
    assert meant_by(text) is None


@given(text=st.text())
def test_any_text_is_answered(text: str) -> None:
    meant_by(text)


def test_each_misspelt_field_is_reported_with_the_right_name() -> None:
    broken = "äºŒç»´ç\xa0\x81"

    hits = submit(f"text={broken}&your_prompt=caf%C3%83%C2%A9").hits

    assert [(hit.id, hit.at, hit.hint) for hit in hits] == [
        ("mojibake", "/body/text", "二维码"), ("mojibake", "/body/your_prompt", "café"),
    ]  # fmt: skip
    assert "mojibake" in [
        hit.id for hit in submit(f'{{"text": "{broken}", "style_id": "pet_cat"}}', JSON).hits
    ]
    assert page("page=1").hits == with_text("café").hits == []
