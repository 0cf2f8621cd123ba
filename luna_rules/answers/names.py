"""Names that tell a question of one place, company or norm from one of federal law. Common knowledge as data."""

from __future__ import annotations

import re

from luna_rules.answers.text import word_set
from luna_rules.references import LawNames
from luna_rules.search.words import fold

PLACES = word_set(
    """
    bayern bayerischen bayerische bayerischer sachsen thueringen hessen brandenburg saarland niedersachsen
    nordrhein-westfalen nrw rheinland-pfalz schleswig-holstein mecklenburg-vorpommern sachsen-anhalt
    baden-wuerttemberg berlin berliner hamburg hamburger bremen bremer muenchen muenchner koeln koelner
    frankfurt stuttgart stuttgarter duesseldorf duesseldorfer leipzig leipziger dortmund essener dresden
    dresdner hannover nuernberg nuernberger duisburg bochum wuppertal bielefeld bonn bonner muenster karlsruhe
    karlsruher mannheim augsburg augsburger wiesbaden moenchengladbach gelsenkirchen aachen braunschweig
    chemnitz kiel kieler halle magdeburg freiburg krefeld mainz mainzer luebeck erfurt oberhausen rostock
    rostocker kassel hagen potsdam saarbruecken hamm ludwigshafen oldenburg osnabrueck leverkusen heidelberg
    darmstadt solingen regensburg ingolstadt wuerzburg wolfsburg ulm goettingen heilbronn pforzheim offenbach
    bottrop trier jena cottbus schwerin oesterreich oesterreichischen oesterreichische schweiz schweizer
    frankreich franzoesischen polen polnischen niederlande niederlanden holland belgien luxemburg daenemark
    daenischen tschechien italien italienischen spanien schweden norwegen finnland grossbritannien england
    irland usa amerika china russland ukraine japan tuerkei bavaria saxony munich cologne austria switzerland
    france poland netherlands belgium denmark italy spain sweden norway wien zuerich paris london bruessel
    """
)
"""Lands, larger towns and countries, folded as by `text.fold`."""


COMPANIES = word_set(
    """
    e.on eon rwe enbw vattenfall leag ewe uniper amprion tennet 50hertz transnetbw westnetz bayernwerk syna mainova
    n-ergie mvv lichtblick yello naturstrom tibber ostrom octopus check24 verivox ionity fastned engie edf
    oersted iberdrola gasunie thyssengas ontras bayernets terranets gascade viessmann vaillant buderus
    junkers stiebel daikin sma fronius huawei enercon vestas nordex byd landis iskra
    steag eprimo enviam mitnetz avacon rheinenergie entega enercity badenova lechwerke edis
    e.dis telekom vodafone aldi lidl ikea aral totalenergies gazprom rosneft axpo wienstrom
    suedlink suedostlink nordstream datteln jaenschwalde moorburg biblis brokdorf gundremmingen
    adac
    """
)
"""Companies, brands, plants and lines of the trade, folded: a statute that does not name one says nothing about it."""
_CAPITALS = re.compile(r"[A-ZÄÖÜ0-9]")
NORM = r"(?:DIN|VDE|DVGW|DGUV|VDI|ISO|IEC|TRGI|VdS)\b(?:[- ](?:[A-Z]{1,4}\b|Vorschrift|Arbeitsblatt|Richtlinie))*"
_NUMBERED_NORM = re.compile(rf"\b{NORM}[- ]*(?P<number>[A-Z]?\d{{1,6}}(?:-\d{{1,4}})*)\b")


def is_company(name: str) -> bool:
    """Whether a word is one of `COMPANIES`, written as a name; in the genitive, too."""
    if not _CAPITALS.match(name):
        return False
    word = fold(name)
    return word in COMPANIES or (word.endswith("s") and word[:-1] in COMPANIES)


def norms_in(text: str) -> dict[str, str]:
    """Technical norms that a text names by number, as written („DIN VDE 0100-722“), with the number of each."""
    return {match.group(): match["number"] for match in _NUMBERED_NORM.finditer(text)}


def is_land(name: str) -> bool:
    """Whether a name is one of `PLACES`, in the genitive, too."""
    word = fold(name)
    return word in PLACES or (word.endswith("s") and word[:-1] in PLACES)


_LAWS = """
    EnWG Energiewirtschaftsgesetz
    EEG Erneuerbare-Energien-Gesetz
    MsbG Messstellenbetriebsgesetz
    StromGVV Stromgrundversorgungsverordnung
    GasGVV Gasgrundversorgungsverordnung
    NAV Niederspannungsanschlussverordnung
    NDAV Niederdruckanschlussverordnung
    KWKG Kraft-Wärme-Kopplungsgesetz
    GWB
    BEHG Brennstoffemissionshandelsgesetz
    TEHG Treibhausgas-Emissionshandelsgesetz
    GEG Gebäudeenergiegesetz
    GModG Gebäudemodernisierungsgesetz
    KSG Klimaschutzgesetz Bundes-Klimaschutzgesetz
    WPG Wärmeplanungsgesetz
    EnEfG Energieeffizienzgesetz
    EnFG Energiefinanzierungsgesetz
    AVBFernwärmeV Fernwärmeverordnung
    FFVAV
    HeizkostenV Heizkostenverordnung
    StromStG Stromsteuergesetz
    EnergieStG Energiesteuergesetz
    StromNEV Stromnetzentgeltverordnung
    GasNEV Gasnetzentgeltverordnung
    ARegV Anreizregulierungsverordnung
    KAV Konzessionsabgabenverordnung
    LSV Ladesäulenverordnung
    MaStRV Marktstammdatenregisterverordnung
    MessEG MessEV WindSeeG NABEG GEIG BSIG PAngV
"""
KNOWN_LAWS = LawNames(_LAWS.split())
"""Names of laws that a question is understood by however it writes them; which laws there are is for the index."""
