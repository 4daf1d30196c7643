"""Pillow reads from and writes to the streams: the fourth seed's image pipeline."""

import pytest
from PIL import Image, ImageOps


def turned(data, BytesIO):
    """The seed's steps: open, turn upright, resize, paste a mark, save as PNG."""
    result = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image = ImageOps.exif_transpose(image)
        image = image.rotate(90, expand=True)
        image = image.resize((128, 150))
        mark = Image.new("RGB", (16, 16), "red")
        image.paste(mark, (8, 8))
        image.save(result, "PNG")
    return result


def test_the_seeds_pipeline_gives_the_picture(BytesIO, photograph):
    result = turned(photograph, BytesIO)
    assert result.tell() == len(result.getvalue())
    result.seek(0)
    with Image.open(result) as image:
        assert image.format == "PNG"
        assert image.size == (128, 150)
        assert image.getpixel((10, 10)) == (255, 0, 0)


def test_the_pipeline_gives_the_bytes_that_a_file_gets(BytesIO, photograph, tmp_path):
    source, target = tmp_path / "in.jpg", tmp_path / "out.png"
    source.write_bytes(photograph)
    with Image.open(source) as image:
        upright = ImageOps.exif_transpose(image).rotate(90, expand=True).resize((128, 150))
        upright.paste(Image.new("RGB", (16, 16), "red"), (8, 8))
        upright.save(target, "PNG")
    assert turned(photograph, BytesIO).getvalue() == target.read_bytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "PDF"])
def test_every_format_is_saved_as_in_a_file(BytesIO, kind, tmp_path):
    image = Image.linear_gradient("L").convert("RGB")
    path = tmp_path / f"image.{kind.lower()}"
    stream = BytesIO()
    if kind == "PDF":
        dates = {"creationDate": None, "modDate": None}
        image.save(stream, kind, **dates)
        image.save(path, kind, title=None, **dates)
        assert stream.getvalue().startswith(b"%PDF-")
        assert abs(len(stream.getvalue()) - path.stat().st_size) < 64
        return
    image.save(stream, kind)
    image.save(path, kind)
    assert stream.getvalue() == path.read_bytes()
    stream.seek(0)
    with Image.open(stream) as again, Image.open(path) as expected:
        assert again.tobytes() == expected.tobytes()


def test_an_animation_seeks_back_and_forth(BytesIO):
    stream = BytesIO()
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 100, 200)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=20)
    stream.seek(0)
    with Image.open(stream) as image:
        assert image.n_frames == 3
        shades = []
        for frame in (2, 0, 1):
            image.seek(frame)
            shades.append(image.convert("L").getpixel((0, 0)))
    assert len(set(shades)) == 3


def test_verify_and_a_truncated_picture(BytesIO, photograph):
    stream = BytesIO(photograph)
    Image.open(stream).verify()
    stream.truncate(len(photograph) // 2)
    stream.seek(0)
    with Image.open(stream) as image, pytest.raises(OSError, match="truncated"):
        image.load()


def test_not_a_picture_is_refused(BytesIO):
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(BytesIO(b"plain text"))


def test_the_picture_is_not_held_twice(BytesIO, memory):
    noise = Image.effect_noise((1024, 1024), 64)
    stream = BytesIO()
    noise.save(stream, "BMP")
    stream.seek(0)

    def load():
        with Image.open(stream) as image:
            return image.getpixel((5, 5))

    assert memory.check(load, 1024 * 1024, io=0.25, quire=0.25) == noise.getpixel((5, 5))
    assert not stream.closed
