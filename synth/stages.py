"""The three ONNX models of a bundle, loaded and warmed up: the part of the chain that ONNX Runtime runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from .bundle import Bundle
from .bundle.interfaces import Port, stage_inputs, stage_outputs
from .errors import BundleError
from .manifest import STAGES

WARM_UP_BUDGET_S: Final = 5.0  # for one call; a playable block takes milliseconds
PROVIDERS: Final = ("CPUExecutionProvider",)
FATAL_ONLY: Final = 4  # log severity: what goes wrong is raised, so nothing needs to be printed
SESSION_ENTRIES: Final = {
    "session.intra_op.allow_spinning": "0",  # spinning threads steal time from the audio callback
    "session.inter_op.allow_spinning": "0",
    "session.set_denormal_as_zero": "1",  # decaying states would otherwise slow down a hundredfold
    "session.qdq_matmulnbits_accuracy_level": "4",  # weights of eight bits are multiplied as whole numbers
    "session.load_model_format": "ONNX",  # the format that was checked, whatever the bytes look like
}


@dataclass(frozen=True, slots=True)
class Stages:
    """Sessions of the three models. `run()` of a session may be called from one thread at a time."""

    spectrogram: ort.InferenceSession
    denoiser: ort.InferenceSession
    inverter: ort.InferenceSession


def load_stages(bundle: Bundle, threads: int = 1, budget_s: float = WARM_UP_BUDGET_S) -> Stages:
    """Load the models on the CPU with `threads` threads each, and run one block of silence through each.

    Raises `BundleError` for a model that cannot be loaded, fails, is slower than `budget_s` a call, or gives
    shapes or values that no player can use.

    ONNX Runtime switches denormals off for the thread that loads the first session of the process; threads
    started from that thread later inherit it. Load on the render thread, or on the thread that starts it.
    """
    ort.set_default_logger_severity(FATAL_ONLY)
    sessions: dict[str, ort.InferenceSession] = {}
    faults: list[str] = []
    for stage in STAGES:
        try:
            sessions[stage] = _session(bundle.model(stage), threads)
        except Exception as error:  # ONNX Runtime's errors have no base class of their own
            faults.append(f"{stage}: ONNX Runtime refuses the model: {_one_line(error)}")
            continue
        faults += [f"{stage}: {fault}" for fault in _warm_up(bundle, stage, sessions[stage], budget_s)]
    if faults:
        raise BundleError(str(bundle.folder), faults)
    return Stages(**sessions)


def session_options(threads: int) -> ort.SessionOptions:
    """How a player's sessions run: sequentially, without spinning, silent, denormals as zero."""
    options = ort.SessionOptions()
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL_ONLY
    for key, value in SESSION_ENTRIES.items():
        options.add_session_config_entry(key, value)
    return options


def _session(model: bytes, threads: int) -> ort.InferenceSession:
    return ort.InferenceSession(model, session_options(threads), providers=list(PROVIDERS))


def _warm_up(bundle: Bundle, stage: str, session: ort.InferenceSession, budget_s: float) -> Iterator[str]:
    """Run silence in every shape that differs in kind; two streams and two blocks show lengths baked in."""
    engine = bundle.manifest.engine
    buckets = engine.slot_buckets if stage == "spectrogram" else (engine.note_slots,)
    ports = [*session.get_inputs(), *session.get_outputs()]
    width = next((port.shape[-1] for port in ports if port.name == "context"), 0)
    for slots in buckets:
        for streams, blocks in ((1, 1), (2, 2)):
            lengths = {
                "streams": streams,
                "frames": blocks * engine.block_hops,
                "slots": slots,
                "width": width,
            }
            faults = list(_run_faults(bundle, stage, session, lengths, budget_s))
            if faults:
                yield from faults
                return


def _run_faults(
    bundle: Bundle, stage: str, session: ort.InferenceSession, lengths: dict[str, int], budget_s: float
) -> Iterator[str]:
    feeds = {p.name: np.zeros(_shape(p, lengths), np.float32) for p in stage_inputs(bundle.manifest, stage)}
    wanted = stage_outputs(bundle.manifest, stage)
    try:
        outputs = _run_within(session, [port.name for port in wanted], feeds, budget_s)
    except TimeoutError as error:
        yield str(error)
        return
    except Exception as error:
        yield f"fails on a block of silence: {_one_line(error)}"
        return
    for port, output in zip(wanted, outputs, strict=True):
        shape = _shape(port, lengths)
        if output.shape != shape:
            yield f"output {port.name!r} came out shaped {output.shape}, must be {shape}"
        elif not np.isfinite(output).all():
            yield f"output {port.name!r} is not finite for a block of silence"


def _run_within(
    session: ort.InferenceSession, names: list[str], feeds: dict[str, NDArray[np.float32]], budget_s: float
) -> list[NDArray[np.float32]]:
    """Run a session, and end the run when it exceeds the budget. Raises `TimeoutError` then."""
    options = ort.RunOptions()
    options.log_severity_level = FATAL_ONLY
    watchdog = threading.Timer(budget_s, setattr, (options, "terminate", True))
    watchdog.daemon = True
    end_s = time.perf_counter() + budget_s
    watchdog.start()
    failure: Exception | None = None
    outputs: list[NDArray[np.float32]] = []
    try:
        outputs = session.run(names, feeds, options)
    except Exception as error:
        failure = error
    finally:
        watchdog.cancel()
    if time.perf_counter() >= end_s:
        raise TimeoutError(f"one block takes longer than {budget_s:g} s") from failure
    if failure is not None:
        raise failure
    return outputs


def _shape(port: Port, lengths: dict[str, int]) -> tuple[int, ...]:
    return tuple(axis if isinstance(axis, int) else lengths[axis] for axis in port.axes)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:197] + "..."
