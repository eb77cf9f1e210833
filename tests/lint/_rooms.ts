/**
 * The rooms of the house and who may import whom. A path is relative to the project's root, with `/`.
 *
 * `everything` may import any room. Otherwise a room may import itself, `uses` at run time, and `types` with
 * `import type` only; `core/*` stands for every room of core.
 */
interface Room {
  readonly uses: readonly string[];
  readonly types?: readonly string[];
}

const EVERYTHING = "everything";

const ROOMS: Readonly<Record<string, Room | typeof EVERYTHING>> = {
  "core/data": { uses: [] },
  "core/assets": { uses: [] },
  "core/query": { uses: ["core/data"] },
  "core/stats": { uses: ["core/data"] },
  "core/config": { uses: ["core/data"] },
  "core/sys": { uses: ["core/data"] },
  "core/host": { uses: ["core/data", "core/sys"] },
  "core/ring": { uses: ["core/data", "core/sys"] },
  "core/perf": { uses: ["core/data", "core/sys", "core/host", "core/ring", "core/assets"] },
  "core/ptrace": { uses: ["core/data", "core/sys", "core/host", "core/ring", "core/assets"] },
  "core/ftrace": { uses: ["core/data", "core/sys", "core/host", "core/ring", "core/assets"] },
  "core/symbols": { uses: ["core/data", "core/sys", "core/host", "core/ring", "core/assets"] },
  "core/profile": {
    uses: [
      "core/data",
      "core/sys",
      "core/host",
      "core/ring",
      "core/perf",
      "core/ptrace",
      "core/symbols",
      "core/assets",
      "core/profile/formats",
    ],
  },
  "core/profile/formats": { uses: ["core/data"] },
  "core/render": { uses: ["core/data", "core/query", "core/stats", "core/assets"] },
  "core/store": { uses: ["core/data", "core/stats"] },
  "core/plugin_api": { uses: ["core/data", "core/query"], types: ["core/*"] },
  "core/engine": {
    uses: [
      "core/data",
      "core/query",
      "core/sys",
      "core/host",
      "core/perf",
      "core/ftrace",
      "core/symbols",
      "core/plugin_api",
    ],
  },
  "core/agent": {
    uses: ["core/data", "core/query", "core/stats", "core/store", "core/render", "core/assets", "core/plugin_api"],
  },
  "core/monitor": { uses: ["core/data", "core/stats", "core/store", "core/plugin_api"] },
  bpf: {
    uses: [
      "core/data",
      "core/query",
      "core/sys",
      "core/host",
      "core/ring",
      "core/perf",
      "core/symbols",
      "core/profile",
      "core/profile/formats",
      "core/assets",
      "core/plugin_api",
    ],
  },
  dsl: { uses: ["core/data", "core/query", "core/stats", "core/plugin_api"] },
  plugins: { uses: [], types: ["core/plugin_api"] },
  cli: EVERYTHING,
  deploy: EVERYTHING,
};

/** npm package → the folders that may import it at run time. Types of a package may be named wherever data flows. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@anthropic-ai/sdk": ["core/agent/drivers"],
  "chevrotain": ["dsl"],
  "commander": ["cli"],
  "d3-hierarchy": ["core/render"],
  "fast-check": [],
  "openai": ["core/agent/drivers"],
  "playwright-core": [],
  "re2js": ["core/query"],
  "simple-statistics": ["core/stats"],
  "vscode-languageserver": ["dsl/lsp"],
  "vscode-languageserver-textdocument": ["dsl/lsp"],
  "yaml": ["core/config"],
  "zod": ["core/data"],
};

/** The room a file lies in: `core/perf`, `plugins/system`, `cli`; null for files that are in no room. */
export function roomOf(path: string): string | null {
  if (!path.includes("/")) return path.endsWith(".ts") ? "cli" : null; // mod.ts in the root joins all rooms
  if (path.startsWith("core/profile/formats/")) return "core/profile/formats";
  const parts = path.split("/");
  if (parts.length > 2 && (parts[0] === "core" || parts[0] === "plugins")) return `${parts[0]}/${parts[1]}`;
  return parts[0] in ROOMS && parts[0] !== "plugins" ? parts[0] : null;
}

/** Whether the house's rules apply to a file: tests and benches may do anything. */
export function isRuled(path: string): boolean {
  return !path.startsWith("../") && !path.startsWith("tests/") && !/(^|_)(test|bench)\.ts$/.test(path) &&
    roomOf(path) !== null;
}

/**
 * Says why a file may not import another.
 *
 * @param from importing file
 * @param to imported file
 * @param typeOnly whether nothing of it is left at run time
 * @returns null when it may
 */
export function importObjection(from: string, to: string, typeOnly: boolean): string | null {
  const room = roomOf(from)!;
  if (to.startsWith("tests/") || !isRuled(to) && roomOf(to) !== null) return "What ships does not import tests.";
  const name = to.split("/").at(-1)!;
  if (name.startsWith("_") && !`${folder(from)}/`.startsWith(`${folder(to)}/`)) {
    return `${name} is private to its folder.`;
  }
  const rules = ROOMS[room.startsWith("plugins/") ? "plugins" : room];
  if (rules === undefined) return `${room} is not a room: add it to tests/lint/_rooms.ts.`;
  const target = roomOf(to);
  if (rules === EVERYTHING || target === room) return null;
  if (target === null) return `${to} lies in no room.`;
  if (rules.uses.includes(target)) return null;
  const types = rules.types ?? [];
  if (types.includes(target) || types.includes("core/*") && target.startsWith("core/")) {
    return typeOnly ? null : `${room} may import only types of ${target}: write \`import type\`.`;
  }
  return `${room} may not import ${target}; it may import ${
    list([...rules.uses, ...types.map((t) => `types of ${t}`)])
  }.`;
}

/**
 * Says why a file may not import a package.
 *
 * @param specifier not relative: `zod`, `openai/resources`
 * @returns null when it may
 */
export function packageObjection(from: string, specifier: string, typeOnly: boolean): string | null {
  if (specifier.startsWith("node:") || specifier === "sonde/run") return null;
  if (/^[a-z]+:/.test(specifier)) return "Packages are pinned in deno.json and imported by their bare names.";
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const owners = PACKAGES[name];
  if (owners === undefined) return `${name} has no owning room: add it to tests/lint/_rooms.ts.`;
  if (owners.some((owner) => from.startsWith(`${owner}/`))) return null;
  if (name === "zod" && typeOnly && from.startsWith("core/plugin_api/")) return null;
  return owners.length === 0 ? `${name} is for tests only.` : `${name} belongs to ${list(owners)}.`;
}

/** Whether a file may use Deno's foreign function interface. */
export function mayUseFfi(path: string): boolean {
  return path.startsWith("core/sys/") || /^bpf\/libbpf\w*\.ts$/.test(path);
}

/** Whether a file may name a path of `/proc` or `/sys`. */
export function mayName(path: string, text: string): boolean {
  return path.startsWith("core/host/") || path.startsWith("core/sys/") && text.startsWith("/proc/self/fd");
}

function folder(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}
