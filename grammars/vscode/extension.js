// Starts `kistdsl lsp` and connects the editor to it.
const { workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("kistdsl").get("command");
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  client = new LanguageClient("kistdsl", "kistdsl", server, { documentSelector: [{ language: "kr" }] });
  return client.start();
};

exports.deactivate = () => client && client.stop();
