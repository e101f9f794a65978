"""The random words that tests of kernels go by."""

from tests.kernels.threefry import WORD, threefry


def test_the_words_are_those_of_the_paper():
    """The known answers that come with the authors' own library, Random123."""
    assert threefry([0] * 4, [0] * 4) == [0x9C6CA96A, 0xE17EAE66, 0xFC10ECD4, 0x5256A7D8]
    assert threefry([WORD] * 4, [WORD] * 4) == [0x2A881696, 0x57012287, 0xF6C7446E, 0xA16A6732]
