"""What headers and preambles say, in German and English: what a column holds, in which unit and direction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from luna_rules.series.obis import Direction, Obis, find_obis

Measure = Literal["energy", "power", "register", "voltage", "price", "volume", "other"]

UNITS: Final[dict[str, tuple[Measure, float]]] = {
    "kwh": ("energy", 1.0),
    "wh": ("energy", 0.001),
    "mwh": ("energy", 1000.0),
    "gwh": ("energy", 1_000_000.0),
    "kw": ("power", 1.0),
    "w": ("power", 0.001),
    "mw": ("power", 1000.0),
    "v": ("voltage", 1.0),
}
"""Units with what they measure and the factor to kWh, kW or V."""
UNIT_NAMES: Final = {"kwh": "kWh", "wh": "Wh", "mwh": "MWh", "gwh": "GWh", "kw": "kW", "w": "W", "mw": "MW", "v": "V"}

_UNIT: Final = re.compile(r"(?<![A-Za-z/€])(kwh|wh|mwh|gwh|kw|mw|w|v)(?![A-Za-z0-9/]|\s*/)", re.IGNORECASE)
_PRICE_UNIT: Final = re.compile(
    r"(?<![a-z])(€|euro?|ct|cents?)[\s_]*(?:/|je|pro|per|_)[\s_]*(mwh|kwh|megawattstunden?|kilowattstunden?)",
    re.IGNORECASE,
)
_FOREIGN_UNIT: Final = re.compile(r"kvarh?|varh?\b|kva\b|m³|m3\b|°c|\bhz\b|cos\s*(phi|φ)|\bph\b", re.IGNORECASE)

_UNIT_WORDS: Final = (
    # what is counted in an hour is a power, what is counted in a quarter-hour is the energy of the interval
    (re.compile(r"\bkwh\s*/\s*h\b", re.IGNORECASE), "kW"),
    (re.compile(r"\bmwh\s*/\s*h\b", re.IGNORECASE), "MW"),
    (re.compile(r"\bwh\s*/\s*h\b", re.IGNORECASE), "W"),
    (
        re.compile(
            r"\bkwh\s*(?:/|je|pro|per)\s*(?:15[\s-]*min\w*|1/4[\s-]*(?:h|std)\w*|¼[\s-]*(?:h|std)\w*|viertel\w*|interval\w*)",
            re.IGNORECASE,
        ),
        "kWh",
    ),
    (re.compile(r"\b(kilo-?watt-?stunden?|kilowatt-?hours?)\b", re.IGNORECASE), "kWh"),
    (re.compile(r"\b(mega-?watt-?stunden?|megawatt-?hours?)\b", re.IGNORECASE), "MWh"),
    (re.compile(r"\b(watt-?stunden?|watt-?hours?)\b|total_act(_ret)?_energy$", re.IGNORECASE), "Wh"),
    (re.compile(r"\bkilo-?watt\b", re.IGNORECASE), "kW"),
    (re.compile(r"\bmega-?watt\b", re.IGNORECASE), "MW"),
    (re.compile(r"\bwatt\b", re.IGNORECASE), "W"),
)
"""Units written out, and columns of devices that are known to count in one."""
_BEFORE_W: Final = r"(_|(leistung|power|last|in|spannung|voltage)\s+)"

_REGISTER: Final = (
    r"z(ä|ae)hlerst(a|ä|ae)nd|meter\s*reading|\bregister|cumul|kumul|zählwerk(sstand)?\b|^stand\b|total\s*reading"
)
_OTHER: Final = (
    r"blind|reactive|reaktiv|temperatur|kosten|betrag|\bcost|amount|preis|price|scheinleistung|apparent|frequen|"
    r"leistungsfaktor|gemeinschaftsnutzung|co2|^table$|^result$|^index$|^soc\b|ladestand|zustandszahl|umrechnungsfaktor|wandlerfaktor|brennwert|gradtag|\bnr\.?$|nummer|number"
)
_STATUS: Final = (
    r"status|qualit|g(ü|ue)te|gesch(ä|ae)tzt|is_?estimated|kennzeichen|\bflag|messwert:|wertart|ersatzwert|plausib|"
    r"validit|validier|\bart\b"
)
_UNIT_COLUMN: Final = r"^(mess)?einheit|^unit|^uom|^dimension|^eenheid|^unit[aàée]"
_METER: Final = (
    r"z(ä|ae)hlpunkt|zp-?n(umme)?r|\bzp\b|\bma-?lo\b|\bme-?lo\b|malo-?id|melo-?id|marktlokation|messlokation|"
    r"metering\s*point|messstelle|messpunkt|\bpod\b|meter[_ ]?id|meterid|meter\s*(number|no)|^meter$|"
    r"^z(ä|ae)hler$|\bmpan\b|\bean\b|lokation"
)
_DEVICE: Final = r"z(ä|ae)hler-?\s*(nr|nummer|id)|ger(ä|ae)te|device|serial|serien|equipment"
_OBIS_COLUMN: Final = r"obis|kennzahl|kennziffer|register\s*code|reading\s*type|messgr(ö|oe)(ß|ss)e|\bkanal\b|channel"
_START: Final = (
    r"\bvon\b|\bab\b|beginn|^start|start$|startzeit|startdat|startuhr|"
    r"\bfrom\b|_from\b|^from|begin|anfang|valid_from|interval[\s_]*start|^van\b"
)
_END: Final = r"\bbis\b|ende|^end|end$|_to\b|\bto\b|until|enduhr|enddat|valid_to|interval[\s_]*end|^tot\b"
_READ_AT: Final = r"ablese|messzeitpunkt|reading\s*time|read\s*at"
_DATE: Final = r"datum|\bdate|^tag$|\bday\b|date"
_TIME: Final = r"zeit|uhrzeit|\btime|time|\bts\b|stamp|intervall"
_PRODUCTION: Final = (
    r"einspeis|erzeug|r(ü|ue)cklieferung|r(ü|ue)ckspeis|(ü|ue)bersch(u|ü)(ss|ß)|produktion|generation|production|produced|export|"
    r"feed[- ]?in|\blieferung|abgabe|_ret_energy|ertrag\b|\byield|wechselrichter|\binverter|gesamtanlage|\bsymo\b|"
    r"sunny\s*(boy|tripower|portal)|plenticore|pv-?\s*(anlage|ertrag|leistung)|solar|photovolta|\binfeed|injection|"
    r"energie-?richtung\s*[:;]?\s*(einspeis|lieferung|-a\b)|ins netz|to grid|returned|grid_return|abgegeben|"
    r"eingespeist|injectie|inje[cç]|invoeding|teruglever|produ[cç][aã]o|immess|immission|dodávk|"
    r"(?<!\w)[ap]\s?-(?=$|[\s(\[,;:])|(?<![\w)\]])-\s?[ap](?!\w)"
)
_CONSUMPTION: Final = (
    r"verbrauch|bezug|bezogen|entnahme|consumption|consumed|\bimport|restnetz|\bload\b|netzlast|vorschub|demand|usage|"
    r"withdrawal|netztarif|\bafname|verbruik|consommation|soutirage|consumo|prelievo|prelevat|odběr|"
    r"(?<!\w)[ap]\s?\+(?!\w)|\+\s?[ap](?!\w)"
)
_ENERGY: Final = r"verbrauch|energie|arbeit|energy|consumption|einspeis|erzeug|bezug|vorschub|menge|usage"
_POWER: Final = r"leistung|power|\blast\b|lastprofil|lastgang|demand"
_VOLTAGE: Final = r"spannung|voltage"
_VOLUME: Final = r"volum|menge|\bmwh\b"
_DAILY: Final = r"tages(summe|wert|verbrauch)|daily"


_PART: Final = re.compile(
    r"(?<![a-z0-9])(ht|nt|t[1-4]|hochtarif|niedertarif|hauptzeit|nebenzeit|tarif\s*[1-4])(?![a-z0-9])"
    r"|(?<![a-z0-9])(?:l|phase\s*|ph)([1-3])(?![a-z0-9])|^([abc])_",
    re.IGNORECASE,
)
_ALL_PARTS: Final = re.compile(r"gesamt|summe|total(?!_act)|insgesamt", re.IGNORECASE)
_NET: Final = re.compile(
    r"netz|grid|\b[12]\.(8|29)\.|\bimport|\bexport|(?<!eigen)bezug|einspeis|feed[- ]?in|injec|r(ü|ue)cklieferung|"
    r"returned",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r"batterie|battery|akku|speicher|eigendeckung|eigenverbrauch|gemeinschaftlich|self[\s_-]?consum|direkt\s*verbrauch|"
    r"direct\w*\s*consum|wallbox|(?<![a-z])rest(netz|verbrauch|bezug|einspeis|(ü|ue)berschu)",
    re.IGNORECASE,
)
_OFFSET: Final = re.compile(r"\b(?:utc|gmt)\s*([+-])\s*0?(\d{1,2})(?::?00)?(?![\d:])", re.IGNORECASE)
_ZONES: Final = (
    (re.compile(r"mez\s*\(?ohne|winterzeit|\bmez\b|\bcet\b", re.IGNORECASE), "Etc/GMT-1"),
    (re.compile(r"\b(utc|gmt)\b(?!\s*[+-])", re.IGNORECASE), "UTC"),
)
_SUMMER_TOO: Final = re.compile(r"mesz|cest|sommer|berlin|lokal|ortszeit|local", re.IGNORECASE)


def part_of_total(header: str) -> str | None:
    """The tariff or phase whose share a column holds, such as `HT` or `L1`; None for a total."""
    found = None if _ALL_PARTS.search(header) else _PART.search(header)
    return found[0].strip("_ ").upper() if found else None


def is_net(header: str) -> bool:
    """Whether a column is measured where the site meets the network."""
    return _NET.search(_spaced(header)) is not None


def is_aside(header: str) -> bool:
    """Whether a column holds a part within the site or a share of a community, which no meter of the network shows."""
    return _ASIDE.search(header) is not None


def price_factor(text: str) -> float | None:
    """What a price in the named unit is multiplied with to give EUR/MWh; None where none is named."""
    found = _PRICE_UNIT.search(text)
    if found is None:
        return None
    cents = found[1].lower().startswith("c")
    return (0.01 if cents else 1.0) * (1000.0 if found[2].lower().startswith("k") else 1.0)


def named_zone(text: str) -> str | None:
    """The fixed zone that a header or preamble names; None where it names none or one with summer time."""
    if _SUMMER_TOO.search(text):
        return None
    offsets = {int(f"{sign}{hours}") for sign, hours in _OFFSET.findall(text)}
    if offsets:
        hours = offsets.pop()
        return None if offsets or abs(hours) > 12 else "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"
    return next((zone for pattern, zone in _ZONES if pattern.search(text)), None)


@dataclass(frozen=True)
class Hint:
    """What a header says about its column; None where it says nothing."""

    role: Literal["status", "unit", "meter", "device", "obis", "value", "other"] | None
    measure: Measure | None
    unit: str | None
    direction: Direction | None
    obis: Obis | None
    time: Literal["start", "end", "read_at", "date", "time"] | None
    price_factor: float | None = None


def hint(header: str) -> Hint:
    """Read a header cell."""
    text = re.sub(r"\s+", " ", header.strip()).lower()
    obis = find_obis(header)
    unit = find_unit(header)
    factor = price_factor(header)
    measure = _measure(text, unit, obis, factor is not None)
    role = _role(text, measure, obis)
    direction = find_direction(header, obis) or find_direction(_spaced(header))
    return Hint(role, measure, unit, direction, obis, _time(_spaced(header).lower()) or _time(text), factor)


def _spaced(text: str) -> str:
    """`zeitpunktVon` and `grid_import` as words of their own."""
    return re.sub(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ][a-zäöü])|_+", " ", re.sub(r"\s+", " ", text.strip()))


def find_unit(text: str) -> str | None:
    """The unit of energy, power or voltage that a text names, in its usual spelling; brackets count first."""
    if _FOREIGN_UNIT.search(text) or _PRICE_UNIT.search(text):
        return None
    for pattern, unit in _UNIT_WORDS:
        text = pattern.sub(f" {unit} ", text)
    for bracketed in re.findall(r"[\[(]([^\])]*)[\])]", text):
        found = _UNIT.search(bracketed)
        if found:
            return _spelled(found[1])
    alone = text.strip()
    units = [
        found
        for found in _UNIT.findall(text)
        if found.lower() not in {"w", "v"} or alone == found or re.search(rf"{_BEFORE_W}{found}$", alone, re.IGNORECASE)
    ]
    return _spelled(units[-1]) if units else None


def _spelled(unit: str) -> str:
    if unit == "mW":
        return "W"
    return UNIT_NAMES[unit.lower()]


def exact_unit(text: str) -> str | None:
    """The unit that the whole cell is, such as `KWH` or `[kWh/h]`."""
    word = text.strip().strip("[]()").strip()
    for pattern, unit in _UNIT_WORDS:
        if pattern.fullmatch(word):
            return unit
    return UNIT_NAMES.get(word.lower())


def one_unit(rows: list[list[str]]) -> str | None:
    """The unit that the lines above a table name for its values; None where they name several, or none.

    A unit behind a number, or in the label of one (`Maximalleistung in kW;45`), is that number's own.
    """
    exact = {unit for row in rows for cell in row if (unit := exact_unit(cell))}
    if exact:
        return exact.pop() if len(exact) == 1 else None
    named: set[str] = set()
    for row in rows:
        for place, cell in enumerate(row):
            beside = row[place + 1] if place + 1 < len(row) else ""
            if re.search(r"\d\s*[kMG]?Wh?\b", cell) or re.fullmatch(r"[-+\d.,'\s]*\d\s*([kMG]?Wh?)?", beside):
                continue
            if unit := find_unit(cell):
                named.add(unit)
    return named.pop() if len(named) == 1 else None


def find_direction(text: str, obis: Obis | None = None) -> Direction | None:
    """Taken from the network or fed into it; None where the text says neither or both."""
    if obis is not None and obis.direction is not None:
        return obis.direction
    low = text.lower()
    production = re.search(_PRODUCTION, low) is not None
    consumption = re.search(_CONSUMPTION, low) is not None
    if production == consumption:
        return None
    return "production" if production else "consumption"


def is_meter_label(text: str) -> bool:
    """Whether a cell announces the id of a meter or location."""
    return re.search(_METER, text.lower()) is not None


def is_device_label(text: str) -> bool:
    """Whether a cell announces the number of a device."""
    return re.search(_DEVICE, text.lower()) is not None


def _measure(text: str, unit: str | None, obis: Obis | None, price: bool) -> Measure | None:
    if price:
        return "price"
    if re.search(_REGISTER, text):
        return "register"
    if _FOREIGN_UNIT.search(text):
        return "other"
    if (
        obis is not None
        and obis.is_register
        and not re.search(r"verbrauch|vorschub|differenz|consumption|advance", text)
    ):
        return "register"
    if obis is not None and obis.quantity in {3, 4, 5, 6, 7, 8}:
        return "other"
    if unit is not None:
        return UNITS[unit.lower()][0]
    if re.search(_VOLTAGE, text):
        return "voltage"
    if re.search(r"preis|price", text):
        return "price"
    if re.search(_OTHER, text):
        return "other"
    if obis is not None and (obis.is_period or obis.is_power):
        return "energy" if obis.is_period else "power"
    if re.search(_ENERGY, text):
        return "energy"
    if re.search(_POWER, text):
        return "power"
    return None


def _role(
    text: str, measure: Measure | None, obis: Obis | None
) -> Literal["status", "unit", "meter", "device", "obis", "value", "other"] | None:
    if re.search(_STATUS, text):
        return "status"
    if re.search(_UNIT_COLUMN, text):
        return "unit"
    if measure in {"energy", "power", "register", "voltage", "price"} and (
        find_unit(text) or obis is not None or not (re.search(_METER, text) or re.search(_DEVICE, text))
    ):
        return "value"
    if re.search(_OBIS_COLUMN, text):
        return "obis"
    if re.search(_METER, text):
        return "meter"
    if re.search(_DEVICE, text):
        return "device"
    if measure == "other" or re.search(_OTHER, text):
        return "other"
    return None


def _time(text: str) -> Literal["start", "end", "read_at", "date", "time"] | None:
    start, end = re.search(_START, text) is not None, re.search(_END, text) is not None
    if start != end:
        return "start" if start else "end"
    if re.search(_READ_AT, text):
        return "read_at"
    if re.search(_DATE, text):
        return "date"
    return "time" if re.search(_TIME, text) else None
