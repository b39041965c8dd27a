#!/usr/bin/env python3
"""Write the tables of width.c from the Unicode version that this Python knows."""
import unicodedata as u

# East Asian blocks whose unassigned code points count as wide (UAX #11).
BLOCKS = [(0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xf900, 0xfaff), (0x20000, 0x2fffd), (0x30000, 0x3fffd)]


def zero(c):
    if 0x1160 <= c <= 0x11ff or 0xd7b0 <= c <= 0xd7ff:  # medial vowels, final consonants
        return True
    if u.category(chr(c)) == "Cf":  # soft hyphen and the signs that enclose digits have a width
        return c not in (0xad, 0x6dd, 0x70f, 0x8e2, 0x110bd, 0x110cd, 0x890, 0x891) and not 0x600 <= c <= 0x605
    return u.category(chr(c)) in ("Mn", "Me", "Zl", "Zp") or c == 0xfe0f


def wide(c):
    return not zero(c) and (u.east_asian_width(chr(c)) in "WF" or any(a <= c <= b for a, b in BLOCKS))


def table(name, test):
    ranges = []
    for c in range(0x80, 0x110000):
        if not test(c):
            continue
        if ranges and ranges[-1][1] == c - 1:
            ranges[-1][1] = c
        else:
            ranges.append([c, c])
    print(f"static const struct range {name}[] = {{")
    for i in range(0, len(ranges), 4):
        print("\t" + " ".join(f"{{0x{a:x}, 0x{b:x}}}," for a, b in ranges[i:i + 4]))
    print("};")


print(f"/* Unicode {u.unidata_version}, written by width.py */")
table("wide", wide)
print()
table("zero", zero)
