"""The `luna` command's grammar: each command reads the settings, does its work elsewhere and ends with a code.

0 all well, 1 something failed, 2 wrong use or wrong settings, 3 (status) not running.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from luna_cli.german import GermanCommand, GermanGroup, complaint, speak_german
from luna_cli.output import EXIT_FAULT, EXIT_OK, EXIT_USAGE, err, fail, out, print_json
from resources.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from luna_cli.ingest import Summary

app = typer.Typer(
    name="luna",
    cls=GermanGroup,
    help="Luna: Energiedaten und -dokumente auf einem Rechner, ohne Cloud.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
KINDS = ("document", "regulation", "note")


@app.callback(invoke_without_command=True)
def luna(
    version: Annotated[bool, typer.Option("--version", help="Version zeigen.", is_eager=True)] = False,
) -> None:
    """Luna: Energiedaten und -dokumente auf einem Rechner, ohne Cloud."""
    if version:
        from resources.embedded.home import release

        out.print(f"Luna {release()}")
        raise typer.Exit(EXIT_OK)


@app.command(cls=GermanCommand)
def dev(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Im Hintergrund weiterlaufen lassen.")] = False,
) -> None:
    """Datenbank, Dagster und API starten; Strg-C hält alles wieder an."""
    from luna_cli.dev import start

    raise typer.Exit(start(_settings(), detach=detach))


@app.command(cls=GermanCommand)
def down() -> None:
    """Alles anhalten."""
    from luna_cli.dev import stop

    raise typer.Exit(stop(_settings()))


@app.command(cls=GermanCommand)
def status(as_json: JsonFlag = False) -> None:
    """Zeigen, wie es jedem Teil geht. Endet mit 0 (alles gut), 1 (gestört) oder 3 (läuft nicht)."""
    from luna_cli.dev import status as tell

    raise typer.Exit(tell(_settings(), as_json=as_json))


@app.command(cls=GermanCommand)
def doctor(as_json: JsonFlag = False) -> None:
    """Nachsehen, ob alles da ist, was Luna braucht, und sagen, was zu tun ist."""
    from dataclasses import asdict

    from luna_cli.doctor import examine

    findings = list(examine(_settings()))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        styles = {"ok": "green", "warn": "yellow", "fault": "red"}
        words = {"ok": "gut     ", "warn": "Hinweis ", "fault": "Fehler  "}
        for finding in findings:
            out.print(words[finding.verdict], style=styles[finding.verdict], end="")
            out.print(f"{finding.subject}: {finding.text}" + (f" → {finding.remedy}" if finding.remedy else ""))
    raise typer.Exit(EXIT_FAULT if any(finding.verdict == "fault" for finding in findings) else EXIT_OK)


@app.command(cls=GermanCommand)
def migrate() -> None:
    """Das Schema der Datenbank auf den neuesten Stand bringen (auch mehrmals unbedenklich)."""
    from luna_cli.schema import bring_up

    report = bring_up(_settings())
    if report.applied:
        out.print(f"{len(report.applied)} Schritte angewendet; das Schema ist bei {report.schema_version}.")
    else:
        out.print(f"Nichts zu tun; das Schema ist bei {report.schema_version}.")


@app.command(cls=GermanCommand)
def seed() -> None:
    """Beispieldokumente aufnehmen. Luna muss laufen."""
    from luna_cli.seed import load_seed

    _conclude(load_seed(_settings()))


@app.command(cls=GermanCommand)
def ingest(
    paths: Annotated[
        list[Path], typer.Argument(help="Dateien und Ordner (Ordner samt Unterordnern).", metavar="PFAD…")
    ],
    kind: Annotated[str, typer.Option(metavar="ART", help=f"Art: {', '.join(KINDS)}.")] = "document",
    tags: Annotated[
        list[str] | None, typer.Option(metavar="WORT", help="Schlagwörter, mit Komma getrennt oder mehrmals.")
    ] = None,
    valid_from: Annotated[str | None, typer.Option(metavar="TAG", help="Gilt ab (JJJJ-MM-TT).")] = None,
    valid_to: Annotated[str | None, typer.Option(metavar="TAG", help="Gilt bis (JJJJ-MM-TT).")] = None,
    title: Annotated[str | None, typer.Option(metavar="TITEL", help="Titel; nur bei einer einzelnen Datei.")] = None,
) -> None:
    """Dokumente aufnehmen und warten, bis sie zu finden sind. Endet mit 0, 1 (einige nicht) oder 2."""
    settings = _settings()
    if kind not in KINDS:
        fail(f"--kind kennt „{kind}“ nicht; möglich sind {', '.join(KINDS)}.", EXIT_USAGE)
    for name, value in (("--valid-from", valid_from), ("--valid-to", valid_to)):
        if value is not None:
            _day(name, value)
    if valid_from and valid_to and valid_to < valid_from:
        fail("--valid-to liegt vor --valid-from.", EXIT_USAGE)
    if title and (len(paths) != 1 or not paths[0].is_file()):
        fail("--title passt nur zu einer einzelnen Datei.", EXIT_USAGE)
    words = [word.strip() for given in tags or [] for word in given.split(",") if word.strip()]
    fields: dict[str, str | list[str]] = {"kind": kind, "tags": words}
    given = {"valid_from": valid_from, "valid_to": valid_to, "title": title}
    fields.update({name: value for name, value in given.items() if value})
    _ingest(settings, paths, fields)


@app.command(name="import", cls=GermanCommand)
def import_series(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Dateien und Ordner mit Messwerten oder Preisen.", metavar="PFAD…"),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="smart_meter_readings oder market_prices; sonst nach dem Inhalt.")
    ] = None,
    meter: Annotated[str | None, typer.Option(help="Zähler, wo die Datei keinen nennt.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone von Zeiten ohne Versatz (sonst Europe/Berlin).")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Bedeutung einer Spalte, wo sie nicht erkannt wird: „Datum=ts“, „#3=consumption“; auch mehrmals."
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Einheit der Werte: kWh, Wh, MWh, kW, W oder MW.")] = None,
    stamp: Annotated[
        str | None, typer.Option(help="Zeiten nennen Beginn (start) oder Ende (end) der Intervalle.")
    ] = None,
    direction: Annotated[str | None, typer.Option(help="consumption (Bezug) oder production (Einspeisung).")] = None,
    market: Annotated[str | None, typer.Option(help="Markt, wo eine Preisdatei keinen nennt, etwa EPEX.")] = None,
    product: Annotated[str | None, typer.Option(help="Produkt, wo eine Preisdatei keines nennt.")] = None,
    create_meters: Annotated[
        bool, typer.Option("--create-meters/--no-create-meters", help="Zähler anlegen, die es noch nicht gibt.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Nur sagen, was geschähe.")] = False,
    undo: Annotated[str | None, typer.Option(help="Diesen Import (seine Kennung) zurücknehmen.")] = None,
) -> None:
    """Messwerte und Preise einlesen und warten, bis sie geladen sind. Endet mit 0, 1 (einige nicht) oder 2."""
    settings = _settings()
    if (undo is None) == (not paths):
        fail("Anzugeben sind entweder Dateien oder --undo mit der Kennung eines Imports.", EXIT_USAGE)
    from luna_cli.import_ import TARGETS, mapping_of
    from luna_cli.ingest import UnusableError

    if target is not None and target not in TARGETS:
        fail(f"--target kennt „{target}“ nicht; möglich sind {', '.join(TARGETS)}.", EXIT_USAGE)
    try:
        mapping = mapping_of(column or [], unit=unit, stamp=stamp, direction=direction)
    except UnusableError as fault:
        fail(str(fault), EXIT_USAGE)
    given = {
        "meter_id": meter,
        "timezone": timezone,
        "market": market,
        "product": product,
        "mapping": mapping,
        "create_meters": None if create_meters else "false",
        "mode": "dry_run" if dry_run else None,
    }
    _import(settings, paths or [], {name: value for name, value in given.items() if value}, target, undo)


user = typer.Typer(cls=GermanGroup, no_args_is_help=True, help="Anmeldungen für die Auswertung in SQL.")
app.add_typer(user, name="user")


@user.command(name="add", cls=GermanCommand)
def user_add(
    name: Annotated[str, typer.Argument(help="Name der Anmeldung, klein geschrieben.", metavar="NAME")],
    tenant: Annotated[list[str] | None, typer.Option(help="Mandant, den sie sieht; auch mehrmals.")] = None,
    role: Annotated[str, typer.Option(help="Art der Anmeldung: analyst.")] = "analyst",
    new_password: Annotated[bool, typer.Option("--new-password", help="Ein neues Kennwort vergeben.")] = False,
) -> None:
    """Eine Anmeldung anlegen, die lesen darf, und ihre Verbindungsadresse zeigen (nur dieses eine Mal)."""
    from luna_cli.user import ROLES, add

    if role not in ROLES:
        fail(f"--role kennt „{role}“ nicht; möglich ist {', '.join(ROLES)}.", EXIT_USAGE)
    address = add(_settings(), name, tenant or ["default"], new_password=new_password)
    if address is None:
        err.print("Die Anmeldung gibt es schon; sie behält ihr Kennwort. Ein neues gibt --new-password.")
    else:
        out.print(address)


@user.command(name="revoke", cls=GermanCommand)
def user_revoke(
    name: Annotated[str, typer.Argument(help="Name der Anmeldung.", metavar="NAME")],
    tenant: Annotated[list[str] | None, typer.Option(help="Nur diesen Mandanten entziehen.")] = None,
) -> None:
    """Einer Anmeldung Mandanten entziehen; ohne --tenant geht sie ganz, auch wenn sie gerade verbunden ist."""
    from luna_cli.user import revoke

    gone = revoke(_settings(), name, tenant)
    out.print("Die Anmeldung ist entfernt." if gone else "Der Mandant ist entzogen; die Anmeldung bleibt.")


@user.command(name="list", cls=GermanCommand)
def user_list(as_json: JsonFlag = False) -> None:
    """Die Anmeldungen und ihre Mandanten zeigen."""
    from luna_cli.user import known

    found = known(_settings())
    if as_json:
        print_json([{"login": one.login, "tenants": list(one.tenants)} for one in found])
        return
    for one in found:
        out.print(f"{one.login}: {', '.join(one.tenants)}")
    if not found:
        out.print("Es gibt noch keine Anmeldungen.")


@app.command(cls=GermanCommand)
def ask(
    question: Annotated[str, typer.Argument(help="Die Frage, in Anführungszeichen.", metavar="FRAGE")],
    as_json: JsonFlag = False,
) -> None:
    """Luna etwas fragen; sie antwortet mit Belegen."""
    from luna_cli.answers import print_answer
    from luna_cli.client import LunaClient

    settings = _settings()
    # Two models may write one after the other, each as long as it is allowed to.
    writing_s = 2 * settings.generate_whole_sec if settings.ollama_host else 0.0
    with LunaClient(settings, timeout_s=60.0 + writing_s) as client:
        data = client.post("/rag/ask", {"question": question})
    if as_json:
        print_json(data)
    else:
        print_answer(out, data)


@app.command(cls=GermanCommand)
def search(
    question: Annotated[str, typer.Argument(help="Wonach gesucht wird, in Anführungszeichen.", metavar="SUCHE")],
    as_json: JsonFlag = False,
) -> None:
    """Fundstellen zeigen, ohne Antwort."""
    from luna_cli.answers import print_hits
    from luna_cli.client import LunaClient

    with LunaClient(_settings()) as client:
        data = client.post("/rag/search", {"question": question})
    if as_json:
        print_json(data)
    else:
        print_hits(out, data)


@app.command(name="eval", cls=GermanCommand)
def evaluate(
    questions: Annotated[
        str,
        typer.Option(
            "--set",
            help="own (beide Hälften), dev, third, all (ohne third) oder eine JSONL-Datei mit Fragen.",
            metavar="SATZ",
        ),
    ] = "own",
    split: Annotated[
        str | None, typer.Option(metavar="HÄLFTE", help="Nur eine Hälfte: tune, hold oder report.")
    ] = None,
    answers: Annotated[bool, typer.Option("--answers/--no-answers", help="Auch antworten lassen.")] = True,
    misses: Annotated[
        bool, typer.Option("--misses", help="Verfehlte Fragen zeigen (nie die aus „hold“ und „report“).")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Messen, wie gut Luna findet und antwortet. Luna muss laufen, die Gesetze müssen aufgenommen sein.

    Eine JSONL-Datei hat je Zeile eine Frage mit den Fundstellen, die sie beantworten, zum Beispiel
    {"id": "q-1", "question": "Wer …?", "kind": "paraphrase", "gold": [{"law": "EnWG", "section": "§ 38"}]};
    ohne Antwort im Gesetz ist „gold“ [].
    """
    from luna_cli.client import LunaClient
    from luna_cli.evaluate import SETS, ask_all, load, print_evaluation, to_json
    from luna_rules.evaluation.questions import QuestionFileError

    settings = _settings()
    try:
        chosen = load(questions, split)
    except QuestionFileError as fault:
        fail(str(fault), EXIT_USAGE)
    with LunaClient(settings) as client:
        client.check()
        try:
            found = ask_all(client, chosen, answers=answers, check=questions not in SETS, console=err)
        except QuestionFileError as fault:
            fail(str(fault), EXIT_USAGE)
    if as_json:
        print_json(to_json(found))
    else:
        print_evaluation(out, found, misses=misses)
    if not found.outcomes:
        fail("Keine der Fragen passt zu den aufgenommenen Gesetzen.")


