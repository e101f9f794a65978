"""Cells behind one another."""

from collections import OrderedDict
from itertools import count

from convlayers.mindspore.nn.cell import Cell


class SequentialCell(Cell):
    """Calls cells in their order, each on the output of the one before.

    Args:
        args: cells, or one list or OrderedDict of cells.

    Raises:
        TypeError: if a single argument is neither a list nor an OrderedDict, or if something in it is no cell.

    Example:

    >>> net = nn.SequentialCell([nn.Conv2d(3, 2, 3, pad_mode="valid", weight_init="ones"), nn.ReLU()])
    >>> net(np.ones((1, 3, 4, 4), "float32"))[0, 0]
    [[27.0, 27.0], [27.0, 27.0]]
    """

    def __init__(self, *args):
        super().__init__()
        cells = args[0] if len(args) == 1 else list(args)
        if not isinstance(cells, (list, OrderedDict)):
            raise TypeError(f"For '{self.cls_name}', the 'args[0]' must be list or orderedDict, but got {type(cells).__name__}")
        named = cells if isinstance(cells, OrderedDict) else {str(index): cell for index, cell in enumerate(cells)}
        for cell in named.values():
            self._check_cell(cell)
        self._names = list(named)
        self.cell_list = list(named.values())

    def _check_cell(self, cell):
        if not isinstance(cell, Cell):
            raise TypeError(f"For '{self.cls_name}', each cell should be subclass of Cell, but got {type(cell).__name__}.")

    def append(self, cell):
        """Adds a cell behind the last one."""
        self._check_cell(cell)
        # What is a slice of another one has names that do not begin with 0.
        free = (str(index) for index in count(len(self)) if str(index) not in self._names)
        self._names = [*self._names, next(free)]
        self.cell_list.append(cell)

    def name_cells(self):
        return dict(zip(self._names, self.cell_list, strict=True))

    def __len__(self):
        return len(self.cell_list)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self.name_cells().items())[index]))
        return self.cell_list[self._checked_index(index)]

    def __setitem__(self, index, cell):
        self._check_cell(cell)
        self.cell_list[self._checked_index(index)] = cell

    def _checked_index(self, index):
        if not isinstance(index, int):
            raise TypeError(f"For '{self.cls_name}', the type of 'index' should be int, but got {type(index).__name__}.")
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"For '{self.cls_name}', the value of 'index' should be a number in range [{-len(self)}, {len(self)}), "
                f"but got {index}."
            )
        return index

    def construct(self, x):
        for cell in self.cell_list:
            x = cell(x)
        return x
