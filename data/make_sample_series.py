"""Write the sample series in `samples`, the same bytes on every run: readings, prices, and an operator's export.

All values are invented by formulas; meters and operator do not exist. The week holds the 25-hour day of October 2025.
Run: `python data/make_sample_series.py [folder]`.
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2025, 10, 20)
DAYS = 7
QUARTER = timedelta(minutes=15)
METER = "MUSTER-HAUS-1"
OPERATOR_METER = "DE0000000000000000000000000MUSTER"


def quarters() -> list[datetime]:
    """Starts of all quarter-hours of the week, in UTC."""
    begin = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=BERLIN).astimezone(UTC)
    last = FIRST + timedelta(days=DAYS)
    end = datetime(last.year, last.month, last.day, tzinfo=BERLIN).astimezone(UTC)
    return [begin + number * QUARTER for number in range((end - begin) // QUARTER)]


def load_kw(start: datetime, number: int) -> float:
    """A household: a base, a morning and an evening hump, a little that never repeats."""
    hour = start.astimezone(BERLIN).hour + start.minute / 60
    humps = 0.5 * math.exp(-(((hour - 7.5) / 1.4) ** 2)) + 1.1 * math.exp(-(((hour - 19) / 2.2) ** 2))
    return round(0.22 + humps + number * 7919 % 101 / 1000, 3)


def sun_kw(start: datetime, number: int) -> float:
    """A roof of 8 kW in October under changing clouds."""
    hour = start.astimezone(BERLIN).hour + start.minute / 60
    height = math.sin((hour - 8.2) / 9.6 * math.pi) if 8.2 < hour < 17.8 else 0.0
    return round(4.4 * height * (0.55 + number // 96 * 37 % 10 / 22), 3)


def readings() -> str:
    """The layout of our own: means in kW at the start of the interval, in UTC; two values are missing."""
    lines = ["meter_id,ts,consumption_kw,production_kw,voltage,quality"]
    for number, start in enumerate(quarters()):
        if number in {150, 151}:
            continue
        voltage = round(230 + 3 * math.sin(number / 40) + number % 7 / 10, 1)
        status = "ERSATZWERT" if number == 300 else "ABGELESEN"
        lines.append(
            f"{METER},{start:%Y-%m-%dT%H:%M:%SZ},{load_kw(start, number)},{sun_kw(start, number)},{voltage},{status}"
        )
    return "\n".join(lines) + "\n"


def prices() -> str:
    """Hourly prices of a market that does not exist, negative on a windy Sunday."""
    lines = ["market,product,ts,price_eur_mwh,volume"]
    for number, start in enumerate(quarters()[::4]):
        hour = start.astimezone(BERLIN).hour
        price = 85 + 45 * math.cos((hour - 19) / 12 * math.pi) - (110 if start >= quarters()[-100] else 0)
        lines.append(f"MUSTER,DE-LU-60MIN,{start:%Y-%m-%dT%H:%M:%SZ},{price:.2f},{1200 + number * 31 % 400}")
    return "\n".join(lines) + "\n"


def operator_export() -> bytes:
    """As grid operators send it: preamble, local time at the end of the interval, decimal comma, cp1252."""
    lines = [
        f"Zählpunkt;{OPERATOR_METER};",
        "Energierichtung;Verbrauch;",
        ";;",
        "Messzeitpunkt;Verbrauch (kWh);Qualität",
    ]
    for number, start in enumerate(quarters()):
        energy = f"{load_kw(start, number) / 4:.4f}".replace(".", ",")
        lines.append(f"{(start + QUARTER).astimezone(BERLIN):%d.%m.%Y %H:%M};{energy};gültig")
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def main(folder: Path) -> None:
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "smart_meter_readings.csv").write_text(readings(), encoding="utf-8", newline="")
    (folder / "market_prices.csv").write_text(prices(), encoding="utf-8", newline="")
    (folder / "lastgang_netzbetreiber.csv").write_bytes(operator_export())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "samples")