def run() -> None:
    """Entry of the `luna` command: faults that people can mend are sentences, not tracebacks."""
    raise SystemExit(guarded(sys.argv[1:]))


def guarded(arguments: list[str]) -> int:
    """Run the command; the exit code."""
    from luna_cli.client import ApiFaultError, NotRunningError
    from resources.embedded.errors import EmbeddedError

    speak_german()
    try:
        code = app(arguments, prog_name="luna", standalone_mode=False)
        return code if isinstance(code, int) else EXIT_OK
    except TyperException as fault:
        return _wrong_use(fault)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_FAULT
    except (SettingsError, NotRunningError) as fault:
        err.print(str(fault), style="red")
        return EXIT_USAGE
    except (ApiFaultError, EmbeddedError) as fault:
        err.print(str(fault), style="red")
        return EXIT_FAULT
    except KeyboardInterrupt:
        err.print("Abgebrochen.")
        return 130


def _wrong_use(fault: TyperException) -> int:
    """Say in German what the library did not understand, and how the command is called."""
    ctx: typer.Context | None = getattr(fault, "ctx", None)
    if type(fault).__name__ == "NoArgsIsHelpError" and ctx is not None:
        return EXIT_USAGE
    err.print(complaint(fault.format_message()), style="red")
    if ctx is not None:
        err.print(ctx.get_usage())
        err.print(f"Hilfe: {ctx.command_path} --help")
    return EXIT_USAGE


