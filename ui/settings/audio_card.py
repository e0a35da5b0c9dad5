"""The audio device: host API, device, rate and block, changed while playing; and what really runs."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from neume.synth.control.commands import SetAudio
from neume.synth.device_list import DeviceList, list_devices
from neume.synth.engine_snapshot import EngineSnapshot
from neume.synth.errors import NeumeError
from neume.synth.output_names import call_of, output_called

from ..browser.background import Background
from ..choices import Choices, ChoiceStore
from ..engine_model import PLAYING, EngineModel
from .audio_choice import blocks_with, host_apis, label_of, of_host_api, rates_of
from .card import Card, Combo, button, line, tell
from .lamp import Lamp

LOOKS: Final = {"playing": "ok", "back": "ok", "lost": "alarm", "waiting": "warning"}


class AudioCard(Card):
    """Belongs to the panel's thread. What is chosen is kept once the engine has taken it."""

    def __init__(self, engine: EngineModel, choices: ChoiceStore, background: Background) -> None:
        super().__init__(self.tr("Audio output"))
        self._engine, self._choices, self._background = engine, choices, background
        self.devices = DeviceList()
        self.looked, self.opening = False, False
        self.lamp = Lamp()
        self.state = self._state_line()
        self.host_api = Combo(self.tr("Audio system"))
        self.device = Combo(self.tr("Audio device"))
        self.rate, self.block = Combo(self.tr("Sample rate")), Combo(self.tr("Block size"))
        self.refresh = button(self.tr("Refresh"), self.tr("Look for audio devices again"))
        self.row(self.tr("System"), self.host_api, self.refresh)
        self.row(self.tr("Device"), self.device)
        self.row(self.tr("Rate"), self.rate)
        self.row(self.tr("Block"), self.block)
        self.problem = self.note(look="warning")
        self.problem.hide()
        self.host_api.activated.connect(self._choose_host_api)
        for combo in (self.device, self.rate, self.block):
            combo.activated.connect(self._send)
        self.refresh.clicked.connect(self.look)
        self._show(choices.now)
        choices.changed.connect(self._show)

    def look(self) -> None:
        """Ask for the devices, in processes of their own; the list comes later."""
        if not self.refresh.isEnabled():
            return
        self.looked = True
        self.refresh.setEnabled(False)
        self.refresh.setText(self.tr("Looking…"))
        self._background.run(list_devices, self._take)

    def follow(self, snapshot: EngineSnapshot) -> None:
        """Show what runs."""
        facts, state = snapshot.device_facts, snapshot.device_state
        name, look = facts.name or snapshot.device, LOOKS.get(state, "warning")
        if look != "ok":
            text = self.tr("{0} is lost. It plays again as soon as it is there; or choose another.").format(
                name
            )
        elif facts.name and not facts.host_api:
            text = self.tr("No audio device: the engine plays by the clock, unheard.")
            look = "warning"
        else:
            text = self.tr("{0} ({1}): {2} Hz, blocks of {3}, {4:.0f} ms from key to sound").format(
                name, facts.host_api, facts.rate_hz, facts.block_samples, snapshot.latency.total_ms
            )
        self.lamp.shine(look)
        tell(self.state, text, "dim" if look == "ok" else look)

    def gone(self) -> None:
        """No engine, so nothing runs."""
        self.lamp.shine("")
        tell(self.state, self.tr("No engine runs."))

    def _state_line(self) -> QLabel:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        self.add(holder)
        row.addWidget(self.lamp)
        made = line("", "dim")
        made.setWordWrap(True)
        made.setMinimumWidth(1)
        row.addWidget(made, 1)
        return made

    def _take(self, found: DeviceList | NeumeError | OSError) -> None:
        self.refresh.setEnabled(True)
        self.refresh.setText(self.tr("Refresh"))
        if not isinstance(found, DeviceList):
            tell(self.problem, str(found), "warning")
            return
        self.devices = found
        tell(self.problem, found.audio_problem or "", "warning")
        self._show(self._choices.now)

    def _show(self, chosen: Choices) -> None:
        """The controls as the choices are."""
        outputs = self.devices.audio_outputs
        systems = host_apis(outputs)
        if chosen.host_api and chosen.host_api not in systems:
            systems = (chosen.host_api, *systems)
        self.host_api.fill([(self.tr("Any"), ""), *((name, name) for name in systems)], chosen.host_api)
        self._fill_devices(chosen)
        output = output_called(chosen.audio_device, outputs) if chosen.audio_device else None
        rates = ((f"{rate_hz} Hz", rate_hz) for rate_hz in rates_of(output, chosen.rate_hz))
        self.rate.fill([(self.tr("Automatic"), 0), *rates], chosen.rate_hz)
        rate_hz = chosen.rate_hz or 48_000
        self.block.fill(
            (
                (self.tr("{0} samples ({1:.1f} ms)").format(samples, 1000.0 * samples / rate_hz), samples)
                for samples in blocks_with(chosen.block_samples)
            ),
            chosen.block_samples,
        )

    def _fill_devices(self, chosen: Choices) -> None:
        outputs = self.devices.audio_outputs
        listed = of_host_api(outputs, chosen.host_api)
        entries: list[tuple[str, object]] = [(self.tr("System default"), "")]
        for output in listed:
            entries.append((label_of(output, listed), call_of(output, outputs)))
        if chosen.audio_device and all(value != chosen.audio_device for _, value in entries):
            entries.append((chosen.audio_device, chosen.audio_device))  # not there now, or not looked yet
        self.device.fill(entries, chosen.audio_device)

    def _choose_host_api(self) -> None:
        """The first device of that system; all systems' default one for "any"."""
        outputs = self.devices.audio_outputs
        of_this = of_host_api(outputs, self.host_api.currentData())
        if self.host_api.currentData() and of_this:
            first = next((output for output in of_this if output.default), of_this[0])
            self._ask(call_of(first, outputs))
        else:
            self._ask("")

    def _send(self) -> None:
        self._ask(self.device.currentData())

    def _ask(self, device: str) -> None:
        wanted = {
            "audio_device": device,
            "host_api": self.host_api.currentData(),
            "rate_hz": self.rate.currentData(),
            "block_samples": self.block.currentData(),
        }
        command = SetAudio(
            device=device or None, rate_hz=wanted["rate_hz"] or None, block_samples=wanted["block_samples"]
        )
        self._wait(True)
        tell(self.problem, self.tr("The device is being opened…"))
        self._engine.ask(command, lambda _text: self._taken(wanted), self._refused)

    def _taken(self, wanted: dict[str, object]) -> None:
        self._wait(False)
        tell(self.problem, "")
        self._choices.change(**wanted)
        self._show(self._choices.now)

    def _refused(self, reason: str) -> None:
        self._wait(False)
        text = reason
        if self._engine.state == PLAYING:
            text = self.tr("Not changed: {0}").format(reason)
        tell(self.problem, text, "warning")
        self._show(self._choices.now)

    def _wait(self, waiting: bool) -> None:
        self.opening = waiting
        for combo in (self.host_api, self.device, self.rate, self.block):
            combo.setEnabled(not waiting)
