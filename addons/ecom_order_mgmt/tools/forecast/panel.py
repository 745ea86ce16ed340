"""Demand of several items side by side, as the methods read it.

Every method walks over periods once for all items of a panel: one numpy operation per period
in place of one Python operation per period and item.
"""

from functools import cached_property

import numpy as np

from .series import ADI_CUT, CV2_CUT, DEMAND_CLASSES, ERRATIC, INTERMITTENT, LUMPY, SMOOTH


class Panel:
    """Series of several items, one column each; all end with the same period.

    A younger item begins later; what lies before it is not known. Nothing in a column depends
    on the other columns.

    :param histories: one array per item, oldest value first, NaN = not known
    :param int length: periods of the panel, at least; default those of the longest history
    """

    def __init__(self, histories, length=0):
        length = max(length, max(map(len, histories), default=0))
        rows = np.full((len(histories), length), np.nan)
        for row, history in zip(rows, histories, strict=True):
            if len(history):
                row[-len(history) :] = history
        values = np.ascontiguousarray(rows.T)
        #: Whether a period's demand is known, periods x items.
        self.known = ~np.isnan(values)
        #: Demand, 0 where it is not known, periods x items.
        self.values = np.where(self.known, values, 0.0)
        #: 1.0 where known, to multiply with.
        self.mask = self.known.astype(float)
        #: ``counts[t]`` = number of known values before period ``t``.
        self.counts = np.zeros((length + 1, len(histories)), dtype=np.int32)
        np.cumsum(self.known, axis=0, out=self.counts[1:])

    def __len__(self):
        """Return the number of periods."""
        return self.values.shape[0]

    @property
    def width(self):
        """Number of items."""
        return self.values.shape[1]

    @cached_property
    def columns(self):
        return np.arange(self.width)

    @cached_property
    def complete(self):
        """Whether all of the panel is known."""
        return bool(self.known.all())

    @cached_property
    def first(self):
        """Per item, its first known period (0 without any)."""
        return self.known.argmax(axis=0) if len(self) else np.zeros(self.width, dtype=int)

    @cached_property
    def start(self):
        """First period in which any item is known: earlier ones need not be walked over."""
        return int(self.first.min()) if self.width else 0

    @cached_property
    def observed(self):
        """Per item, the known values without the gaps, oldest first, zeros after the last."""
        if self.complete:
            return self.values
        return self._without_gaps(self.values)

    @cached_property
    def times(self):
        """Per item, the periods of :attr:`observed`."""
        if self.complete:
            periods = np.arange(len(self), dtype=np.int32)[:, None]
            return np.ascontiguousarray(np.broadcast_to(periods, self.values.shape))
        return self._without_gaps(
            np.broadcast_to(np.arange(len(self), dtype=np.int32)[:, None], self.values.shape)
        )

    def _without_gaps(self, source):
        result = np.zeros(source.shape, dtype=source.dtype)
        period, item = np.nonzero(self.known)
        result[self.counts[period, item], item] = source[period, item]
        return result

    @cached_property
    def first_value(self):
        """Per item, its first known value (0 without any)."""
        return self.values[self.first, self.columns] if len(self) else np.zeros(self.width)

    @cached_property
    def hits(self):
        """1.0 where demand is known and not zero."""
        return (self.values != 0.0).astype(float)

    @cached_property
    def first_hit(self):
        """``(period, value, number of known values up to it)`` of each item's first demand."""
        if not len(self):
            return tuple(np.zeros((3, self.width), dtype=int))
        period = self.hits.argmax(axis=0)
        return period, self.values[period, self.columns], self.counts[period + 1, self.columns]

    def back(self, ends, steps):
        """Return the ``steps``-th last known value of each item, and where there is one.

        :param ends: numbers of known values to count back from, origins x items
        :return: ``(values, positions in observed, whether it exists)``
        """
        position = ends - steps
        exists = position >= 0
        flat = np.maximum(position, 0) * self.width + self.columns
        return self.observed.ravel().take(flat), flat, exists

    @cached_property
    def scale(self):
        """Per item, :func:`series.naive_scale` of its known values."""
        steps = np.diff(self.observed, axis=0)
        count = self.counts[-1] - 1
        steps[np.arange(len(steps))[:, None] >= count] = 0.0
        return (steps * steps).sum(axis=0) / np.maximum(count, 1)

    @cached_property
    def classes(self):
        """Per item, its demand class as a position in :data:`series.DEMAND_CLASSES`.

        ADI is the average number of periods per period with demand, CV2 the squared
        coefficient of variation of the non-zero demands. A series without demand is
        intermittent.
        """
        sizes = self.hits.sum(axis=0)
        some = np.maximum(sizes, 1.0)
        mean = self.values.sum(axis=0) / some
        spread = (self.values - mean) * self.hits
        variance = (spread * spread).sum(axis=0) / some
        # Negative corrections can cancel the mean: such a series is as erratic as can be.
        variable = (mean == 0.0) | (variance >= CV2_CUT * mean * mean)
        sparse = self.counts[-1] >= ADI_CUT * sizes
        number = DEMAND_CLASSES.index
        found = np.where(
            sparse,
            np.where(variable, number(LUMPY), number(INTERMITTENT)),
            np.where(variable, number(ERRATIC), number(SMOOTH)),
        )
        return np.where(sizes == 0.0, number(INTERMITTENT), found)


def demand_class(observed):
    """Return smooth, erratic, intermittent or lumpy for the known values of one item."""
    return DEMAND_CLASSES[Panel([np.array(observed, dtype=float)]).classes[0]]
