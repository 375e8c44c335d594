"""11st: order list, its header in the sixth row, stacked pages with the header in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from sample.exports.cells import Amount, Cell, Digits, Moment
from sample.exports.draft import Draft
from sample.exports.lines import Line, Stage
from sample.exports.pages import Page
from sample.exports.told import Telling, figures, told
from scoring.intake.formats.declarations import FormatName

_STATUS = {
    Stage.UNPAID: ("입금대기중", ""),
    Stage.PAID: ("결제완료", ""),
    Stage.SENT: ("배송중", ""),
    Stage.DELIVERED: ("배송완료", ""),
    Stage.DECIDED: ("구매확정", ""),
    Stage.ASKED: ("배송완료", "반품신청"),
    Stage.WITHDRAWN: ("배송완료", "취소철회"),
    Stage.CANCELLED: ("결제완료", "취소완료"),
    Stage.RETURNED: ("배송완료", "반품완료"),
}
_CAUSES = {"seller": "판매자귀책", "buyer": "구매자귀책", "platform": "택배사귀책"}
_HEADER = (
    *("No.", "주문상태", "클레임상태", "주문번호", "주문순번", "배송번호", "주문일시", "결제일시"),
    *("상품번호", "상품명", "옵션", "수량", "판매단가", "주문금액", "판매자기본할인금액"),
    *("서비스이용료", "정산예정금액", "배송비", "발송처리일", "배송완료일", "구매확정일"),
    *("취소완료일", "반품완료일", "귀책", "구매자", "구매자ID", "수취인", "휴대폰번호", "주소"),
    "배송메시지",
)
_PAGE_LENGTH = 40


def order_list(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """The order list of a day, with the days and causes of cancellations and returns."""
    shipping = {
        order: sum(line.shipping for line in own)
        for order, own in groupby(lines, key=lambda line: line.order)
    }
    rows: list[Sequence[Cell]] = []
    for number, line in enumerate(lines, start=1):
        rows.append(_row(number, line, shipping[line.order], on))
        if number % _PAGE_LENGTH == 0:
            rows.append(_HEADER)
    page = Page(
        header=_HEADER,
        rows=rows,
        titles=[("발송내역",), (f"조회기간 ~ {on}",), ("지어낸 가게",), ("",), ("※ 지어낸 안내",)],
        totals=[("합계", *[None] * 10, sum(line.quantity for line in lines))],
    )
    telling = Telling(
        channel=lambda line: "elevenst",
        order_line=lambda line: f"{line.order}-{line.number}",
        buyer=lambda line: line.buyer.account,
        fee=True,
        shipping=True,
        claim_days=True,
        causes=True,
    )
    truth = told(lines, telling, founder=founder, on=on, last_day=page.last_day)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.ELEVENST,
        founder=founder,
        truth=truth,
        expected=figures(truth, rows=page.rows_below_header),
        about=f"Order list as of {on}: header in row 6 and again every forty rows, a total at "
        "the foot, cancellations and returns with their own days.",
    )


def _row(number: int, line: Line, shipping: int, on: date) -> list[Cell]:
    stage = line.stage(on)
    status, claim = _STATUS[stage]
    is_back = stage in (Stage.CANCELLED, Stage.RETURNED)
    return [
        *(number, status, claim, Digits(line.order), line.number, Digits(f"3{line.order}")),
        *(Moment(line.ordered_at), _moment(line.by(line.paid_on, on)), str(line.product)),
        *(line.title, line.option, line.quantity, Amount(line.unit_price), Amount(line.gross)),
        *(Amount(line.discount), Amount(line.fee), Amount(line.net - line.fee), Amount(shipping)),
        *map(_moment, (line.sent_by(on), line.delivered_by(on), line.decided_by(on))),
        _moment(line.refunded_on if stage is Stage.CANCELLED else None),
        _moment(line.refunded_on if stage is Stage.RETURNED else None),
        _CAUSES[line.cause] if is_back else "",
        *(line.buyer.name, line.buyer.account, line.recipient.name, line.recipient.phone),
        *(line.recipient.address, line.remark),
    ]


def _moment(day: date | None) -> Cell:
    return None if day is None else Moment(day)
