"""What figures of cost are shown in, credits or dollars: the same choice for everything that a person sees.

An amount is in the unit that it is written in: a cost in dollars times what a dollar is in that unit. Exports, the API
and the live stream have both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Unit:
    """`word` heads a column or begins a label; `sign` stands before each figure, `noun` behind it in a sentence."""

    name: str
    word: str
    sign: str
    noun: str
    total_places: int
    fine_places: int
    per_dollar: Decimal  # what a dollar is

    def of(self, cost: Decimal) -> Decimal:
        """The amount of a cost in dollars."""
        return cost * self.per_dollar

    @property
    def used(self) -> str:
        """Over the figure of a card."""
        return self.word if self.sign else f"{self.word} used"

    def total(self, amount: Decimal | int) -> str:
        """As totals are shown, halves up: 1,234 or $12.34."""
        return self.written(Decimal(amount), self.total_places)

    def fine(self, amount: Decimal) -> str:
        """As a single call is shown: 24.9 or $0.2490."""
        return self.written(amount, self.fine_places)

    def some(self, amount: Decimal) -> str:
        """The one or the other, by how much it is: a total of little would show nothing."""
        many = self.written(amount, self.total_places)
        return many if abs(amount) >= FEW[self.name] else self.fine(amount)

    def counted(self, text: str) -> str:
        """`1,234 credits` or `$12.34`."""
        return f"{text} {self.noun}".rstrip()

    def rounded(self, amount: Decimal) -> Decimal:
        """To what a total shows of it."""
        return amount.quantize(Decimal(1).scaleb(-self.total_places), ROUND_HALF_UP)

    def written(self, amount: Decimal, places: int) -> str:
        rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        minus = "-" if rounded < 0 else ""
        return f"{minus}{self.sign}{abs(rounded):,}"


CREDITS = Unit("credits", "Credits", "", "credits", total_places=0, fine_places=1, per_dollar=Decimal(100))
DOLLARS = Unit("dollars", "Cost", "$", "", total_places=2, fine_places=4, per_dollar=Decimal(1))
FEW = {"credits": Decimal(100), "dollars": Decimal("0.1")}


def unit_of(name: str, credits_per_dollar: Decimal) -> Unit:
    return DOLLARS if name == DOLLARS.name else replace(CREDITS, per_dollar=credits_per_dollar)


def rate_words(unit: Unit) -> str:
    """What an amount is of a cost, in words: nothing for dollars."""
    return "" if unit.name == DOLLARS.name else " in dollars, times the credits rate"
