"""reportlab draws documents into streams, pypdf merges and marks them there."""

import sys

import pypdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def drawn(BytesIO, *pages, picture=None):
    """A document with a page for each text, rewound."""
    stream = BytesIO()
    canvas = Canvas(stream, invariant=True)
    for text in pages:
        canvas.drawString(100, 700, text)
        if picture is not None:
            canvas.drawImage(ImageReader(picture), 100, 100, 200, 200)
        canvas.showPage()
    canvas.save()
    stream.seek(0)
    return stream


def test_the_document_is_the_one_that_a_file_gets(BytesIO, tmp_path):
    canvas = Canvas(str(tmp_path / "x.pdf"), invariant=True)
    canvas.drawString(100, 700, "text")
    canvas.showPage()
    canvas.save()
    assert drawn(BytesIO, "text").getvalue() == (tmp_path / "x.pdf").read_bytes()


def test_documents_are_merged(BytesIO):
    writer = pypdf.PdfWriter()
    for stream in (drawn(BytesIO, "one", "two"), drawn(BytesIO, "three")):
        writer.append(stream)
    merged = BytesIO()
    writer.write(merged)
    assert not merged.closed
    texts = [page.extract_text().strip() for page in pypdf.PdfReader(merged).pages]
    assert texts == ["one", "two", "three"]


def test_every_page_is_marked(BytesIO):
    mark = pypdf.PdfReader(drawn(BytesIO, "SECRET")).pages[0]
    writer = pypdf.PdfWriter(clone_from=drawn(BytesIO, "one", "two"))
    for page in writer.pages:
        page.merge_page(mark, over=True)
    stream = BytesIO()
    writer.write(stream)
    for page, text in zip(pypdf.PdfReader(stream).pages, ("one", "two"), strict=True):
        assert sorted(page.extract_text().split()) == sorted([text, "SECRET"])


def test_a_picture_is_drawn_from_a_stream_and_taken_out_again(BytesIO, photograph):
    document = drawn(BytesIO, "page", picture=BytesIO(photograph))
    image = pypdf.PdfReader(document).pages[0].images[0]
    assert image.image.size == (270, 320) or min(image.image.size) > 0


def test_a_document_is_encrypted(BytesIO):
    writer = pypdf.PdfWriter(clone_from=drawn(BytesIO, "secret"))
    writer.encrypt("password", algorithm="RC4-128")
    stream = BytesIO()
    writer.write(stream)
    reader = pypdf.PdfReader(stream)
    assert reader.is_encrypted
    assert reader.decrypt("password")
    assert reader.pages[0].extract_text().strip() == "secret"


def test_what_is_no_document_is_refused(BytesIO):
    with pytest.raises(pypdf.errors.PdfReadError):
        pypdf.PdfReader(BytesIO(b"plain text"), strict=True)


def test_a_merged_document_is_there_once(BytesIO):
    """What pypdf and reportlab build meanwhile is several times as large."""
    picture = BytesIO()
    Image.effect_noise((256, 256), 64).save(picture, "PNG")
    picture.seek(0)
    document = drawn(BytesIO, "page", picture=picture)
    writer = pypdf.PdfWriter()
    writer.append(document)
    writer.append(document)
    merged = BytesIO()
    writer.write(merged)
    for stream in document, merged:
        size = stream.seek(0, 2)
        assert size <= sys.getsizeof(stream) <= 1.6 * size
