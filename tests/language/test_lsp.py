"""The language server, driven by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import LanguageClient

TEXT = """\
include "common.kr"
property gray scale 255
term sooty of gray = trapmf(0, 0, 35, 50)
class crack
rule dark: IF gray is sooty AND area is hihg THEN crack (0.8)
test "grün 😀 dark":
  gray = 30 => crack by dark
"""


class Client(LanguageClient):
    """Keeps what the server publishes."""

    def __init__(self) -> None:
        super().__init__("test", "1")
        self.published: dict[str, list[types.Diagnostic]] = {}
        self.arrived = asyncio.Event()


def converse(
    folder: Path,
    talk: Callable[[Client, str], Awaitable[None]],
    text: str = TEXT,
    environment: dict[str, str] | None = None,
) -> None:
    """Start `kistdsl lsp`, open a file, talk, shut down."""

    async def session() -> None:
        client = Client()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            client.published[params.uri] = list(params.diagnostics)
            client.arrived.set()

        env = {**os.environ, **(environment or {})}
        await client.start_io(sys.executable, "-m", "kistdsl", "lsp", env=env)
        try:
            await client.initialize_async(
                types.InitializeParams(capabilities=types.ClientCapabilities(), root_uri=folder.as_uri())
            )
            client.initialized(types.InitializedParams())
            path = folder / "main.kr"
            path.write_text(text, encoding="utf-8")
            item = types.TextDocumentItem(path.as_uri(), types.LanguageKind.Ini, 1, text)
            client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            await asyncio.wait_for(client.arrived.wait(), 60)
            await talk(client, path.as_uri())
            await client.shutdown_async(None)
        finally:
            client.exit(None)
            await client.stop()

    (folder / "common.kr").write_text("term huge of area = smf(5%, 10%)\n", encoding="utf-8")
    asyncio.run(session())


def at(uri: str, line: int, character: int) -> dict[str, Any]:
    return {
        "text_document": types.TextDocumentIdentifier(uri),
        "position": types.Position(line, character),
    }


def test_diagnostics_and_their_repair(tmp_path: Path) -> None:
    async def talk(client: Client, uri: str) -> None:
        [problem] = [d for d in client.published[uri] if d.code == "K102"]
        assert problem.range == types.Range(types.Position(4, 40), types.Position(4, 44))
        assert "did you mean `high`" in problem.message
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), problem.range, types.CodeActionContext([problem])
        )
        [action] = await client.text_document_code_action_async(params)
        assert action.title == "write `high`"
        [edit] = action.edit.changes[uri]
        client.arrived.clear()
        change = types.TextDocumentContentChangePartial(text=edit.new_text, range=edit.range)
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=2)
        client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        await asyncio.wait_for(client.arrived.wait(), 60)
        assert not [d for d in client.published[uri] if d.severity == types.DiagnosticSeverity.Error]

    converse(tmp_path, talk)


def test_a_warning_is_ignored_from_the_editor(tmp_path: Path) -> None:
    async def talk(client: Client, uri: str) -> None:
        [problem] = client.published[uri]
        assert problem.code == "K110"
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), problem.range, types.CodeActionContext([problem])
        )
        actions = {a.title: a for a in await client.text_document_code_action_async(params)}
        [edit] = actions["ignore duplicate-class here"].edit.changes[uri]
        assert edit.new_text == "# kr: ignore[duplicate-class]\n"
        assert edit.range == types.Range(types.Position(1, 0), types.Position(1, 0))

    converse(tmp_path, talk, "class crack\nclass crack\nIF area is high THEN crack\n")


def test_hover_definition_completion(tmp_path: Path) -> None:
    async def talk(client: Client, uri: str) -> None:
        term = await client.text_document_hover_async(types.HoverParams(**at(uri, 4, 24)))
        assert "trapmf(0, 0, 35, 50)" in term.contents.value
        assert "█" in term.contents.value
        prop = await client.text_document_hover_async(types.HoverParams(**at(uri, 4, 15)))
        assert "mean gray" in prop.contents.value
        place = await client.text_document_definition_async(types.DefinitionParams(**at(uri, 4, 24)))
        assert place.range.start == types.Position(2, 5)
        include = await client.text_document_definition_async(types.DefinitionParams(**at(uri, 0, 12)))
        assert include.uri.endswith("common.kr")
        items = await client.text_document_completion_async(types.CompletionParams(**at(uri, 4, 22)))
        labels = [i.label for i in items]
        assert "sooty" in labels
        assert "huge" not in labels
        assert "very" in labels
        rule = await client.text_document_definition_async(types.DefinitionParams(**at(uri, 6, 26)))
        assert rule.range.start == types.Position(4, 5)

    converse(tmp_path, talk)


def test_formatting_and_positions_in_utf_16(tmp_path: Path) -> None:
    async def talk(client: Client, uri: str) -> None:
        params = types.DocumentFormattingParams(
            types.TextDocumentIdentifier(uri), types.FormattingOptions(tab_size=2, insert_spaces=True)
        )
        [edit] = await client.text_document_formatting_async(params)
        assert edit.new_text == 'product "😀"\nIF aera is high THEN anomalous\n'
        [problem] = [d for d in client.published[uri] if d.code == "K101"]
        assert problem.range.start == types.Position(0, 21)

    converse(tmp_path, talk, 'product   "😀"    IF aera is high THEN anomalous\n')


def test_formatting_moves_the_names_of_rules_with_their_lines(tmp_path: Path) -> None:
    async def talk(client: Client, uri: str) -> None:
        params = types.DocumentFormattingParams(
            types.TextDocumentIdentifier(uri), types.FormattingOptions(tab_size=2, insert_spaces=True)
        )
        [edit] = await client.text_document_formatting_async(params)
        assert edit.new_text.endswith(
            '\nIF area is high THEN anomalous\n\ntest "t":\n  area = 1 => anomalous by L3\n'
        )

    rules = "IF gray is low THEN anomalous\n\n\n\nIF area is high THEN anomalous\n"
    converse(tmp_path, talk, rules + 'test "t":\n  area = 1 => anomalous by L5\n')


def test_a_property_of_an_installed_package(tmp_path: Path, own_property: Path) -> None:
    async def talk(client: Client, uri: str) -> None:
        assert [d.code for d in client.published[uri]] == ["K102"]  # `hihg`; the property is known
        found = await client.text_document_hover_async(types.HoverParams(**at(uri, 0, 5)))
        assert "share of white pixels" in found.contents.value
        items = await client.text_document_completion_async(types.CompletionParams(**at(uri, 0, 3)))
        assert "overexposed" in [i.label for i in items]

    paths = os.pathsep.join(filter(None, [str(own_property), os.environ.get("PYTHONPATH")]))
    converse(tmp_path, talk, "IF overexposed is hihg THEN anomalous\n", {"PYTHONPATH": paths})
