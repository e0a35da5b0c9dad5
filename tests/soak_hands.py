"""Dense playing for a soak: sixteen channels of keys and controllers, through a real MIDI port."""

from __future__ import annotations

import math
import random
import time

DRUMS = 9
PROGRAMS = (0, 4, 11, 19, 24, 32, 40, 48, 52, 56, 60, 65, 71, 73, 80, 88)  # one of each family, and more
HELD = 4  # keys of each channel, on average
HOLD_S = {channel: 0.5 if channel == DRUMS else 2.0 for channel in range(16)}
MESSAGES_HZ = 1000.0
TURN_S = 0.003


class Hands:
    """Sixteen channels played at once: keys, and every controller of each channel all the time.

    `messages` gives what is due, a list of bytes; `let_go` what puts everything back. Nothing here waits.
    """

    def __init__(self, seed=1):
        self._random = random.Random(seed)
        self._ups = []  # (when, channel, key), those that are down
        self._next_key_s = [self._random.random() for _ in range(16)]
        self._turn = 0
        self._flooded_s = 0.0
        self.keys = 0

    @property
    def down(self):
        return len(self._ups)

    def programs(self):
        return [bytes((0xC0 | channel, PROGRAMS[channel])) for channel in range(16) if channel != DRUMS]

    def messages(self, now_s):
        due = [up for up in self._ups if up[0] <= now_s]
        self._ups = [up for up in self._ups if up[0] > now_s]
        messages = [bytes((0x80 | channel, key, 64)) for _, channel, key in due]
        for channel in range(16):
            if self._next_key_s[channel] <= now_s:
                messages += self._press(channel, now_s)
        flood_hz = MESSAGES_HZ - 2.0 * sum(HELD / hold_s for hold_s in HOLD_S.values())
        while self._flooded_s < now_s:
            self._flooded_s += 1.0 / flood_hz
            messages.append(self._turned(self._flooded_s))
        return messages

    def let_go(self):
        messages = [bytes((0x80 | channel, key, 64)) for _, channel, key in self._ups]
        self._ups.clear()
        for channel in range(16):
            messages += [bytes((0xB0 | channel, 64, 0)), bytes((0xB0 | channel, 1, 0))]
            messages += [bytes((0xE0 | channel, 0, 64)), bytes((0xD0 | channel, 0))]
        return messages

    def _press(self, channel, now_s):
        hold_s = HOLD_S[channel]
        self._next_key_s[channel] = now_s + hold_s / HELD * self._random.uniform(0.5, 1.5)
        lowest, highest = (35, 59) if channel == DRUMS else (36, 90)
        key = self._random.randint(lowest, highest)
        if any(up[1:] == (channel, key) for up in self._ups):
            return []
        self._ups.append((now_s + hold_s * self._random.uniform(0.6, 1.4), channel, key))
        self.keys += 1
        return [bytes((0x90 | channel, key, self._random.randint(30, 120)))]

    def _turned(self, at_s):
        """The next controller of the next channel; each moves as a hand does, in a second or three."""
        self._turn += 1
        channel, kind = self._turn % 16, self._turn // 16 % 7
        wave = 0.5 + 0.5 * math.sin(2.0 * math.pi * at_s / (1.0 + 0.13 * channel) + kind)
        value = round(127.0 * wave)
        status = channel
        match kind:
            case 0:
                bend = round(8192 + 4000 * (wave - 0.5))
                return bytes((0xE0 | status, bend & 127, bend >> 7))
            case 1:
                return bytes((0xB0 | status, 1, value))
            case 2:
                return bytes((0xB0 | status, 7, 70 + value // 4))
            case 3:
                return bytes((0xB0 | status, 11, 80 + value // 3))
            case 4:
                return bytes((0xB0 | status, 64, value))
            case 5:
                return bytes((0xD0 | status, value))
        keys = [key for _, of, key in self._ups if of == channel]
        return bytes((0xA0 | status, keys[0] if keys else 60, value))


class Keyboard:
    """A real MIDI port, which plays what the hands do for a while. Sends from the thread that calls."""

    def __init__(self, name="Soak Keyboard"):
        import rtmidi

        self._port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name)
        self._port.open_virtual_port("keys")
        self._hands = Hands()
        self._begin_s = None
        self.sent, self.down = 0, []

    def play(self, seconds, watch=lambda: None):
        """`watch` is called about once a second."""
        if self._begin_s is None:
            self._begin_s = time.monotonic()
            self._send(self._hands.programs())
        end_s, watched_s = time.monotonic() + seconds, 0.0
        while (now_s := time.monotonic()) < end_s:
            self._send(self._hands.messages(now_s - self._begin_s))
            if now_s - watched_s > 1.0:
                watched_s = now_s
                self.down.append(self._hands.down)
                watch()
            time.sleep(TURN_S)

    def let_go(self):
        self._send(self._hands.let_go())

    def _send(self, messages):
        for message in messages:
            self._port.send_message(message)
        self.sent += len(messages)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._port.close_port()
        self._port.delete()