def _settings() -> Settings:
    return load_settings()


def _day(name: str, value: str) -> None:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        fail(f"{name} ist kein Datum: „{value}“. Richtig wäre zum Beispiel 2025-01-31.", EXIT_USAGE)


def _ingest(settings: Settings, paths: list[Path], fields: dict[str, str | list[str]]) -> None:
    from luna_cli.client import LunaClient
    from luna_cli.ingest import Ingest, UnusableError, find_sources

    try:
        sources = find_sources(paths)
    except UnusableError as fault:
        fail(str(fault), EXIT_USAGE)
    if not sources:
        fail("Hier gibt es nichts aufzunehmen.", EXIT_USAGE)
    with LunaClient(settings) as client:
        client.check()
        summary = Ingest(client, fields).run(sources, err)
    _conclude(summary)


def _import(
    settings: Settings, paths: list[Path], fields: dict[str, str], target: str | None, undone: str | None
) -> None:
    from luna_cli.client import LunaClient
    from luna_cli.import_ import Import, undo
    from luna_cli.ingest import UnusableError, find_sources

    try:
        sources = find_sources(paths)
    except UnusableError as fault:
        fail(str(fault), EXIT_USAGE)
    if not sources and undone is None:
        fail("Hier gibt es nichts einzulesen.", EXIT_USAGE)
    with LunaClient(settings) as client:
        client.check()
        results = [undo(client, undone)] if undone else Import(client, fields, target).run(sources, err)
    for one in results:
        out.print(f"{one.name}: {one.sentence}" + (f" [{one.import_id}]" if one.import_id else ""))
        for fault in one.faults:
            out.print(f"  {fault}")
    raise typer.Exit(EXIT_OK if all(one.ok for one in results) else EXIT_FAULT)


def _conclude(summary: Summary) -> None:
    """Tell what became of the files, and end with the code that says so."""
    from luna_cli.ingest import failures_table

    if summary.failures and out.is_terminal:
        out.print(failures_table(summary))
    else:
        # one line each, however narrow the pipe: for logs and programs
        for failure in summary.failures:
            out.print(f"{failure.source.path}: {failure.reason}")
    out.print(
        f"{summary.count('ready')} aufgenommen, {summary.count('unchanged')} unverändert, "
        f"{summary.count('failed')} gescheitert."
    )
    raise typer.Exit(EXIT_FAULT if summary.failures else EXIT_OK)


if __name__ == "__main__":
    run()
