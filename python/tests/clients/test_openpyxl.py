"""openpyxl saves workbooks into and loads them from the streams."""

import openpyxl
import openpyxl.drawing.image
import pytest


def saved(BytesIO, rows=100):
    book = openpyxl.Workbook()
    for i in range(rows):
        book.active.append([i, f"row {i}", i / 4])
    stream = BytesIO()
    book.save(stream)
    return stream


def test_a_workbook_there_and_back(BytesIO):
    stream = saved(BytesIO)
    assert not stream.closed
    book = openpyxl.load_workbook(stream)
    assert [cell.value for cell in book.active[100]] == [99, "row 99", 24.75]


def test_a_large_sheet_is_written_and_read_row_by_row(BytesIO):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    for i in range(2000):
        sheet.append([i, i * i])
    stream = BytesIO()
    book.save(stream)
    book = openpyxl.load_workbook(stream, read_only=True)
    assert sum(row[1] for row in book["rows"].iter_rows(values_only=True)) == 2664667000
    book.close()


def test_a_workbook_is_loaded_changed_and_saved_again(BytesIO):
    book = openpyxl.load_workbook(saved(BytesIO))
    book.active["A1"] = "changed"
    stream = BytesIO()
    book.save(stream)
    assert openpyxl.load_workbook(stream).active["A1"].value == "changed"


def test_a_picture_in_a_sheet(BytesIO, photograph):
    book = openpyxl.Workbook()
    book.active.add_image(openpyxl.drawing.image.Image(BytesIO(photograph)), "B2")
    stream = BytesIO()
    book.save(stream)
    image = openpyxl.load_workbook(stream).active._images[0]
    assert image._data() == photograph


def test_what_is_no_workbook_is_refused(BytesIO):
    with pytest.raises(Exception, match="not a zip file"):
        openpyxl.load_workbook(BytesIO(b"text"))


def test_a_workbook_is_read_without_a_copy_of_it(BytesIO, memory, photograph):
    book = openpyxl.Workbook()
    book.active["A1"] = "text"
    for i in range(16):
        book.active.add_image(openpyxl.drawing.image.Image(BytesIO(photograph)), f"B{i + 1}")
    stream = BytesIO()
    book.save(stream)

    def read():
        book = openpyxl.load_workbook(stream, read_only=True)
        value = book.active["A1"].value
        book.close()
        return value

    read()  # the first fills caches
    assert memory.check(read, len(stream.getvalue()), io=0.5, quire=0.5) == "text"
