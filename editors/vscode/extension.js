// Starts `sonde lsp` and connects it. All that is known of recipes is known there.
const { workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const settings = workspace.getConfiguration("sonde");
  const plugins = settings.get("plugins", []).flatMap((file) => ["--plugin", file]);
  client = new LanguageClient(
    "sonde",
    "Sonde",
    { command: settings.get("path", "sonde"), args: ["lsp", ...plugins], transport: TransportKind.stdio },
    { documentSelector: [{ language: "perf" }] },
  );
  await client.start();
};

exports.deactivate = () => client?.stop();
