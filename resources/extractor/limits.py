"""How much a document may cost. One place for every bound that protects the reader.

The bounds are generous for real documents and far below what would hurt the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one extraction. Sizes in bytes unless named otherwise."""

    timeout_s: float = 60.0
    memory_bytes: int = 1500 * MIB
    documents_per_worker: int = 200
    input_bytes: int = 200 * MIB
    text_chars: int = 10_000_000
    output_bytes: int = 40 * MIB
    pdf_pages: int = 5_000
    pdf_stream_bytes: int = 100 * MIB
    pdf_inflated_bytes: int = 1024 * MIB
    zip_members: int = 10_000
    zip_directory_bytes: int = 4 * MIB
    zip_inflated_bytes: int = 400 * MIB
    zip_part_bytes: int = 100 * MIB
    zip_ratio: int = 200
    zip_ratio_floor_bytes: int = 20 * MIB
    nesting: int = 400
    table_columns: int = 400
