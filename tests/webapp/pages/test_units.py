import pytest

from webapp.pages.templatetags import units


@pytest.mark.parametrize(
    ("filter", "value", "text"),
    [
        (units.number, 1_115_394, "1,115,394"),
        (units.number, None, ""),
        (units.decimals, 1.5493, "1.549"),
        (units.decimals, 1.15158e12, "1.15e12"),
        (units.decimals, None, "–"),
        (units.compact, 9999, "9,999"),
        (units.compact, 1_340_000, "1.34 M"),
        (units.compact, 99_960, "100 k"),
        (units.bytes_, 1, "1 byte"),
        (units.bytes_, 410_000_000, "410 MB"),
        (units.bytes_, 1_115_394, "1.12 MB"),
        (units.about, None, ""),
        (units.about, 1, "about 5 s"),
        (units.about, 172, "about 3 min"),
        (units.about, 976, "about 16 min"),
        (units.duration, None, ""),
        (units.duration, 0.2, "0 s"),
        (units.duration, 200, "3 min 20 s"),
        (units.duration, 640, "10 min"),
        (units.duration, 5400, "1 h 30 min"),
        (units.duration, 93_600, "1 d 2 h"),
        (units.share, 0, "0 %"),
        (units.share, 0.041, "4 %"),
        (units.share, 0.0004, "0.04 %"),
        (units.share, 0.000001, "below 0.01 %"),
    ],
)
def test_numbers_have_units(filter, value, text):
    assert filter(value).replace("\u00a0", " ") == text
