import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.errors import Refusal
from mock_server.domain.readings import Readings
from mock_server.domain.task.submissions import MAX_QR_BYTES, Submission, parse_submission

STYLES = {"food_fryrice", "pet_cat"}
GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
values = st.sampled_from(["", "food_fryrice", "pet_cat", "x"])
FIELDS = ["text", "qr_code_url", "style_id", "your_prompt", "call_back"]


def parsed(readings: Readings | None = None, /, **fields: str) -> Submission:
    return parse_submission(fields, STYLES, readings or Readings())


@pytest.mark.claim("text-wins")
def test_the_text_wins_over_the_source_image() -> None:
    submission = parsed(**GOOD, qr_code_url="http://example.com/qr.png")

    assert submission.content == "https://example.com"
    assert submission.qr_code_url is None


@pytest.mark.claim("style-wins")
def test_the_style_wins_over_the_custom_prompt() -> None:
    submission = parsed(**GOOD, your_prompt="a cat")

    assert (submission.style_id, submission.your_prompt) == ("food_fryrice", None)


@pytest.mark.claim("image-is-content")
def test_a_source_image_alone_leaves_the_content_to_it_or_is_the_content() -> None:
    fields = {"qr_code_url": "http://example.com/qr.png", "your_prompt": "a cat"}
    read = parsed(**fields)
    address = parsed(Readings(image_content="address"), **fields)

    assert (read.content, read.qr_code_url) == (None, "http://example.com/qr.png")
    assert address.content == address.qr_code_url == "http://example.com/qr.png"
    assert (read.text, read.style_id, read.your_prompt) == (None, None, "a cat")


@pytest.mark.claim("text-or-image")
def test_neither_text_nor_source_image_is_refused_naming_the_pair() -> None:
    with pytest.raises(Refusal, match="text和qr_code_url必须二选一"):
        parsed(style_id="food_fryrice")


@pytest.mark.claim("style-or-prompt")
def test_neither_style_nor_prompt_is_refused_naming_the_pair() -> None:
    with pytest.raises(Refusal, match="style_id和your_prompt必须二选一"):
        parsed(text="x")


@pytest.mark.claim("style-closed-list")
def test_an_unknown_style_is_refused_by_name_or_under_a_reading_accepted() -> None:
    with pytest.raises(Refusal, match="style_id不存在: Food_Fryrice"):
        parsed(text="x", style_id="Food_Fryrice")
    accepted = parsed(Readings(style_unknown="accepted"), text="x", style_id="new")

    assert accepted.style_id == "new"


def test_a_very_long_unknown_style_is_named_cut() -> None:
    with pytest.raises(Refusal) as refused:
        parsed(text="x", style_id="s" * 10_000)

    assert len(refused.value.remark) < 150


@pytest.mark.claim("style-wins")
def test_an_unknown_style_is_refused_even_beside_a_prompt() -> None:
    with pytest.raises(Refusal, match="style_id不存在"):
        parsed(text="x", style_id="new", your_prompt="a cat")


@pytest.mark.claim("text-advice")
def test_the_example_of_the_vendors_page_is_longer_than_its_own_advice_and_accepted() -> None:
    example = "https://www.showapi.com/apiGateway/view/3040/2?tab=2"

    assert len(example) > 35
    assert parsed(text=example, style_id="food_fryrice").content == example


@pytest.mark.claim("text-too-long")
@pytest.mark.parametrize("char", ["x", "码", "😀"])
def test_a_text_is_too_long_once_no_qr_code_can_hold_its_bytes(char: str) -> None:
    size = len(char.encode())
    fits = char * (MAX_QR_BYTES // size)

    assert parsed(text=fits, style_id="pet_cat").holdable
    with pytest.raises(Refusal, match="2953"):
        parsed(text=fits + char, style_id="pet_cat")


@pytest.mark.claim("text-too-long")
def test_under_a_reading_a_text_too_long_is_accepted_and_cannot_be_held() -> None:
    readings = Readings(text_too_long="task-fails")

    assert not parsed(readings, text="x" * 2954, style_id="pet_cat").holdable


@pytest.mark.claim("unknown-fields")
def test_unknown_fields_are_ignored() -> None:
    assert parsed(**GOOD, colour="red", Text="other") == parsed(**GOOD)


@pytest.mark.parametrize("name", [*FIELDS, "is_use_temp_short_link"])
def test_a_field_with_a_nul_is_refused_by_name(name: str) -> None:
    with pytest.raises(Refusal, match=f"参数{name}不合法"):
        parsed(**{**GOOD, name: "a\0b"})


@given(fields=st.dictionaries(st.sampled_from(FIELDS), values))
def test_a_submission_keeps_exactly_one_of_each_pair(fields: dict[str, str]) -> None:
    has_content = bool(fields.get("text") or fields.get("qr_code_url"))
    style = fields.get("style_id") or None
    has_style = style in STYLES if style else bool(fields.get("your_prompt"))

    try:
        submission = parsed(**fields)
    except Refusal:
        assert not (has_content and has_style)
        return
    assert has_content
    assert has_style
    assert (submission.text is None) != (submission.qr_code_url is None)
    assert (submission.style_id is None) != (submission.your_prompt is None)
    assert submission.content in (submission.text, submission.qr_code_url)
