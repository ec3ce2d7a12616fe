"""tests/live/pprof.py FILE: reads a CPU profile as pprof does, from the published profile.proto alone.

Knows nothing of agenc: gzip, protobuf's wire format, the field numbers of the message Profile. Checks what
pprof's own CheckValid checks, and that the samples look like a program at work.
"""
import gzip
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            assert at + size <= len(data), "a field is longer than its message"
            value = data[at:at + size]
            at += size
        else:
            raise AssertionError("wire type %d is not used in a profile" % (key & 7))
        yield key >> 3, value


def message(data):
    out = {}
    for number, value in fields(data):
        out.setdefault(number, []).append(value)
    return out


def packed(values):
    out = []
    for value in values:
        if isinstance(value, int):
            out.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = varint(value, at)
            out.append(number)
    return out


def first(fields_of, number):
    return fields_of.get(number, [0])[0]


profile = message(gzip.open(sys.argv[1]).read())
strings = [text.decode() for text in profile[6]]
assert strings[0] == "", "the first string is empty"
types = [message(value) for value in profile[1]]
assert [strings[first(value, 1)] for value in types] == ["samples", "cpu"]
assert [strings[first(value, 2)] for value in types] == ["count", "nanoseconds"]

mappings = {first(message(value), 1) for value in profile[3]}
functions = {}
for value in profile[5]:
    function = message(value)
    functions[first(function, 1)] = strings[first(function, 2)]
locations = {}
for value in profile[4]:
    location = message(value)
    assert first(location, 1) not in locations, "a location comes twice"
    assert first(location, 2) in mappings, "a location without its mapping"
    locations[first(location, 1)] = [functions[first(message(line), 1)] for line in location.get(4, [])]
assert 0 not in locations and 0 not in functions and 0 not in mappings, "0 is nobody's number"

total = 0
names = set()
for value in profile.get(2, []):
    sample = message(value)
    stack, numbers = packed(sample[1]), packed(sample[2])
    assert len(numbers) == len(types), "a value for each type"
    for number in stack:
        names.update(locations[number])
    total += numbers[0]
assert first(profile, 10) > 0 and first(profile, 12) > 0 and first(profile, 9) > 1.5e18
assert total > 5, "only %d samples" % total
assert "main" in names, "no stack begins in main: %s" % sorted(names)[:20]
print("%d samples, %d locations, %d functions" % (total, len(locations), len(set(functions.values()))))
