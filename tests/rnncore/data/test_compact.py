"""Columns in little memory say what a list would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.data import compact
from rnncore.data.compact import Cells, Numbers, counted, marks_of
from rnncore.data.formats.delimited import typed
from rnncore.data.table import open_table

CELLS = st.lists(
    st.sampled_from(["", " ", "a", "ü€😀", "b" * 50, "7", "-1.5", "\ud800"]) | st.text(max_size=3), max_size=60
)


@settings(max_examples=60)
@given(given=CELLS, few=st.sampled_from([2, 4096]), chunk=st.sampled_from([3, 1 << 14]))
def test_a_column_is_the_list_of_its_cells(given, few, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "FEW", few)
        patch.setattr(compact, "CHUNK", chunk)
        cells = Cells()
        for cell in given:
            cells.add(cell)
        wanted = [cell if cell.strip() else None for cell in given]
        column = cells.texts()
        assert list(column) == wanted == [column[row] for row in range(len(given))]
        assert column == wanted and column[1:] == wanted[1:] and column[::-2] == wanted[::-2]
        with pytest.raises(IndexError):
            column[len(given)]
        there = [cell for cell in wanted if cell is not None]
        total, unique, frequent = counted(column, 2)
        assert (total, unique) == (len(there), len(set(there)))
        assert [there.count(value) for value, _ in frequent] == [count for _, count in frequent]
        assert counted(wanted, 2) == (total, unique, frequent)


def test_numbers_are_pythons_own(tmp_path):
    cells = Cells()
    for cell in ("3", "", "-1", "-2", "3"):
        cells.add(cell)
    column, _ = typed(cells)
    assert isinstance(column, Numbers) and column == [3, None, -1, -2, 3]
    assert [type(value) for value in column] == [int, type(None), int, int, int]
    assert (column[-1], counted(column, 9)) == (3, (4, 3, [(3, 2), (-1, 1), (-2, 1)]))


def test_records_are_told_apart():
    columns = [["a", "a", "a", None], [-1, -2, -1, [1]]]
    first, second, third, fourth = marks_of(columns)
    assert first == third and len({first, second, fourth}) == 3


def test_a_table_takes_a_few_times_its_file(tmp_path):
    import tracemalloc

    path = tmp_path / "t.csv"
    path.write_text(
        "text,label,x\n" + "".join(f"number {n} of them {n * n},{'ab'[n % 2]},{n / 7:.4f}\n" for n in range(40_000))
    )
    tracemalloc.start()
    table = open_table(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == 40_000
    assert peak < 8 * path.stat().st_size, "lists of texts take more than ten times it"
