"""The currency of each row's amounts: stated by a column, a header or a sign, never by a guess."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from scoring.base.errors import FileError, SeveralCurrenciesError
from scoring.base.money import one_currency
from scoring.intake.formats.cell_values import each
from scoring.intake.formats.currency_signs import currencies_of, parted
from scoring.intake.formats.declarations import Format
from scoring.intake.formats.tables import UNIT, Table

_BETWEEN = "\x1f"


def row_currencies(
    table: Table,
    rows: pd.DataFrame,
    amounts: Sequence[str],
    *,
    stated: pd.Series[str] | None = None,
) -> pd.Series[str]:
    """The currency of each row: by its own column, its amounts' header or sign, or the default.

    Args:
        table: that the rows are of.
        rows: cells as written, index = row of the file.
        amounts: fields of money; those that the file doesn't have are passed over.
        stated: what the column of currencies says, where it was filled in from other rows.

    Raises:
        FileError: a sign may mean several currencies and nothing says which, or what a row says
            of its currency contradicts itself.
    """
    names = [name for name in amounts if name in rows]
    if stated is None:
        stated = rows["currency"] if "currency" in rows else _nothing(rows)
    signs = _nothing(rows)
    for name in names:
        signs = signs + _BETWEEN + each(rows[name], _signs)
    said = pd.DataFrame({"stated": stated, "signs": signs})
    rule = _Rule(table, names, _of_headers(table, names))
    known = {
        (one["stated"], one["signs"]): rule.currency(int(str(row)), one["stated"], one["signs"])
        for row, one in said.drop_duplicates().iterrows()
    }
    pairs = zip(said["stated"], said["signs"], strict=True)
    return pd.Series([known[pair] for pair in pairs], index=rows.index, dtype="str")


def tells_currency(table: Table, rows: pd.DataFrame, amounts: Sequence[str]) -> bool:
    """Whether anything in the file says what its amounts are in."""
    names = [name for name in amounts if name in rows]
    signs = any((each(rows[name], _signs) != "").any() for name in names)
    return "currency" in rows or signs or _of_headers(table, names) is not None


def default_currency(format_: Format) -> str:
    """What amounts are in where the file does not say."""
    return format_.defaults["currency"]


def require_one_currency(
    table: Table, currencies: pd.Series[str], groups: pd.Series[str], what: str
) -> None:
    """Refuse rows that belong together and are in several currencies.

    Args:
        table: that the rows are of.
        currencies: of each row, index = row of the file.
        groups: what each row belongs to.
        what: such as `loan`, for the message.

    Raises:
        FileError: names the first row that is in another currency than one above it.
    """
    first = currencies.groupby(groups).transform("first")
    others = currencies[currencies != first]
    if len(others):
        row = others.index[0]
        try:
            one_currency((first[row], others[row]))
        except SeveralCurrenciesError as error:
            raise FileError(
                table.file.name,
                f"is of a {what} whose amounts are in {' and in '.join(error.codes)}",
                row=int(str(row)),
                column=table.used.get("currency"),
                further=len(others) - 1,
            ) from error


@dataclass(frozen=True)
class _Rule:
    table: Table
    amounts: Sequence[str]
    of_headers: str | None

    def currency(self, row: int, stated: str, signs: str) -> str:
        """The one currency of a row, by all that it and its headers say."""
        default = default_currency(self.table.format)
        code = self._stated(row, stated) or self.of_headers
        written = dict(zip(self.amounts, signs.split(_BETWEEN)[1:], strict=True))
        for name, cell in written.items():
            for sign in filter(None, cell.split(" ")):
                meant = currencies_of(sign)
                code = self._narrowed(row, name, sign, meant, code, default)
        return code or default

    def _stated(self, row: int, stated: str) -> str | None:
        if stated in {"", "-"}:
            return None
        meant = currencies_of(stated)
        if not meant:
            return stated.upper()  # the form refuses it in its place
        return self._narrowed(
            row, "currency", stated, meant, None, default_currency(self.table.format)
        )

    def _narrowed(
        self,
        row: int,
        name: str,
        sign: str,
        meant: Collection[str],
        code: str | None,
        default: str,
    ) -> str:
        if not meant:
            raise self._refused(row, name, f"{sign} is the sign of no currency that is known")
        if code is not None:
            if code not in meant:
                raise self._refused(row, name, f"is written with {sign}, and is said to be {code}")
            return code
        if len(meant) == 1:
            return next(iter(meant))
        if default in meant:
            return default
        some = ", ".join(sorted(meant, key=_best_known)[:4])
        raise self._refused(
            row,
            name,
            f"is written with {sign}, which may mean {some}{' and others' * (len(meant) > 4)}, "
            f"and {self.table.format.name} files are in {default} where they don't say",
        )

    def _refused(self, row: int, name: str, problem: str) -> FileError:
        format_ = self.table.format.name
        return FileError(
            self.table.file.name,
            problem,
            row=row,
            column=self.table.used[name],
            remedy="Write the currency's code beside the amounts or into their header, such as "
            f"(USD), or say it for all such files in formats.toml: [{format_}.defaults] "
            'currency = "USD".',
        )


def _of_headers(table: Table, names: Sequence[str]) -> str | None:
    """The currency that the headers of amounts name, such as 상품구매금액(KRW)."""
    units = [UNIT.search(table.used[name].replace(" ", "").casefold()) for name in names]
    codes = [code for unit in units if unit for code in currencies_of(unit[1]) if len(unit[1]) > 1]
    try:
        return one_currency(codes)
    except SeveralCurrenciesError as error:
        raise FileError(
            table.file.name,
            f"has amounts in {' and in '.join(error.codes)}, by its headers",
            row=table.header_row,
            remedy="Leave out the columns of one currency and import it again.",
        ) from error


def _best_known(code: str) -> tuple[bool, str]:
    return code not in {"USD", "GBP"}, code


def _signs(cell: str) -> str:
    amount = parted(cell)
    if amount is None:
        return ""
    return " ".join(sign for sign in amount.signs if currencies_of(sign) or "$" in sign)


def _nothing(rows: pd.DataFrame) -> pd.Series[str]:
    return pd.Series("", index=rows.index, dtype="str")
