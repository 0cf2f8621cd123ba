"""A language model of a few hundred kilobytes with random weights, as a file that Ollama reads.

It says nothing of sense, which is the point: the protocol is real, and nothing that it writes may be shown.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

import httpx
import numpy as np
from numpy.typing import NDArray

NAME: Final = "winzig"
WINDOW: Final = 4096
WIDTH: Final = 64
_HEADS: Final = 4
_HIDDEN: Final = 128
_WORDS: Final = (
    "▁",
    "▁der",
    "▁die",
    "▁das",
    "▁Frist",
    "▁beträgt",
    "▁Wochen",
    "▁Netz",
    "▁Strom",
    ".",
    "▁und",
    "en",
    "er",
)
_UINT32, _FLOAT32, _STRING, _ARRAY, _INT32 = 4, 6, 8, 9, 5
_ALIGNMENT: Final = 32
_MEAN: Final = 1
"""A text's vector is the mean of its tokens'."""


def put(host: str, *, seed: int = 7, window: int = WINDOW, embeds: bool = False) -> str:
    """Lay the model on the server at `host` and return its name there."""
    data = gguf(seed, window, embeds=embeds)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with httpx.Client(base_url=host, timeout=120) as http:
        http.post(f"/api/blobs/{digest}", content=data).raise_for_status()
        body = {
            "model": NAME,
            "files": {f"{NAME}.gguf": digest},
            "template": "{{ .System }} {{ .Prompt }}",
            # So small a model spends its time waiting for its other threads.
            "parameters": {"num_thread": 1},
            "stream": False,
        }
        http.post("/api/create", json=body).raise_for_status()
    return f"{NAME}:latest"


def gguf(seed: int = 7, window: int = WINDOW, *, embeds: bool = False) -> bytes:
    """The file. The same seed and window (tokens) give the same bytes, so the digest is known.

    `embeds`: it says of itself that its vectors are what it is for, and writes nothing.
    """
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *_WORDS]
    kinds = [2, 3, 3, *[6] * 256, *[1] * len(_WORDS)]
    metadata = [
        *([_number("llama.pooling_type", _MEAN)] if embeds else []),
        _text("general.architecture", "llama"),
        _text("general.name", NAME),
        _number("general.alignment", _ALIGNMENT),
        _number("llama.context_length", window),
        _number("llama.embedding_length", WIDTH),
        _number("llama.block_count", 1),
        _number("llama.feed_forward_length", _HIDDEN),
        _number("llama.attention.head_count", _HEADS),
        _number("llama.attention.head_count_kv", _HEADS),
        _number("llama.rope.dimension_count", WIDTH // _HEADS),
        _number("llama.vocab_size", len(tokens)),
        _key("llama.attention.layer_norm_rms_epsilon", _FLOAT32) + struct.pack("<f", 1e-5),
        _text("tokenizer.ggml.model", "llama"),
        _array("tokenizer.ggml.tokens", _STRING, [_string(token) for token in tokens]),
        _array("tokenizer.ggml.scores", _FLOAT32, [struct.pack("<f", -float(n)) for n in range(len(tokens))]),
        _array("tokenizer.ggml.token_type", _INT32, [struct.pack("<i", kind) for kind in kinds]),
        _number("tokenizer.ggml.bos_token_id", 1),
        _number("tokenizer.ggml.eos_token_id", 2),
        _number("tokenizer.ggml.unknown_token_id", 0),
    ]
    return _file(metadata, _tensors(len(tokens), seed))


def _tensors(vocabulary: int, seed: int) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> NDArray[np.float32]:
        return (random.standard_normal(shape) * 0.2).astype(np.float32)

    square = {f"blk.0.attn_{name}.weight": weights(WIDTH, WIDTH) for name in ("q", "k", "v", "output")}
    return {
        "token_embd.weight": weights(vocabulary, WIDTH),
        "output_norm.weight": np.ones(WIDTH, np.float32),
        "output.weight": weights(vocabulary, WIDTH),
        "blk.0.attn_norm.weight": np.ones(WIDTH, np.float32),
        "blk.0.ffn_norm.weight": np.ones(WIDTH, np.float32),
        **square,
        "blk.0.ffn_gate.weight": weights(_HIDDEN, WIDTH),
        "blk.0.ffn_up.weight": weights(_HIDDEN, WIDTH),
        "blk.0.ffn_down.weight": weights(WIDTH, _HIDDEN),
    }


def _file(metadata: Sequence[bytes], tensors: dict[str, NDArray[np.float32]]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)) + b"".join(metadata)
    data = b""
    for name, tensor in tensors.items():
        shape = tensor.shape[::-1]  # the innermost dimension comes first
        head += _string(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", 0, len(data))
        data += _padded(tensor.tobytes())
    return _padded(head) + data


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNMENT)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _key(name: str, kind: int) -> bytes:
    return _string(name) + struct.pack("<I", kind)


def _text(name: str, value: str) -> bytes:
    return _key(name, _STRING) + _string(value)


def _number(name: str, value: int) -> bytes:
    return _key(name, _UINT32) + struct.pack("<I", value)


def _array(name: str, kind: int, values: Sequence[bytes]) -> bytes:
    return _key(name, _ARRAY) + struct.pack("<IQ", kind, len(values)) + b"".join(values)
