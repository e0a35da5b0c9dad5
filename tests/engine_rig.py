"""An engine whose device and clock are turned by hand: every callback comes when the test says so."""

from __future__ import annotations

from collections import deque

import numpy as np

from neume.synth.arrangement import live_arrangement
from neume.synth.engine import Engine, EngineConfig, make_chain

RATE_HZ = 48_000
NOTE_ON, NOTE_OFF = bytes.fromhex("90 3c 64"), bytes.fromhex("80 3c 40")


DEFAULTS = EngineConfig()


class HandDevice:
    """Takes blocks when `Rig.turn` is called."""

    name = "hand"
    rate_hz = RATE_HZ
    alive = True

    def __init__(self, block_samples=128, latency_samples=0):
        self.block_samples, self.latency_samples = block_samples, latency_samples

    def start(self, fill):
        raise AssertionError("the rig calls the outlet itself")

    def stop(self):
        pass


class Keyboard:
    """Messages with the time at which they arrive; the engine sees none earlier."""

    def __init__(self, rig):
        self._rig = rig
        self.coming = deque()

    def press(self, stamp_ns, message=NOTE_ON):
        self.coming.append((round(stamp_ns), message))

    def drain(self):
        arrived = []
        while self.coming and self.coming[0][0] <= self._rig.now_ns:
            arrived.append(self.coming.popleft())
        return arrived

    def poll(self):
        pass

    def close(self):
        self.coming.clear()


class Rig:
    """Device and render thread in turn, on a clock that stands still in between. Stops at its end."""

    def __init__(self, bundle, stages, device, config=DEFAULTS, arrangement=None):
        self.now_ns = self._origin_ns = 7_000_000_000
        chain = make_chain(bundle, stages, arrangement or live_arrangement(), config)
        self.engine = Engine(chain, device, config, now_ns=lambda: self.now_ns)
        self.heard = []

    def listen(self):
        keyboard = Keyboard(self)
        self.engine.listen(keyboard)
        return keyboard

    def begin(self):
        self.engine.fill_ring()
        self.engine.outlet.armed = True

    def turn(self, callbacks=1, rendering=True):
        """So many periods of the device; without `rendering` the render thread hangs."""
        for _ in range(callbacks):
            self.now_ns = round(self.ns_at(self.engine.outlet.position))
            out = np.full((self.engine.device.block_samples, 2), np.nan, np.float32)
            self.engine.outlet.fill(out)
            self.heard.append(out)
            if rendering:
                self.engine.fill_ring()

    def ns_at(self, frame):
        """When the device asks for a frame, on a perfect clock."""
        return self._origin_ns + frame / RATE_HZ * 1e9

    def audio(self):
        return np.concatenate(self.heard)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.stop()
