"""The fields of a submit: the vendor's precedence rules and its refusals.

Rule 1: a submit needs text or source image; `text` wins (claims text-or-image, text-wins).
Rule 2: a submit needs style or custom prompt; `style_id` wins (claims style-or-prompt, style-wins).
Rule 3: a text over 35 characters gets advice, not an error (claim text-advice). The service refuses
a text that no QR code can hold (claim text-too-long) and an unlisted style (claim
style-closed-list).
Rule 4: unknown fields are ignored (claim unknown-fields).
"""

from collections.abc import Container

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.bodies import Fields, text_field
from mock_server.domain.call.errors import Refusal
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass
from mock_server.domain.task.short_links import is_shortened
from mock_server.domain.urls import is_address

# The largest QR code, version 40 at level L, holds this many bytes (ISO/IEC 18004).
MAX_QR_BYTES = 2953
ACCEPTED = "提交成功!"
TOO_LONG_REMARK = "创作失败: 内容过长"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submit that the service accepts.

    `content`: what the picture will encode; None: the source image decides. `short_link`: the
    picture encodes a short link to the content.
    """

    content: str | None
    text: str | None
    qr_code_url: str | None
    style_id: str | None
    your_prompt: str | None
    call_back: str | None
    short_link: bool = False

    @property
    def holdable(self) -> bool:
        """Whether a QR code can hold the content; True while the content is unknown."""
        return self.content is None or self.short_link or is_holdable(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a submit asks for once its precedence is applied: of text and image, and of style and
    prompt, at most one is not None.
    """

    text: str | None
    qr_code_url: str | None
    style_id: str | None
    your_prompt: str | None


def wanted(fields: Fields) -> Wanted:
    """Return what a submit asks for, valid or not. Raises Refusal for a field that is no text."""
    text = text_field(fields, "text")
    image = text_field(fields, "qr_code_url")
    style = text_field(fields, "style_id")
    prompt = text_field(fields, "your_prompt")
    return Wanted(
        text=text, qr_code_url=None if text else image,
        style_id=style, your_prompt=None if style else prompt,
    )  # fmt: skip


def is_holdable(content: str) -> bool:
    """Whether a QR code can hold a text."""
    return len(content.encode()) <= MAX_QR_BYTES


def parse_submission(fields: Fields, styles: Container[str], readings: Readings) -> Submission:
    """Return the submission that the fields of a submit ask for. Raises Refusal."""
    asked = wanted(fields)
    text, image, style = asked.text, asked.qr_code_url, asked.style_id
    call_back = text_field(fields, "call_back")
    flag = text_field(fields, "is_use_temp_short_link")
    if flag not in (None, "0", "1") and readings.short_link_flag == "strict":
        raise Refusal(  # claim short-link-flag
            "参数is_use_temp_short_link不合法: 0或1", rule=AnswerRule.SHORT_LINK_FLAG
        )
    # claim image-is-content
    content = text if text or readings.image_content == "decoded" else image
    if text is None and image is None:
        raise Refusal("text和qr_code_url必须二选一", rule=AnswerRule.CONTENT_MISSING)
    _check_addresses(text, call_back, readings)
    if style is None and asked.your_prompt is None:
        raise Refusal("style_id和your_prompt必须二选一", rule=AnswerRule.STYLE_MISSING)
    if style is not None and style not in styles and readings.style_unknown == "refused":
        raise Refusal(f"style_id不存在: {style[:100]}", rule=AnswerRule.STYLE_UNKNOWN)
    submission = Submission(
        content=content,
        text=text,
        qr_code_url=image,
        style_id=style,
        your_prompt=asked.your_prompt,
        call_back=call_back,
        short_link=flag == "1" and is_shortened(text),
    )
    if not submission.holdable and readings.text_too_long == "refused":
        size = len((content or "").encode())
        raise Refusal(
            f"内容过长: 二维码最多容纳{MAX_QR_BYTES}字节, 收到{size}字节",
            rule=AnswerRule.TEXT_TOO_LONG,
        )
    return submission


def _check_addresses(text: str | None, call_back: str | None, readings: Readings) -> None:
    """Check what must be an address under the readings. Raises Refusal."""
    if text and readings.text_not_url == "refused" and not is_address(text):
        raise Refusal(  # claim text-any
            "参数text不合法: 必须是URL", rule=AnswerRule.TEXT_NOT_ADDRESS
        )
    if call_back and readings.callback_address == "refused" and not is_address(call_back):
        raise Refusal(  # claim callback-address
            "参数call_back不合法: 必须是HTTP地址", rule=AnswerRule.CALLBACK_NOT_ADDRESS
        )
