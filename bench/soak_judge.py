"""Whether something grows: a line is laid through the last two thirds of its values, after retention has set in."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Limit(NamedTuple):
    """What a series may grow by from the second third of a run to the last one."""

    share: float
    """Of its level in the second third."""
    least: float = 0.0
    """In its own unit: less is never held against it."""


FOREVER = None
"""What is kept for ever, and is shown and not judged."""


class Verdict(NamedTuple):
    """How a series does."""

    name: str
    level: float
    """Mean of the second third."""
    last: float
    """Mean of the last third."""
    growth: float
    """What the line rises by within a third."""
    limit: Limit | None

    @property
    def grows(self) -> bool:
        """Whether it rises by more than it may, by the line and by the means alike: one jump is no growth."""
        if self.limit is None:
            return False
        allowed = max(self.limit.share * self.level, self.limit.least)
        return min(self.growth, self.last - self.level) > allowed


def slope(values: Sequence[float]) -> float:
    """What the line of least squares through values at equal distances rises by from one to the next."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    square = sum((at - middle) ** 2 for at in range(len(values)))
    return sum((at - middle) * (value - mean) for at, value in enumerate(values)) / square if square else 0.0


def judged(samples: Sequence[Mapping[str, float]], limits: Mapping[str, Limit | None]) -> list[Verdict]:
    """A verdict on each series; what has no limit of its own has that of the words before its colon.

    Raises ValueError where there are too few samples for three thirds, or a series has no limit or is not whole.
    """
    third = len(samples) // 3
    if third < 3:
        raise ValueError(f"{len(samples)} samples cannot show growth: nine are needed")
    verdicts = []
    for name in samples[-1]:
        kind = name if name in limits else name.partition(":")[0]
        if kind not in limits:
            raise ValueError(f"nobody has said what {name} may grow by")
        values = [sample[name] for sample in samples if name in sample]
        if len(values) != len(samples):
            raise ValueError(f"{name} was not there all the time")
        late = values[-2 * third :]
        level, last = sum(late[:third]) / third, sum(late[third:]) / third
        verdicts.append(Verdict(name, level, last, third * slope(late), limits[kind]))
    return verdicts


def told(verdicts: Sequence[Verdict]) -> int:
    """Print the table. Returns how many series grow."""
    print(f"{'series':44} {'2nd third':>12} {'last third':>12} {'line':>10} {'may':>10}")
    for it in verdicts:
        grows = "  GROWS" if it.grows else ""
        may = "for ever" if it.limit is None else f"{max(it.limit.share * it.level, it.limit.least):,.1f}"
        print(f"{it.name:44} {it.level:12,.1f} {it.last:12,.1f} {it.growth:+10,.1f} {may:>10}{grows}")
    return sum(it.grows for it in verdicts)
