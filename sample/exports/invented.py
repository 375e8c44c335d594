"""Names, addresses, goods and remarks of nobody and nothing, and plainly so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_FAMILY: Final = ("김", "이", "박", "최", "정", "강", "조", "윤", "장", "임")
_GIVEN: Final = ("견본", "예시", "가상", "모형", "시범", "연습", "허구", "보기", "그림", "장난")
_GOODS: Final = (
    "지어낸 누비 가방",
    "=지어낸 세트(1+1)",
    "지어낸 들기름 300ml",
    "+지어낸 추가구성",
    "지어낸 손뜨개 모자, 겨울",
    "@지어낸 특가 쿠키",
    '지어낸 "두 겹" 담요',
    "-지어낸 할인 양말",
)
_OPTIONS: Final = ("색상=지어낸 남색", "크기=지어낸 중", "-", "=지어낸 선물포장")
_REMARKS: Final = (
    "지어낸 부탁: 문 앞에 놓아 주세요",
    "",
    "=HYPERLINK(지어낸 부탁)",
    "\t지어낸 부탁: 전화 먼저",
    "지어낸 부탁\n두 줄",
)


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist: a buyer, or who gets what was bought."""

    name: str
    phone: str
    address: str
    account: str

    @property
    def masked_name(self) -> str:
        """The name as shops mask it."""
        return f"{self.name[0]}*{self.name[2:]}"


def person(number: int) -> Person:
    """The invented person of a number; no such telephone exchange and no such street exists."""
    family = _FAMILY[number % len(_FAMILY)]
    given = _GIVEN[number // len(_FAMILY) % len(_GIVEN)]
    return Person(
        name=f"{family}{given}",
        phone=f"+82-10-0000-{number % 10_000:04d}",
        address=f"없는도 없는시 가상로 {number % 300 + 1}, {number % 40 + 101}동",
        account=f"견본손님{number}",
    )


def title(number: int) -> str:
    """Name of an invented product."""
    return f"{_GOODS[number % len(_GOODS)]} {number}호"


def option(number: int) -> str:
    """Words for an option of an invented product."""
    return _OPTIONS[number % len(_OPTIONS)]


def remark(number: int) -> str:
    """What an invented buyer asks of the carrier."""
    return _REMARKS[number % len(_REMARKS)]
