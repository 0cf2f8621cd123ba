"""The words of questions about series: subjects, measures, words of law that rule them out, and what is filler.

Patterns only; what follows from a match is `question`'s business. All are held against text in lower case.
"""

from __future__ import annotations

import re
from typing import Final

from luna_rules.series_answers.plan import Per


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


MAY_BE_SERIES: Final = _any(
    r"preis", r"teuer", r"billig", r"günstig", r"verbr[aä]u?ch", r"verbrauch", r"erzeug", r"einspeis", r"eingespeist",
    r"spannung", r"voltage", r"börse", r"epex", r"\beex\b", r"\bapx\b", r"spot", r"day.?ahead", r"\bbase", r"\bpeak",
    r"negativ", r"bezug", r"teurer", r"autark", r"lastgang", r"lastspitze", r"zähler", r"produ[zc]", r"price",
    r"consum", r"expensive", r"cheap",
    r"\blast\b", r"\bstrom", r"\bpv\b", r"solar", r"photovoltaik", r"meter", r"\bkwh\b", r"gebraucht", r"bezogen",
    r"messdaten", r"messwert", r"messreihe", r"ersatzwert", r"spitzenlast", r"höchstlast", r"\beur(?:o)?\b", r"€",
    r"\bcent\b", r"grundlast", r"leistung", r"eigenverbr", r"self", r"electricity",
)  # fmt: skip
POLITE: Final = re.compile(
    r"^(?:(?:hallo|guten (?:tag|morgen|abend)|hi|liebe)\s*(?:luna)?[,!.]?\s+)?(?:bitte\s+)?(?:luna[,:]?\s+)?"
    r"(?:(?:kannst du|können sie|könntest du|könnten sie|kann ich|darf ich|ich möchte|ich würde gern(?:e)?|ich will"
    r"|can you|could you|please)\s+(?:mir|uns|bitte|me|gern|gerne|mal|\s)*"
    r"(?=.*\b(?:sagen|zeigen|erklären|nennen|wissen|erfahren|sehen|anzeigen|fragen|vergleichen|tell|show|explain"
    r"|compare)\b))?"
)
LAW: Final = _any(
    r"§", r"paragra", r"\bart(?:ikel)?\.?\s*\d", r"\babs(?:atz)?\.?\s*\d", r"\bgesetz", r"gesetz\b", r"verordnung",
    r"richtlinie", r"\benwg\b", r"\beeg\b", r"\bmsbg\b", r"\bstromgvv\b", r"\bkwkg\b", r"\bbehg\b", r"\bgeg\b",
    r"\bmuss\b", r"\bmüssen\b", r"\bmusste", r"\bdarf\b", r"\bdürfen\b", r"\bsoll(?:en|te|ten)?\b", r"\bmust\b",
    r"\bshall\b", r"\bshould\b", r"\bmay i\b", r"\bfrist", r"pflicht", r"\banspruch", r"\brecht(?:e|lich)?\b",
    r"\bkündig", r"\bhaft", r"\bzulässig", r"\berlaubt", r"\bverboten", r"\bbußgeld", r"\bstrafe", r"steuer(?!ung)",
    r"umlage", r"abgabe\b", r"konzession", r"förder", r"vergütung", r"zuschlag", r"zuschuss", r"preisbremse",
    r"entlastung", r"rabatt", r"grundversorg", r"ersatzversorg", r"versorger", r"lieferant", r"\banbieter",
    r"vermieter", r"mieter\b", r"netzbetreiber", r"messstellenbetreiber", r"zählerbetreiber", r"bundesnetzagentur",
    r"behörde", r"\bantrag", r"genehmig", r"\banmeld", r"registrier", r"beantrag", r"widersprech", r"reklam",
    r"stromrechnung", r"\brechnung", r"abrechn", r"abschlag", r"nachzahl", r"erstatt", r"\bgeld\b", r"vertrag",
    r"preiserhöhung", r"preisänderung", r"preisanpassung", r"preisgarantie", r"preisobergrenze", r"preisdeckel",
    r"grundpreis", r"arbeitspreis", r"referenzpreis", r"netzentgelt", r"entgelt", r"haushalte?n?\b(?! 1)", r"fernwärme",
    r"heizkost", r"heizöl", r"trinkwasser", r"\bgas(?:preis|markt)?e?s?\b", r"erdgas", r"benzin", r"diesel",
    r"emission", r"zertifikat", r"\bco2\b", r"bruttostrom", r"endenergie", r"primärenergie", r"\banteil", r"gigawatt",
    r"\bumsatz", r"\baktie", r"gemeinde", r"\bbetrug", r"\beich", r"gestohlen", r"diebstahl", r"\bdefiniert",
    r"was (?:bedeutet|heißt|versteht man|ist ein)\b", r"\bwas ist (?:der|die|das) (?:unterschied|spotmarkt|börse)",
    r"\bwer\b", r"\bwem\b", r"\bwessen\b", r"wie funktioniert", r"how does", r"\bfunktionier", r"\bwelche regel",
    r"kühlschrank", r"waschmaschine", r"\bgilt\b", r"\bgelten\b", r"\bkeine abnehmer", r"was passiert", r"wechsel",
    r"\bwann muss", r"ab wie viel", r"ab welche[mnr]", r"bis wann", r"gesetzlich", r"bekomme ich", r"kriege ich",
    r"\bstrafzahlung", r"\beinkommen", r"ausschreibung",
    r"\bausbau", r"\bziel\b", r"\bziele\b", r"\bquote\b",
)  # fmt: skip
CONTRACT: Final = _any(
    r"tarif", r"heizstrom", r"wärmestrom", r"ökostrom", r"\bbei (?:vattenfall|e\.?on|enbw|rwe|den stadtwerken)",
    r"stadtwerke", r"\bkostet\b(?!.*(?:börse|gerade|jetzt|heute|gestern))", r"\bkosten\b", r"haushaltsstrom",
    r"industriestrom", r"endkunden", r"verbraucherpreis", r"autostrom", r"ladesäule", r"familie", r"personen",
    r"\bheiz", r"\beuropa", r"frankreich", r"österreich", r"schweiz", r"polen", r"\busa\b", r"china",
)  # fmt: skip
WHOLE_REGION: Final = _any(
    r"\bdeutschlands?\b", r"\bbundes(?:republik|weit|land|länder)", r"\b(?:welt|landes|europa)weit",
    r"\beu\b", r"\beuropas?\b", r"\bbaden-württembergs?\b",
    r"\b(?:bayern|berlin|brandenburg|bremen|hamburg|hessen|saarland|sachsen|thüringen)s?\b",
    r"\bniedersachsens?\b", r"\b(?:sachsen-anhalt|schleswig-holstein|mecklenburg-vorpommern|nordrhein-westfalen)s?\b",
    r"\brheinland-pfalz\b", r"\bgermany\b", r"\bnrw\b",
)  # fmt: skip
"""Whose consumption and generation no meter of ours measures."""
MARKET_STRONG: Final = _any(
    r"börse", r"\bepex\b", r"\beex\b", r"\bapx\b", r"\bspot\b", r"spot-?(?:markt|preis)\w*", r"day.?ahead",
    r"großhandel", r"marktpreis", r"marktverlauf", r"preisverl[aä]uf", r"preiskurve", r"preisentwicklung",
    r"(?:eur|euro|€)\s*(?:/|pro|je)\s*(?:mwh|megawattstunde)", r"\bbase(?:-?(?:preis|load)\w*)?\b(?=.*\b\w)",
    r"\bpeak-?(?:preis|load)\w*\b", r"\bpeak\b(?=.*(?:preis|price|product|produkt|20\d\d|monat|woche|jahr|base))",
    r"negative[nrsm]? (?:strom|börsen|markt)?(?:preis|stunde)\w*", r"preise?\b.*\bnegativ",
    r"negative? (?:electricity )?prices?",
    r"prices?\b.*\bnegative", r"\bde-lu", r"strompreis\w*\b.*\bnegativ", r"spotpreis",
)  # fmt: skip
MARKET_WEAK: Final = _any(
    r"\bstrompreis\w*", r"\b[\wäöüß-]*preis(?:e|en|es|s)?\b", r"\bpreis(?:spanne|spitze|niveau)\w*",
    r"\bstrom\b.*\b(?:teuer|teurer|billig|günstig|gekostet|kostete)",
    r"\b(?:tage?|stunden?|wochen?|monate?|jahre?|wochentag|quartal|uhrzeit)\b.*\b(?:teuerste|billigste"
    r"|günstigste)[nrsm]?\b",
    r"(?:teuer|billig|günstig)\w*\b.*\b(?:strom|stunden?|tage?|monate?|wochen?|jahre?|viertelstunden?|uhrzeit"
    r"|quartal)\b",
    r"\b(?:teurer|billiger|günstiger)\s+als\b", r"\bstunden\b.*\bnegativ",
    r"\b(?:kostete|kostet)\b.*\bstrom\b", r"\bprices?\b", r"electricity\b.*\b(?:expensive|cheap|cost)",
    r"(?:most expensive|cheapest)\b", r"\bstrom\b.*\b(?:am teuersten|am billigsten|am günstigsten)",
    r"\b(?:am teuersten|am billigsten|am günstigsten)\b",
)  # fmt: skip
PRICE_WORD: Final = re.compile(
    r"preis|pric|teuer|billig|günstig|kost|cost|expensive|cheap|eur|€|\bwert\b|epex|spot|day.?ahead"
)
OWN: Final = re.compile(r"\b(?:mein|unser|my|our)\w{0,3}\b|\b(?:ich|wir|i|we)\b")
_OWN_NOUNS = (
    r"(?:strom|gesamt|energie|tages|monats|jahres|haus|nacht|netz|heiz|wärmepumpen)?-?verbr[aä]uch\w*|lastg[aä]ng\w*"
    r"|last(?:spitze\w*|profil\w*)?\b|(?:strom|solar|pv-?)?(?:erzeugung|produktion|ertrag|leistung)\w*|einspeisung\w*"
    r"|(?:netz|strom)?bezug\w*|spannung\w*|netzspannung|pv(?:-anlage)?\b|solar\w*|photovoltaik\w*|(?:strom)?zähler\w*"
    r"|wärmepumpe\w*|grundlast|mess(?:daten|werte|reihe)\w*|daten|anlage|wallbox|haushalt|haus|bezug|consumption"
    r"|usage|production|generation|voltage"
    r"|smart ?meter|meter|load|feed-?in|spitzenlast|leistungsspitze|batterie|speicher|eigenverbrauch\w*"
)
OWN_SERIES: Final = re.compile(
    rf"\b(?:mein|unser|my|our)\w{{0,3}}\s+(?:[\wäöüß-]+\s+){{0,3}}?(?:{_OWN_NOUNS})"
    rf"|\b(?:stromverbrauch|verbrauch|lastgang|einspeisung|erzeugung|bezug|lastspitze)\b.*\b(?:von mir|von uns"
    r"|(?:des|vom|am|im) (?:haus|zähler)\w*)"
)
DID: Final = re.compile(
    r"\b(?:ha(?:be|b|tte|ben|tten|t)|wurde?n?)\b.*\b(?:verbraucht|eingespeist|erzeugt|produziert|bezogen|gebraucht"
    r"|geliefert)\b(?=.*|$)"
    r"|\b(?:verbrauchte|speiste|erzeugte|produzierte|bezog)n?\b.*\b(?:ich|wir|meine?|unsere?|haus)\b"
    r"|\b(?:did|have|do) (?:i|we|my)\b.*\b(?:use|used|consume|consumed|produce|produced|generate|generated|feed|fed)\b"
    r"|\bdurch (?:den|meinen|unseren) zähler\b|\b(?:verbrauche|erzeuge|produziere|beziehe|verbrauchen wir"
    r"|erzeugen wir) ?(?:ich)?\b"
)
CONSUMPTION: Final = re.compile(
    r"\b(?:strom)?verbr[aä]uch\w*|\blastgang\w*|\blastspitze\w*|\bconsumption\b|\bgrundlast\b"
)
CONSUMED: Final = re.compile(r"verbrauch(?!squote)|verbraucht|bezogen|bezug|gebraucht|consum|\bused?\b")
PRODUCTION: Final = re.compile(
    r"erzeug|einspeis|eingespeist|produ[zck]|\bpv\b|pv-|solar|photovoltaik|ertrag|generat|feed-?in|\bfed\b"
)
VOLTAGE: Final = re.compile(r"\b(?:netz)?spannung\w*|\bvoltage\b|\bvolt\b")
AUTARKY: Final = re.compile(r"\bautark\w*|self-?sufficien")
SELF_USE: Final = re.compile(
    r"\beigenverbrauch\w*|\bselbst\s*(?:verbrauch|genutzt|genommen)\w*|\bself-?(?:consumption|use)\b"
)
NEGATIVE: Final = re.compile(r"negativ|unter (?:null|0)\b(?! ?[.,]\d)|below zero|unter der null")
NEGATIVE_ASKED: Final = re.compile(r"\b(?:gab es|waren?|wurden?|hatten wir|were|was)\b")
COUNTED: Final = re.compile(r"\bwie ?viele?\b|\bwie oft\b|\bwie lange\b|\banzahl\b|\bhow (?:many|often|long)\b|\bzähl")
GAPS: Final = re.compile(
    r"\blücken?\w*|\bausf[aä]ll\w*|\bfehl(?:en|ten|t|te|ende\w*)\b|\bvollständig|\bersatzwert|\bdatenqualität"
    r"|\bmissing\b|\bgaps?\b"
    r"|\bdatenlücke"
)
MOST: Final = re.compile(
    r"\bhöchst(?:e[nrsm]?|wert\w*|preis\w*|stand)?\b|\bam höchsten\b|\bmaxim\w*|\bmax\b|\bteuerste[nrsm]?\b"
    r"|\bam teuersten\b|\bam meisten\b|\bmeiste[nrsm]?\b|\bgrößte[nrsm]?\b|\bam größten\b|\bstärkste[nrsm]?\b"
    r"|\bspitzen?(?:wert|last|preis|verbrauch)\w*|\bhöchstlast\w*|\bpreisspitze\w*|\blastspitze\w*"
    r"|\bleistungsspitze\w*|\bspitze\b"
    r"|\bhighest\b|\bmost\b|\bpeak consumption\b|\brekord\w*"
)
LEAST: Final = re.compile(
    r"\bniedrigst(?:e[nrsm]?|wert\w*|preis\w*)?\b|\bam niedrigsten\b|\bminim\w*|\bmin\b|\bbilligste[nrsm]?\b"
    r"|\bam billigsten\b|\bgünstigste[nrsm]?\b|\bam günstigsten\b|\bgeringste[nrsm]?\b|\bam geringsten\b"
    r"|\bkleinste[nrsm]?\b|\btiefste[nrsm]?\b|\bam tiefsten\b|\bam wenigsten\b|\bwenigste[nrsm]?\b|\btiefst\w*"
    r"|\blowest\b|\bcheapest\b|\bleast\b|\bgrundlast\b"
)
MEAN: Final = re.compile(
    r"\bdurchschnitt\w*|\bmittelwert\w*|\bmittlere[nrsm]?\b|\bim (?:schnitt|mittel)\b|\bjahresmittel\w*"
    r"|\btagesmittel\w*"
    r"|\bmonatsmittel\w*|\bmittelpreis\w*|\baverage\b|\bmean\b|\bdurchschnittspreis\w*|\btypisch\w*"
)
SPREAD: Final = re.compile(
    r"\bspannen?\b|\bpreisspanne\w*|\bspread\b|\bschwank\w*|\bvolatil\w*|\bunterschied zwischen (?:höchst|teuer)"
)
MEDIAN: Final = re.compile(r"\bmedian\w*|\bzentralwert\w*")
DEVIATION: Final = re.compile(r"\bstandardabweichung\w*|\bstreuung\w*|\bstandard deviation\b")
RUN: Final = re.compile(
    r"\blängste[nrsm]?\b|\bam längsten\b|\bam stück\b|\bhintereinander\b|\bununterbrochen\w*|\bdurchgehend\w*"
    r"|\blongest\b"
)
COST: Final = re.compile(
    r"\bgekostet\b|\bkostete?n?\b|\bkosten\b|\bstromkosten\b|\bbezahlt\b|\bteuer (?:war|waren|wäre)\b"
    r"|\bwert\b(?=.*börse)|\bcost\b"
    r"|\bwert gewesen\b|\beingebracht\b|\berlös\w*"
)
OWN_COST: Final = re.compile(
    r"\b(?:mein|unser|my|our)\w{0,3}\s+(?:[\wäöüß-]+\s+){0,2}?(?:strom\w*|verbr[aä]uch\w*"
    r"|energie\w*)"
)
DAYS_OF_WEEK: Final = re.compile(
    r"\b(?:wochenenden?|werktags?|werktagen|wochentagen|arbeitstagen|montags|dienstags|mittwochs|donnerstags|freitags"
    r"|samstags"
    r"|sonntags)\b"
)
AT_MARKET: Final = re.compile(
    r"börse|spot|epex|\beex\b|\bapx\b|day.?ahead|großhandel|dynamisch|marktpreis|stundenpreis"
)
VOLTAGE_BAND: Final = re.compile(
    r"\b(?:im|innerhalb(?: des| der)?|außerhalb(?: des| der)?)\s+(?:(?:erlaubten|zulässigen|normalen|grünen)\s+"
    r"(?:bereichs?|bandes?|spannungsband\w*|rahmens?)|norm(?:bereichs?)?\b|(?:din\s+)?en\s?50160)|\ben\s?50160\b"
)
BY_METER: Final = re.compile(r"\bwelche[rsm]? (?:zähler|gebäude|standort|anlage|haus)\b|\bwhich meter\b")
ONLY_DATA: Final = re.compile(r"\b(?:mess|zähler)?(?:werte|daten)n?\b|\bersatzwerte?n?\b|\bzählern?\b|\bmessreihe\w*")
IN_A_ROW: Final = re.compile(
    r"\b(?:zusammenhängende[nr]?|aufeinander\s?folgende[nr]?)\b|\bam stück\b|\bhintereinander\b|\bin folge\b"
    r"|\bnacheinander\b"
)
_COUNTS = {"zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10}
COUNT_OF: Final = re.compile(
    r"\b(?P<n>\d{1,2}|" + "|".join(_COUNTS) + r")\s+(?:[\wäöüß-]+(?:en|e|er)\s+){0,2}?"
    r"(?P<unit>stunden|viertelstunden|tagen?|wochen|monaten?|jahren?)\b"
)
PLURAL_BEST: Final = re.compile(
    r"\b(?:teuer|günstig|billig|höch|niedrig|größ|tief)sten\s+(?:[\wäöüß-]+en\s+)?(?P<unit>stunden|tage|wochen|monate"
    r"|jahre)\b"
)
UNIT_PER: Final[dict[str, Per]] = {"s": "1h", "v": "interval", "t": "1d", "w": "1w", "m": "1mo", "j": "1y"}


def counted(word: str) -> int:
    """The number that a word or digits say."""
    return int(word) if word.isdigit() else _COUNTS[word]


BASE: Final = re.compile(r"\bbase\b|\bbase-?(?:preis|load)\w*|\bgrundlastpreis\w*")
PEAK: Final = re.compile(r"\bpeak\b|\bpeak-?(?:preis|load)\w*|\bspitzenlastpreis\w*")
COURSE: Final = re.compile(
    r"\berklär\w*|\bverl[aä]uf\w*|\bverlief\w*|\bpreisverl\w*|\bentwickel\w*|\bentwicklung\w*"
    r"|\bpreisentwicklung\w*|\bbeschreib\w*|\bexplain\b|\bzusammenfass\w*|\bfasse?\b.*\bzusammen\b|\blastgang\b"
    r"|\bpreiskurve\b|\btagesgang\b|\bdevelop\w*"
    r"|\bso (?:teuer|hoch|billig|niedrig|günstig|viel|expensive|high|cheap)\b"
)
COURSE_WEAK: Final = re.compile(
    r"\bwie (?:war|waren|sah|sahen|lief|liefen|sieht)\b|\bzeig\w*|\bübersicht\w*|\bshow\b|\bhow (?:was|were)\b"
    r"|\bwas war\b.*\blos\b"
)
AMOUNT: Final = re.compile(
    r"\bwie ?viele?\b|\bwie (?:hoch|groß)\b|\bgesamt\w*|\bsumme\b|\binsgesamt\b|\bhow (?:much|many|high)\b"
    r"|\bverbrauchte\w*|\bmenge\b|\bwas (?:habe|verbrauche|erzeuge|verbrauchen|erzeugen)\b|\btotal\b|\bnenn\w*|\bsag\w*"
)
VALUE: Final = re.compile(
    r"\bwie (?:hoch|teuer|niedrig|groß|billig|günstig|viel)\b|\bwelche[nrsm]?\b|\bwas (?:kostete?|war|ist|sind|waren)\b"
    r"|\bhow (?:high|much|expensive)\b|\bwhat (?:was|is|were|are)\b|\bnenn\w*|\bsag\w*|\bkostete?\b"
    r"|\bpreis (?:am|um|von|für)\b|\baktuelle[nrsm]?\b|\bwann\b|\bwhen\b|\bgib\b|\btell\b"
)
COMPARE: Final = re.compile(
    r"\bverglei\w*|\bverglich\w*|\bgegenüber\b|\bunterschied\w*|\bals\b|\bversus\b|\bvs\b|\bcompare\w*"
    r"|\bdifferenz\b|\bthan\b"
)
PAST: Final = re.compile(r"\b(?:war|waren|wurde|wurden|gab|hatte|hatten|habe|haben|was|were|did)\b")
PRESENT: Final = re.compile(r"\b(?:ist|sind|kostet|beträgt|liegt|is|are|verbrauche|erzeuge)\b")
PER: Final[tuple[tuple[re.Pattern[str], Per], ...]] = (
    (re.compile(r"\bwochentag\w*|\bday of the week\b|\bweekday\b"), "weekday"),
    (
        re.compile(r"\b(?:uhrzeit|tageszeit|tagesstunde|time of day)\w*|\bstunde des tages\b|\bzu welcher stunde\b"
            r"|\bhour of the day\b"),
        "hour_of_day",
    ),
    (
        re.compile(
            r"\b(?:teuerste|billigste|günstigste|höchste|niedrigste|welche|verbrauchsstärkste)[nrsm]?\s+(?:\w+\s+)?"
            r"(?:stunden?)\b|\bin welcher stunde\b|\bstunde mit de[mn]\b|\bwhich hour\b"
        ),
        "1h",
    ),
    (
        re.compile(
            r"\b(?:teuerste|billigste|günstigste|höchste|niedrigste|welche|verbrauchsstärkste|sonnigste|beste"
            r"|schlechteste|ertragreichste)[nrsm]?\s+(?:[\wäöüß-]+\s+)?"
            r"(?:tag(?!es)|tages(?:wert|verbrauch|mittel|preis|erzeugung)\w*)\b|\btag mit de[mn]\b"
            r"|\ban welche[mn] tage?n?\b|\b(?:an )?wie ?vielen? tagen?\b|\bwelcher tag\b|\bwhich day\b|\b(?:cheapest"
            r"|most expensive|highest) day\b"
            r"|\btages(?:verbrauch|mittel|preis|erzeugung|wert)\w*|\bpro tag\b|\bje tag\b|\bper day\b"
            r"|\btäglich\w*|\bday with\b"
        ),
        "1d",
    ),
    (
        re.compile(
            r"\bwoche mit de[mn]\b|\bwelche[rn]? woche\b|\b(?:teuer|billig|günstig)ste[nrsm]?\s+woche\b"
            r"|\bpro woche\b|\bje woche\b"
        ),
        "1w",
    ),
    (
        re.compile(
            r"\bmonat mit de[mn]\b|\bwelche[rmn]? monate?n?\b|\b(?:teuer|billig|günstig)ste[nrsm]?\s+monat\b"
            r"|\bpro monat\b|\bje monat\b|\bmonatlich\w*|\bwhich month\b|\bmonats(?:verbrauch|mittel|preis|wert)\w*"
            r"|\bper month\b|\b(?:cheapest|most expensive) month\b"
        ),
        "1mo",
    ),
    (
        re.compile(
            r"\bwelche[sm] jahr\b|\bjahr mit de[mn]\b|\b(?:teuer|billig|günstig)ste[nrsm]?\s+jahr\b"
            r"|\bpro jahr\b|\bwhich year\b"
        ),
        "1y",
    ),
)  # fmt: skip
NO_NAMES: Final = frozenset(("strom", "verbrauch", "zähler", "haus", "pv", "netz", "preis", "test", "base", "peak"))
"""Names of meters that are words of questions too: they name nothing."""
_FILLER = (
    "der die das den dem des ein eine einen einem einer eines und oder aber mit zu zum zur im in am an auf aus bei von "
    "vom für um als wie was wann wo welche welcher welches welchen welchem wieviel wieviele viel viele wievielen oft "
    "lange hoch höher teuer teurer billig billiger günstig günstiger niedrig niedriger groß größer klein war waren ist "
    "sind wird wurde wurden werden hat haben habe hatte hatten gab gibt gewesen sein es ich du er sie wir ihr mein "
    "meine meinen meinem meiner meines unser unsere unseren unserem unserer unseres mir mich uns bitte mal denn "
    "eigentlich eben nun dann da dort hier so sehr ganz genau etwa ungefähr rund circa ca jeweils je pro jeder jede "
    "jedes alle aller allen gesamt gesamte gesamten insgesamt über unter oberhalb unterhalb mehr weniger mindestens "
    "nicht kein keine nur auch noch schon bisher bis ab seit vor nach während zwischen innerhalb gegenüber versus "
    "verglichen vergleich vergleiche vergleichen vergleichst unterschied differenz dazu davon dabei damit daran darin "
    "luna hallo guten tag danke sag sage sagen zeig zeige zeigen nenn nenne nennen erklär erkläre erklären beschreib "
    "beschreibe wissen möchte würde gern gerne will kannst können könntest könnten kann stunde stunden viertelstunde "
    "viertelstunden minute minuten tage tagen tages woche wochen monat monate monats jahr jahre jahres jahren uhr zeit "
    "zeitpunkt zeitraum uhrzeit tageszeit wochentag wochentags quartal uhrzeiten moment datum wert werte werten kwh "
    "kw mwh mw watt kilowatt kilowattstunde kilowattstunden megawattstunde euro eur cent ct volt strom stroms "
    "elektrizität energie deutschland deutschen deutsche de-lu gebotszone netz netzes haus hauses haushalt anlage "
    "markt märkten deutscher negativ negative negativen negativer null mittel schnitt wegen warum wieso weshalb los "
    "entwickelt entwickelte entwickelten verändert geändert gestiegen gesunken verlauf verlief verliefen lief liefen "
    "sah sahen aus ausgesehen fass fasse zusammen gib geben mach mache daten messwerte messung zahlen stand lag lagen "
    "liegt liegen betrug betrugen beträgt erreicht erreichte erreichten kostete kostet gekostet zeigte anzahl häufig "
    "selbst direkt eigene eigenen eigener vorort dach summe menge spitze tief the a an of in on at for to was were is "
    "are what when how much many high did do i we my our me which show tell explain compare with than price prices "
    "electricity power hours hour day days week month year most least highest lowest cheapest expensive average mean "
    "from between and or consumption usage use used production produced negative per total there have has been "
    "neue neuen letzter gerade dieses diesem diesen dieser diese letzte letzten letztes vergangenen einzelnen zweimal "
    "vorherigen vorigen selben gleichen wäsche laden aufladen e-auto auto geladen obwohl passiert geworden damals "
    "heutige heutigen aktuelle aktuellen aktueller lag's dein deine ihre ihren ihnen ja kurz einmal überblick "
    "hoher hohe hohen niedrige niedrigen teure teuren günstige günstigen billige billigen entfielen entfiel zählte "
    "gezählt gemessen messen maß verglichen zeitlich pro pro-tag monatlich täglich wöchentlich jährlich stündlich "
    "waren's anfang mitte ende beginn vergangene kommt kam kamen verzeichnet registriert insgesamte verbrauchen "
    "erzeugen verbrauche erzeuge beziehe beziehen nutze nutzen genutzt solch solche beide beiden zwei drei produkt "
    "sich stück folge wurden vielen vieles prozent ins gehabt brauchte brauchten brauche gemessene gemessener phase "
    "serie strecke "
    "zeitraums "
    "lang hätte hätten wäre wären zusammen zusammengenommen immer jemals je ging durch kwh/tag unterschiedlich "
    "erlaubten zulässigen bereich "
    "norm en hause meins uns unseres tagsüber gewesen lagen kaufen bekommen durchschnittlichen stromkosten dynamisch "
    "dynamischen dynamischem "
    "handel handelstag liefertag lieferung stromhandel auktion gehandelt jemals absolut absolute absoluten historisch"
)
_MEASURES = (
    MEDIAN, DEVIATION, RUN, COST, IN_A_ROW, VOLTAGE_BAND, ONLY_DATA, MOST, LEAST, MEAN, SPREAD, BASE, PEAK, COURSE,
    GAPS, AUTARKY, SELF_USE, NEGATIVE, CONSUMPTION, VOLTAGE,
)  # fmt: skip
KNOWN: Final = re.compile(
    "|".join(re.escape(word) for word in dict.fromkeys(_FILLER.split()))
    + "|"
    + "|".join(f"(?:{pattern.pattern})" for pattern in _MEASURES)
    + rf"|{_OWN_NOUNS}"
    + r"|[\w-]*(?:verbr[aä]uch|verbraucht|erzeug|einspeis|eingespeist|produzier|bezogen|gebraucht|geliefert|preis|börse"
    r"|ertrag|epex|spot|day-?ahead|autark|spannung|zähler|voltage|lastg[aä]ng|großhandel|teuerst|billigst|günstigst"
    r"|höchst|niedrigst|generat|produc|consum|stromverbr|photovolt|solar|eex|apx|lücke|ersatzwert|tages|monats"
    r"|viertelst|stündl|solarstrom|pv-strom|zeitumstellung)[\w-]*"
)
