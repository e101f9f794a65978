"""The random words that kernels draw, computed one by one."""

import numpy as np

WORD = 0xFFFFFFFF
ROTATIONS = [(10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20)]


def threefry(key, counter):
    """Threefry4x32 with 20 rounds, word by word."""
    keys = [*key, 0x1BD11BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3]]
    x = [(word + k) & WORD for word, k in zip(counter, keys, strict=False)]
    for step in range(20):
        partners = (1, 3) if step % 2 == 0 else (3, 1)
        for first, second, bits in zip((0, 2), partners, ROTATIONS[step % 8], strict=True):
            x[first] = (x[first] + x[second]) & WORD
            x[second] = ((x[second] << bits | x[second] >> (32 - bits)) & WORD) ^ x[first]
        if step % 4 == 3:
            turn = step // 4 + 1
            x = [(word + keys[(turn + place) % 5]) & WORD for place, word in enumerate(x)]
            x[3] = (x[3] + turn) & WORD
    return x


def expected_words(key, count):
    """The first random words: of 16 counters at a time the first words, then the second, and so on."""
    words = [threefry([*key, 0, 0], [counter, 0, 0, 0]) for counter in range(-(-count // 64) * 16)]
    return np.array(words, np.uint32).reshape(-1, 16, 4).transpose(0, 2, 1).ravel()[:count]
