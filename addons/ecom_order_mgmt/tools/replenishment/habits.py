"""What people's answers to suggestions teach."""

from dataclasses import dataclass
from statistics import median

#: Answers that make a habit, and how many of the latest are looked at.
LEAST = 3
LATEST = 6
#: A change within this share of the suggestion is rounding, no opinion.
TOLERANCE = 0.05
#: One person's habit never multiplies or shrinks an order by more than this.
LIMITS = (0.25, 3.0)


@dataclass(slots=True, frozen=True)
class Habit:
    """:ivar factor: by which the suggestion is usually changed; 1 = taken as it is
    :ivar count: answers behind it
    :ivar refused: the latest answers were all refusals
    """

    factor: float
    count: int
    refused: bool = False


def learn(answers):
    """Return the :class:`Habit` behind answers to the suggestions of one item.

    A habit is a change in the same direction in each of the latest answers; its size is their
    median. The factor is measured against what was worked out *before* any habit was applied,
    so that it does not grow upon itself.

    :param answers: ``[(suggested, decided)]``, oldest first; refused = decided 0

    >>> learn([(10, 12), (20, 24), (10, 12)])
    Habit(factor=1.2, count=3, refused=False)
    """
    ratios = [decided / suggested for suggested, decided in answers if suggested > 0][-LATEST:]
    if len(ratios) < LEAST:
        return Habit(1.0, len(ratios))
    if all(ratio == 0 for ratio in ratios[-LEAST:]):
        return Habit(1.0, len(ratios), refused=True)
    taken = [ratio for ratio in ratios if ratio > 0]
    more = all(ratio > 1 + TOLERANCE for ratio in taken)
    less = all(ratio < 1 - TOLERANCE for ratio in taken)
    if len(taken) < LEAST or not (more or less):
        return Habit(1.0, len(ratios))
    return Habit(round(min(LIMITS[1], max(LIMITS[0], median(taken))), 4), len(taken))
