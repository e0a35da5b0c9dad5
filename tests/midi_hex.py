"""MIDI files for tests, written as commented hex the way mido's tests write theirs."""

import re

from neume.synth.midi_file import read_performance


def midi(text):
    """Bytes of a hex listing; `#` begins a comment."""
    return bytes.fromhex(re.sub(r"#.*", "", text))


def header(smf_format, tracks, division):
    return (
        b"MThd"
        + (6).to_bytes(4, "big")
        + b"".join(n.to_bytes(2, "big") for n in (smf_format, tracks, division))
    )


def track(*content):
    """A track chunk. `content`: hex listings or bytes."""
    events = b"".join(midi(part) if isinstance(part, str) else part for part in content)
    return b"MTrk" + len(events).to_bytes(4, "big") + events


def number(value):
    """A variable-length number: seven bits a byte, highest first, all but the last with the top bit."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def tempo(us):
    return b"\xff\x51\x03" + us.to_bytes(3, "big")


END = midi("00 ff 2f 00")
NOTE = midi(
    """
    00 90 3c 40  # middle C
    60 80 3c 40  # 96 ticks later released
    """
)
HELD_C = track(NOTE, END)
SONG = header(1, 2, 96) + track(
    """
    00 ff 03 05 50 69 61 6e 6f  # track name "Piano"
    00 c0 04                    # electric piano
    00 90 3c 40
    60 3c 00                    # running status, velocity 0: released a beat later
    00 ff 2f 00
    """
) + track(
    """
    30 91 43 7f                 # half a beat in
    18 e1 00 60                 # bend
    18 81 43 00
    00 ff 2f 00
    """
)  # fmt: skip


def reader(path):
    """A function that writes bytes to `path` and reads them as a performance."""

    def write_and_read(content, rate_hz=48_000):
        path.write_bytes(content)
        return read_performance(path, rate_hz)

    return write_and_read
