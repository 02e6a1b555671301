from webapp.datasets.text import Piece, characters, name, pieces, visible


def test_what_cannot_be_seen_gets_a_sign():
    assert [visible(char) for char in "a \n\t\0\u200b\u0301"] == ["a", "␣", "↵", "⇥", "U+0000", "U+200B", "◌\u0301"]


def test_characters_have_names():
    assert name("é") == "U+00E9 latin small letter e with acute"
    assert name("\n") == "U+000A line end"
    assert name("\0") == "U+0000 control character"


def test_running_text_is_cut_only_at_what_is_odd():
    assert pieces("line one\n\tline two") == [Piece("line one\n\tline two")]
    cut = pieces("a\0b\ufffd")
    assert [piece.text for piece in cut] == ["a", "NUL", "b", "\ufffd"]
    assert [bool(piece.name) for piece in cut] == [False, True, False, True]
    assert pieces("") == []


def test_joiners_within_words_and_emoji_are_not_odd():
    assert len(pieces("👩\u200d🚀 می\u200cخواهم")) == 1


def test_bars_are_as_high_as_their_counts():
    most, half, rare = characters([["e", 1000], ["t", 500], ["q", 1]])
    assert (most.height, most.top) == (44, 0)
    assert (half.height, half.top) == (22, 22)
    assert rare.height == 1  # still to be seen
    assert characters([]) == []
