"""An engine with a fallback voice whose models are late or fail on purpose; its clock is turned by hand."""

from __future__ import annotations

from engine_rig import RATE_HZ, HandDevice, Rig

from neume.synth.arrangement import live_arrangement
from neume.synth.block_timer import BlockTimer
from neume.synth.chain_with_fallback import ChainWithFallback
from neume.synth.engine import Engine, EngineConfig
from neume.synth.fallback_choice import Fallback
from neume.synth.rack_chain import RackChain
from neume.synth.rack_loading import RackLoader
from neume.synth.stages import Stages

BLOCK, CALLBACK, STREAMS = 512, 128, 4


class SlowSession:
    """A model's session during whose every run the device asks `callbacks` times; `failure` is raised.

    `once` is a number of callbacks for the next run alone.
    """

    def __init__(self, session):
        self._session = session
        self.callbacks, self.once, self.failure, self.turn = 0, 0, None, None

    def run(self, names, feeds, options=None):
        once, self.once = self.once, 0
        for _ in range(once or self.callbacks):
            self.turn()
        if self.failure is not None:
            raise self.failure
        return self._session.run(names, feeds, options)


class FallbackRig(Rig):
    """The rig of `engine_rig` with slow models, for MIDI channels or a rack; all times are its clock's."""

    def __init__(self, player, fallback=Fallback.ADDITIVE, rack=None, **settings):
        bundle, stages = player
        self.now_ns = self._origin_ns = 7_000_000_000
        self.slow = SlowSession(stages.inverter)
        self.slow.turn = lambda: self.turn(rendering=False)
        slow = Stages(stages.spectrogram, stages.denoiser, self.slow)
        config = EngineConfig(steps=0, fallback=fallback, **settings)
        self.disturbed = []
        timer = BlockTimer(now_ns=lambda: self.now_ns)
        if rack is None:
            self.chain = ChainWithFallback(bundle, slow, live_arrangement(), steps=0, timer=timer)
        else:
            ready, _ = RackLoader(bundle, slow, STREAMS).ready(rack)
            self.chain = RackChain(ready, steps=0, timer=timer)
        self.engine = Engine(
            self.chain,
            HandDevice(CALLBACK),
            config,
            disturbed=self.disturbed.append,
            now_ns=lambda: self.now_ns,
        )
        self.heard = []

    @property
    def now(self):
        return self.engine.snapshot()

    def turn_ms(self, milliseconds):
        self.turn(round(milliseconds * RATE_HZ / 1000 / CALLBACK))
