"""Words of everyday law that is not the energy trade's: what a question about another field of law is told by.

Common knowledge as data, folded as by `text.fold`: taxes on income, social benefits, traffic, family, rent, work,
building, noise, nature, water, waste, companies, insurance. A word may stand here although an energy law uses it: it
tells of another field only where nothing cited speaks of it.
"""

from __future__ import annotations

from luna_rules.answers.text import word_set

OTHER_FIELDS = word_set(
    """
    einkommensteuer lohnsteuer umsatzsteuer mehrwertsteuer grundsteuer grunderwerbsteuer erbschaftsteuer schenkungsteuer
    hundesteuer kfz-steuer kirchensteuer gewerbesteuer steuererklaerung steuerklasse kilometerpauschale pendlerpauschale
    rundfunkbeitrag dienstwagen
    kindergeld elterngeld wohngeld buergergeld arbeitslosengeld krankengeld sozialhilfe grundsicherung bafoeg rente
    rentner krankenkasse krankenversicherung pflegegrad pflegegeld mutterschutz elternzeit unterhaltsvorschuss
    fuehrerschein landstrasse autobahn tempolimit geschwindigkeit blitzer parkverbot promille verkehrsschild fahrverbot
    winterreifen strassenverkehr fahrrad bussgeldkatalog
    testament erbe erben erbt erbschaft pflichtteil scheidung sorgerecht ehevertrag heiraten adoption namensrecht
    mietwohnung mietvertrag mietkaution mietminderung mieterhoehung nebenkostenvorauszahlung eigenbedarf untervermietung
    handyvertrag mobilfunkvertrag internetvertrag fitnessstudio ticket flug flugverspaetung zugverspaetung reise
    gewaehrleistung garantie widerrufsrecht kassenbon
    mindestlohn urlaubstage urlaub arbeitsvertrag ueberstunden kuendigungsschutz arbeitszeugnis probezeit betriebsrat
    baugenehmigung bebauungsplan grenzabstand hecke zaun nachbarrecht denkmalschutz denkmalgeschuetzt
    strafgesetzbuch gefaengnis freiheitsstrafe diebstahl koerperverletzung
    schulpflicht kita kindergarten studium reisepass personalausweis wahlrecht einbuergerung aufenthaltstitel
    waffenschein trinkwasser abwasser abwassergebuehr wasseranschluss wasserversorger wasserpreis wasserrechnung
    hund hunde katze haustier muell muellabfuhr restmuell sperrmuell altpapier laermschutz ruhezeiten
    kapitalertragsteuer steuererstattung werbungskosten steuerberater finanzamt steuerbescheid handwerkerleistung
    handwerkerleistungen busspur strassenverkehrsordnung tuev hauptuntersuchung umweltplakette umweltzone
    halteverbot falschparken kfz-versicherung zulassungsstelle nummernschild verkehrsunfall fahrschule hitzefrei
    arbeitszeitgesetz bereitschaftsdienst lohnfortzahlung krankschreibung schutzkleidung arbeitskleidung
    betriebsrente kurzarbeit teilzeit weihnachtsgeld tariflohn praktikum eigentuemerversammlung
    wohnungseigentuemerversammlung eigentuemergemeinschaft hausverwaltung schoenheitsreparatur mietkuerzung
    mietpreisbremse raeumungsklage wohnungsuebergabe kleinreparatur nebenkostenabrechnung hausordnung
    landesbauordnung abstandsflaeche nachbargrundstueck dachausbau brandschutzwand baulast strafanzeige
    gefaengnisstrafe koerperverletzung sachbeschaedigung jobcenter sozialamt sozialleistung arbeitsamt
    privatinsolvenz schufa inkasso vormundschaft standesamt schadensfreiheitsklasse hausratversicherung
    wohngebaeudeversicherung impfung
    kredit kontoauszug kontoauszuege girokonto aktien kryptowaehrung lebensversicherung haftpflicht hausrat
    schornsteinfeger kaminkehrer kaminofen kachelofen feinstaub schadstoffausstoss laerm laermpegel laermgrenzwert
    schallpegel schallschutz dezibel ruhestoerung schattenwurf erschuetterung geruchsbelaestigung elektrosmog
    magnetfeld mikrotesla strahlenbelastung mobilfunkmast bundesimmissionsschutzgesetz
    vogelschutz artenschutz tierschutz naturschutzgebiet landschaftsschutzgebiet fledermaus fledermaeuse rotmilan
    seeadler brutzeit fischtreppe fischerei jagdschein baumfaellung
    grundwasser wasserrecht wasserschutzgebiet hochwasser regenwasser brunnen brunnenbohrung klaeranlage legionellen
    bauantrag bauordnung bauamt bauleitplanung flaechennutzungsplan statik statiker geruest gerueste
    grundbuch notar makler maklerprovision kaufvertrag grundschuld
    wertstoffhof recyclinghof sondermuell elektroschrott altgeraet altgeraete entsorgungshof deponie sammelstelle
    arbeitsschutz arbeitsunfall berufsgenossenschaft ersthelfer fluchtweg fluchtwege schutzhelm schutzbrille
    nachtschicht schichtarbeit sonderurlaub elternteilzeit abmahnung abfindung tarifvertrag gehalt lehrling
    ausbildungsverguetung meisterpruefung gesellenpruefung berufsschule praktikant
    stammkapital gesellschafterversammlung aufsichtsrat frauenquote gewerbeschein gewerbeanmeldung handwerksrolle
    insolvenz insolvenzantrag mahnbescheid gerichtsvollzieher pfaendung schuldnerberatung prozesskostenhilfe
    anwaltskosten rechtsanwalt verzugszins verzugszinsen schmerzensgeld
    parkplatzgebuehr parkgebuehr abschleppen abschleppdienst e-scooter motorrad lastenrad helmpflicht kaufpraemie
    abwrackpraemie umweltbonus umweltpraemie thg-quote
    abschreibung abschreibungsdauer steuererstattungen vorsteuer vorsteuerabzug kleinunternehmer
    kleinunternehmerregelung nullsteuersatz einkommensteuerfrei gewerbesteuerfrei
    endlager atommuell zwischenlager castor kernbrennstoff strahlendosis kohleausstieg strukturhilfe strukturhilfen
    hagelschaden blitzschaden sturmschaden solarversicherung versicherungspraemie selbstbeteiligung
    leinenpflicht schonzeit feuerwehrabgabe
    balkonverglasung schluesseldienst umzugskosten
    fernsehen fernseher rundfunk internetanschluss telefonanschluss glasfaseranschluss router
    ersatzteil ersatzteile reparaturrecht rueckgaberecht umtausch ratenkauf
    """
)
