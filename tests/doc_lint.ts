/**
 * `deno doc --lint` over every room's face. Members whose name says it all may go without a comment: of its findings
 * those about members are left out, all others fail. And no page may hold the marks of a merge.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

const faces = ["mod.ts", "bpf/mod.ts", "bpf/programs/mod.ts", "dsl/mod.ts"].filter((path) => isFile(root + path));
for (const entry of Deno.readDirSync(`${root}core`)) {
  if (entry.isDirectory && isFile(`${root}core/${entry.name}/mod.ts`)) faces.push(`core/${entry.name}/mod.ts`);
}

const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--quiet", "--lint", ...faces],
  cwd: root,
  env: { NO_COLOR: "1" },
}).output();
const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
const findings = text.split(/^(?=error\[)/m).filter((part) => part.startsWith("error["));
if (code !== 0 && findings.length === 0) {
  console.error(text);
  Deno.exit(1);
}

let failed = 0;
// The formatter takes the marks of a merge in Markdown for text.
for (const path of markdownFiles("")) {
  const lines = Deno.readTextFileSync(root + path).split("\n");
  const at = lines.findIndex((line) => /^(<{7}|>{7}) /.test(line));
  if (at < 0) continue;
  failed++;
  console.error(`${path}:${at + 1}: the marks of a merge`);
}
for (const finding of findings) {
  const place = finding.match(/--> (.+):(\d+):(\d+)/);
  if (!place) throw new Error(`Cannot read this finding of deno doc: ${finding}`);
  const [, path, line] = place;
  const source = Deno.readTextFileSync(path).split("\n")[Number(line) - 1];
  if (finding.startsWith("error[missing-jsdoc]") && /^\s/.test(source)) continue;
  failed++;
  console.error(`${path.slice(root.length)}:${line}: ${finding.split("\n")[0].replace(/^error/, "")}`);
}
if (failed > 0) {
  console.error(`${failed} findings in the documentation of exports`);
  Deno.exit(1);
}
console.log(`${faces.length} modules, every export documented`);

function* markdownFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(root + folder)) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if (isDirectory) yield* markdownFiles(`${folder}${name}/`);
    else if (name.endsWith(".md")) yield `${folder}${name}`;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
