"""The language server: the protocol in front of the editor features. Needs the extra `kistdsl[lsp]`."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from kistdsl._version import __version__
from kistdsl.diagnostics import Diagnostic, KistError, Source, Span
from kistdsl.language.layout import formatted
from kistdsl.language.sources import Loaded, load_file
from kistdsl.language.user_properties import installed
from kistdsl.lsp.completion import complete
from kistdsl.lsp.document import Document, Position, to_offset, to_position, to_range
from kistdsl.lsp.hover import hover
from kistdsl.lsp.navigation import definition, silenced, touching
from kistdsl.schema import BUILTIN, Schema

_KINDS = {
    "property": types.CompletionItemKind.Field,
    "term": types.CompletionItemKind.Value,
    "class": types.CompletionItemKind.Class,
    "rule": types.CompletionItemKind.Reference,
    "function": types.CompletionItemKind.Function,
    "norms": types.CompletionItemKind.EnumMember,
    "keyword": types.CompletionItemKind.Keyword,
}


class RuleServer(LanguageServer):
    """Keeps the open documents, checked once for each version."""

    def __init__(self) -> None:
        super().__init__("kistdsl", f"v{__version__}", types.TextDocumentSyncKind.Incremental)
        self._documents: dict[str, tuple[int | None, Document]] = {}
        self._published: dict[str, set[str]] = {}

    @property
    def encoding(self) -> str:
        """Units of characters in positions."""
        return types.PositionEncodingKind(self.workspace.position_encoding or "utf-16").value

    def document(self, uri: str) -> Document:
        """The open document as it is now."""
        text = self.workspace.get_text_document(uri)
        known = self._documents.get(uri)
        if known is not None and known[0] == text.version and known[1].source.text == text.source:
            return known[1]
        document = Document(Source(_path(uri), text.source), self._schema(), self._load)
        self._documents[uri] = (text.version, document)
        return document

    def _schema(self) -> Schema:
        """The properties that are known; a package that cannot be loaded is said, the others stay."""
        try:
            return installed()
        except KistError as error:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, str(error)))
            return BUILTIN

    def forget(self, uri: str) -> None:
        """A document was closed: its reports go."""
        self._documents.pop(uri, None)
        for shown in self._published.pop(uri, set()):
            self._publish(shown, [])

    def _load(self, path: str) -> Loaded:
        """An included file: as it is in the editor, else as it is on the disk."""
        uri = uris.from_fs_path(str(Path(path).absolute()))
        if uri is not None and uri in self.workspace.text_documents:
            return Loaded(Source(path, self.workspace.get_text_document(uri).source))
        return load_file(path)

    # --- reports -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Check all open documents: one may include another."""
        for uri in list(self.workspace.text_documents):
            self._documents.pop(uri, None)
            self._report(uri)

    def _report(self, uri: str) -> None:
        document = self.document(uri)
        by_uri: dict[str, list[Diagnostic]] = {uri: []}
        for problem in document.checked.diagnostics:
            place = self.uri_of(problem.span, document, uri)
            if place == uri or place not in self.workspace.text_documents:
                by_uri.setdefault(place, []).append(problem)
        for gone in self._published.get(uri, set()) - set(by_uri):
            self._publish(gone, [])
        for place, problems in by_uri.items():
            self._publish(place, [self.diagnostic(p, document, uri) for p in problems])
        self._published[uri] = set(by_uri)

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))

    def uri_of(self, span: Span, document: Document, uri: str) -> str:
        if span.source.name == document.source.name:
            return uri
        return uris.from_fs_path(str(Path(span.source.name).absolute())) or uri

    def range(self, span: Span) -> types.Range:
        start, end = to_range(span, self.encoding)
        return types.Range(_position(start), _position(end))

    def diagnostic(self, problem: Diagnostic, document: Document, uri: str) -> types.Diagnostic:
        related = [
            types.DiagnosticRelatedInformation(
                types.Location(self.uri_of(label.span, document, uri), self.range(label.span)), label.message
            )
            for label in problem.labels
            if label.message
        ]
        error = problem.severity == "error"
        return types.Diagnostic(
            range=self.range(problem.span),
            message=problem.message + (f"\nhelp: {problem.help}" if problem.help else ""),
            severity=types.DiagnosticSeverity.Error if error else types.DiagnosticSeverity.Warning,
            code=problem.code,
            source="kistdsl",
            related_information=related or None,
        )


def _path(uri: str) -> str:
    return uris.to_fs_path(uri) or uri


def _position(position: Position) -> types.Position:
    return types.Position(*position)


def _pair(position: types.Position) -> Position:
    return position.line, position.character


def make_server() -> RuleServer:
    """A server with all features."""
    server = RuleServer()
    _watching(server)
    _reading(server)
    _writing(server)
    return server


def _watching(server: RuleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: RuleServer, params: types.DidOpenTextDocumentParams) -> None:
        ls.refresh()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: RuleServer, params: types.DidChangeTextDocumentParams) -> None:
        ls.refresh()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: RuleServer, params: types.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)


def _reading(server: RuleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def show(ls: RuleServer, params: types.HoverParams) -> types.Hover | None:
        document = ls.document(params.text_document.uri)
        found = hover(document, to_offset(document.source, _pair(params.position), ls.encoding))
        if found is None:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.text), ls.range(found.span))

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", "("]))
    def propose(ls: RuleServer, params: types.CompletionParams) -> list[types.CompletionItem]:
        document = ls.document(params.text_document.uri)
        items = complete(document, to_offset(document.source, _pair(params.position), ls.encoding))
        return [
            types.CompletionItem(
                i.label, kind=_KINDS[i.kind], detail=i.detail, insert_text=i.insert, sort_text=f"{n:03}"
            )
            for n, i in enumerate(items)
        ]

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def go(ls: RuleServer, params: types.DefinitionParams) -> types.Location | None:
        document = ls.document(params.text_document.uri)
        span = definition(document, to_offset(document.source, _pair(params.position), ls.encoding))
        if span is None:
            return None
        return types.Location(ls.uri_of(span, document, params.text_document.uri), ls.range(span))


def _writing(server: RuleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def layout(ls: RuleServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        document = ls.document(params.text_document.uri)
        result = formatted(Loaded(document.source))
        if result.problems or not result.changed:
            return None
        end = to_position(document.source, len(document.source.text), ls.encoding)
        return [types.TextEdit(types.Range(types.Position(0, 0), _position(end)), result.text)]

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def fix(ls: RuleServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        document = ls.document(uri)
        start = to_offset(document.source, _pair(params.range.start), ls.encoding)
        end = to_offset(document.source, _pair(params.range.end), ls.encoding)
        problems = touching(document, start, end)
        fixes = [(p, p.fix, p.fix.title) for p in problems if p.fix is not None]
        ignores = [(p, fix, f"ignore {p.slug} here") for p in problems if (fix := silenced(p)) is not None]
        return [
            types.CodeAction(
                title=title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[ls.diagnostic(problem, document, uri)],
                edit=types.WorkspaceEdit(changes={uri: [types.TextEdit(ls.range(fix.span), fix.text)]}),
                is_preferred=fix is problem.fix,
            )
            for problem, fix, title in [*fixes, *ignores]
        ]


def serve() -> None:
    """Serve one client over standard input and output until it says goodbye."""
    make_server().start_io()
