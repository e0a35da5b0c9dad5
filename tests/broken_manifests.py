"""One deliberately broken bundle.toml for each rule: what to change, what to, and the fault to be told."""

from __future__ import annotations

import hashlib

from bundle_factory import file_contents, tiny_manifest, tiny_models_of

from neume.synth.bundle import manifest_text
from neume.synth.mel import MelSpec

MANIFEST = tiny_manifest(file_contents(tiny_models_of(MelSpec())))
TEXT = manifest_text(MANIFEST)
HASH = hashlib.sha256(b"").hexdigest()

PIANO_TEXT = 'number = 0\nname = "Acoustic Grand Piano"\nfamily = "Piano"\nsubstitute = 0'
CARD = f'"card.md" = "{MANIFEST.files["card.md"]}"\n'
LICENCE = f'LICENSE = "{MANIFEST.files["LICENSE"]}"\n'
METRICS = "\n[provenance.metrics]"
STATE = 'name = "history"\nshape = [4]\ndtype = "float32"'

STATE_SECTION = f"\n[[stages.spectrogram.states]]\n{STATE}"

BROKEN = {
    "not TOML": ("schema = 1", "schema = ", "bundle.toml is not TOML"),
    "huge number": ("schema = 1", "schema = " + "9" * 5000, "bundle.toml is not TOML"),
    "deep nesting": ("schema = 1", "schema = " + "[" * 5000, "bundle.toml is not TOML"),
    "schema missing": ("schema = 1", "", "schema: is missing, must be an integer"),
    "schema of tomorrow": ("schema = 1", "schema = 2", "schema: 2 came, this player reads 1"),
    "section missing": ("[sampling]", "[samplings]", "sampling: is missing, must be a table"),
    "section of another type": (METRICS, "metrics = 3\n[extra]", "provenance.metrics: is 3, must be a table"),
    "unknown section": ("[engine]", "[engines]\n[engine]", "engines: unknown key"),
    "unknown key": ("block_hops = 2", "block_hops = 2\nblock_hop = 2", "engine.block_hop: unknown key"),
    "field missing": ("lookahead_hops = 1\n", "", "engine.lookahead_hops: is missing, must be an integer"),
    "true for an integer": (
        "block_hops = 2",
        "block_hops = true",
        "engine.block_hops: is True, must be an integer",
    ),
    "text for a number": ("seed = 7", 'seed = "7"', "golden.seed: is '7', must be an integer"),
    "huge integer": ("seed = 7", "seed = 0x" + "f" * 5000, "golden.seed: a huge integer is outside"),
    "not a number": ("parity_error = 1e-06", "parity_error = nan", "provenance.parity_error: nan is outside"),
    "infinite": ("log_mel_db = 7.5", "log_mel_db = inf", "provenance.metrics.log_mel_db: inf is outside"),
    "endless metrics": (
        "log_mel_db = 7.5",
        "".join(f"m{i} = 1\n" for i in range(512)),
        "provenance.metrics: has 513 entries, at most 512",
    ),
    "metric as text": ("log_mel_db = 7.5", 'log_mel_db = "good"', "log_mel_db: is 'good', must be a number"),
    "id in capitals": ('id = "tiny"', 'id = "Tiny"', "bundle.id: 'Tiny' does not match"),
    "id too long": ('id = "tiny"', f'id = "{"t" * 64}"', "bundle.id: 'ttt"),
    "id with a path": ('id = "tiny"', 'id = "../tiny"', "bundle.id: '../tiny' does not match"),
    "version of two parts": ('version = "0.1.0"', 'version = "0.1"', "bundle.version: '0.1' does not match"),
    "empty licence": ('licence = "CC0-1.0"', 'licence = ""', "bundle.licence: is empty"),
    "terminal codes": ('name = "Tiny ', 'name = "\\u001b[2J ', "bundle.name: must be one printable line"),
    "long name": ('name = "Tiny ', f'name = "{"n" * 201} ', "bundle.name: must be one printable line"),
    "rate": ("rate_hz = 48000", "rate_hz = 4000", "mel.rate_hz: 4000 is outside 8000 to 192000"),
    "window too long": ("rise_samples = 768", "rise_samples = 2048", "mel.fft_samples: must be at least"),
    "hop too long": ("hop_samples = 256", "hop_samples = 2000", "mel.fft_samples: must be at least"),
    "above half the rate": (
        "high_hz = 20000.0",
        "high_hz = 24001.0",
        "mel.high_hz: must be above low_hz and at most",
    ),
    "other mel contract": ("mels = 100", "mels = 80", "mel.digest: the fields above hash to"),
    "block of three hops": ("block_hops = 2", "block_hops = 3", "engine.block_hops: 3 is none of 1, 2, 4"),
    "look-ahead": ("lookahead_hops = 1", "lookahead_hops = 9", "engine.lookahead_hops: 9 is outside 0 to 8"),
    "buckets fall": ("[16, 32, 64]", "[32, 16, 64]", "engine.slot_buckets: must ascend"),
    "buckets repeat": ("[16, 32, 64]", "[16, 16, 64]", "engine.slot_buckets: must ascend"),
    "buckets end early": (
        "[16, 32, 64]",
        "[16, 32]",
        "engine.slot_buckets: must ascend and end at note_slots = 64",
    ),
    "no buckets": ("[16, 32, 64]", "[]", "engine.slot_buckets: must ascend"),
    "bucket of text": ("[16, 32, 64]", '["16", 64]', "engine.slot_buckets: must be an array of integers"),
    "too many slots": ("note_slots = 64", "note_slots = 257", "engine.note_slots: 257 is outside 1 to 256"),
    "features in another order": (
        '"key", "bend_semitones"',
        '"bend_semitones", "key"',
        "engine.features: must be",
    ),
    "feature of another type": (
        '["active", ',
        "[1, ",
        "engine.features: must be an array of printable texts",
    ),
    "features endless": ('["active", ', "[" + '"a", ' * 99, "engine.features: has 110 entries, at most 24"),
    "steps fall": (
        "[0, 1, 2, 4]",
        "[1, 0]",
        "sampling.steps_allowed: must hold at least one number and ascend",
    ),
    "no steps": ("[0, 1, 2, 4]", "[]", "sampling.steps_allowed: must hold at least one number"),
    "too many steps": (
        "[0, 1, 2, 4]",
        "[0, 1, 65]",
        "sampling.steps_allowed: must be an array of integers from 0 to 64",
    ),
    "default not allowed": (
        "steps_default = 1",
        "steps_default = 3",
        "sampling.steps_default: 3 is none of 0, 1, 2, 4",
    ),
    "texture": (
        'schedule = "cosine"',
        'schedule = "cosine"\ntexture = [1.0, 0.5]',
        "sampling.texture: must hold 4 numbers, one for each of steps_allowed",
    ),
    "textures": (
        'schedule = "cosine"',
        'schedule = "cosine"\ntexture = [1.0, 1.0, 1.0, 5.0]',
        "sampling.texture: must be an array of numbers from 0 to 4",
    ),
    "schedule": ('"cosine"', '"linear"', "sampling.schedule: 'linear' is none of cosine"),
    "stage file not listed": (
        'file = "denoiser.onnx"',
        'file = "other.onnx"',
        "stages.denoiser.file: 'other.onnx' is none",
    ),
    "stages share a file": (
        'file = "denoiser.onnx"',
        'file = "inverter.onnx"',
        "stages.inverter: two stages name the same",
    ),
    "fourth stage": ("[stages.denoiser]", "[stages.extra]\n[stages.denoiser]", "stages.extra: unknown key"),
    "state's name": (
        'name = "history"',
        'name = "History"',
        "stages.spectrogram.states[0].name: 'History' does not",
    ),
    "state called as an input": (
        'name = "history"',
        'name = "conditioning"',
        "'conditioning' is already a tensor",
    ),
    "state called as a next one": ('name = "history"', 'name = "next_one"', "'next_one' is already a tensor"),
    "state's dtype": (STATE, STATE.replace("32", "16"), "states[0].dtype: 'float16' is none of float32"),
    "state of no length": (
        "shape = [4]",
        "shape = [0]",
        "states[0].shape: must be an array of integers from 1",
    ),
    "huge state": ("shape = [4]", "shape = [4096, 4096]", "states[0].shape: holds 16777216 values a stream"),
    "state of many axes": (
        "shape = [4]",
        "shape = [1, 1, 1, 1, 1, 1, 1]",
        "states[0].shape: has 7 entries, at most 6",
    ),
    "state twice": (
        STATE,
        f"{STATE}\n\n[[stages.spectrogram.states]]\n{STATE}",
        "stages.spectrogram.states: two states",
    ),
    "states not tables": (
        "[[stages.denoiser.states]]",
        "[stages.denoiser.states]",
        "denoiser.states: is a table, must be an array",
    ),
    "states of numbers": (
        STATE_SECTION,
        "states = [3]",
        "stages.spectrogram.states: must be an array of tables",
    ),
    "no card": (CARD, "", "files.card.md: is missing: every bundle has one"),
    "no licence": (LICENCE, "", "files.LICENSE: is missing: every bundle has one"),
    "file above the folder": (
        "[files]",
        f'[files]\n"../x" = "{HASH}"',
        "files.../x: must be a plain file name",
    ),
    "absolute file": ("[files]", f'[files]\n"/etc/x" = "{HASH}"', "files./etc/x: must be a plain file name"),
    "file on a drive": (
        "[files]",
        f"[files]\n'C:\\x' = \"{HASH}\"",
        "files.C:\\x: must be a plain file name",
    ),
    "manifest lists itself": (
        "[files]",
        f'[files]\n"bundle.toml" = "{HASH}"',
        "files.bundle.toml: must be a plain",
    ),
    "hash in capitals": (CARD, CARD.upper().replace("CARD.MD", "card.md"), "files.card.md: "),
    "too many files": (
        "[files]",
        "[files]\n" + "".join(f'f{i} = "{HASH}"\n' for i in range(64)),
        "files.files: lists 71",
    ),
    "program missing": (PIANO_TEXT, PIANO_TEXT.replace("number = 0", "number = 5"), "missing 0, double 5"),
    "program out of range": ("number = 127", "number = 129", "programs[127].number: 129 is outside 0 to 128"),
    "program's quality": (
        "quality_db = 8.25",
        "quality_db = -1.0",
        "programs[0].quality_db: -1.0 is outside 0",
    ),
    "substitute of a substitute": (
        'number = 9\nname = "Program 9"\nfamily = "Other"\nsubstitute = 0',
        'number = 9\nname = "Program 9"\nfamily = "Other"\nsubstitute = 8',
        "programs[9].substitute: program 8 has no voice of its own",
    ),
    "own substitute without a voice": (
        '"Program 9"\nfamily = "Other"\nsubstitute = 0',
        '"Program 9"\nfamily = "Other"\nsubstitute = 9',
        "programs[9].voice: is missing: program 9 sounds itself",
    ),
    "voice never heard": (
        'family = "Drums"\nsubstitute = 128',
        'family = "Drums"\nsubstitute = 0',
        "programs[128].voice: would never be heard",
    ),
    "voice keys fall": (
        "keys = [21, 60, 108]",
        "keys = [60, 21, 108]",
        "programs[0].voice.keys: must hold at least one",
    ),
    "voice key": (
        "keys = [21, 60, 108]",
        "keys = [21, 60, 128]",
        "programs[0].voice.keys: must be an array of integers",
    ),
    "settling lengths": (
        "settle_s = [3600.0, 3600.0, 3600.0]",
        "settle_s = [3600.0]",
        "voice.settle_s: has 1 values for 3 keys",
    ),
    "settling at once": (
        "settle_s = [3600.0, 3600.0, 3600.0]",
        "settle_s = [3600.0, 0.0, 3600.0]",
        "voice.settle_s: must be an array of numbers",
    ),
    "voice lengths": ("[4.0, 8.5, 40.0]", "[4.0, 8.5]", "voice.decay_db_per_s: has 2 values for 3 keys"),
    "voice rises": (
        "[4.0, 8.5, 40.0]",
        "[4.0, -8.5, 40.0]",
        "voice.decay_db_per_s: must be an array of numbers from 0",
    ),
    "parameter's id": (
        'id = "vibrato-depth"',
        'id = "vibrato_depth"',
        "parameters[0].id: 'vibrato_depth' does not",
    ),
    "parameter's default": ("default = 0.5", "default = 2.5", "parameters[0].default: must lie between"),
    "parameter without a range": (
        "maximum = 2.0\ndefault = 0.5",
        "maximum = 0.0\ndefault = 0.0",
        "these must differ",
    ),
    "training time": (
        "training_time_s = 0.0",
        "training_time_s = -1.0",
        "provenance.training_time_s: -1.0 is outside",
    ),
    "golden file not listed": ('midi = "golden.mid"', 'midi = "x.mid"', "golden.midi: 'x.mid' is none of"),
    "golden steps": ("steps = 1\n", "steps = 3\n", "golden.steps: 3 is none of sampling.steps_allowed"),
    "golden tolerance": (
        "tolerance_db = -60.0",
        "tolerance_db = 6.0",
        "golden.tolerance_db: 6.0 is outside -200 to 0",
    ),
}
