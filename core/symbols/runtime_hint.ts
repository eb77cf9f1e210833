import type { CodeMapping } from "./code_mapping.ts";

/** A language runtime that a process runs. */
export interface Runtime {
  /** `node`, `python3.11`, … */
  readonly name: string;
  /** How names are turned on, as the rest of a sentence. */
  readonly hint: string;
  /** Whether the runtime interprets in functions of its own, so that no memory without names is seen. */
  readonly interprets: boolean;
}

const JAVA_HINT = "start it with -XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit (JDK 17 and later; " +
  "`jcmd PID Compiler.perfmap` writes names at once), or attach perf-map-agent";

/** By the names of files that are mapped. */
const KNOWN: readonly { file: RegExp; of: (match: RegExpExecArray) => Runtime }[] = [
  {
    file: /^(?:lib)?(python(\d)\.?(\d*)[a-z]*)(?:\.so[\d.]*)?$/,
    of: ([, name, major, minor]) => ({
      name: name.replace(/[a-z]+$/, "") || name,
      hint: Number(major) === 3 && Number(minor) >= 12
        ? "start it with `-X perf` or PYTHONPERFSUPPORT=1"
        : "this version cannot tell them, 3.12 and later can with `-X perf`",
      interprets: true,
    }),
  },
  { file: /^libjvm\.so$/, of: () => ({ name: "java", hint: JAVA_HINT, interprets: false }) },
  {
    file: /^libcoreclr\.so$/,
    of: () => ({ name: "dotnet", hint: "start it with DOTNET_PerfMapEnabled=1", interprets: false }),
  },
  {
    file: /^(node|nodejs|libnode\.so[\d.]*)$/,
    of: () => ({
      name: "node",
      hint: "start it with `--perf-basic-prof` (and `--interpreted-frames-native-stack` for code not compiled yet)",
      interprets: false,
    }),
  },
  {
    file: /^deno$/,
    of: () => ({ name: "deno", hint: "start it with `--v8-flags=--perf-basic-prof`", interprets: false }),
  },
  {
    file: /^(?:lib)?ruby[\d.]*(?:-?[\d.]+)?(?:\.so[\d.]*)?$/,
    of: () => ({
      name: "ruby",
      hint: "it tells none of interpreted code; those of compiled code with `--yjit-perf` (3.3 and later)",
      interprets: true,
    }),
  },
  {
    file: /^(?:php[\d.]*|php-fpm[\d.]*|libphp[\d.]*\.so)$/,
    of: () => ({
      name: "php",
      hint: "it tells none of interpreted code; those of compiled code with -d opcache.jit_debug=0x10",
      interprets: true,
    }),
  },
];

/** The runtime that a process runs, as far as its mapped files tell; null when none that we know. */
export function runtimeOf(mappings: readonly CodeMapping[]): Runtime | null {
  for (const mapping of mappings) {
    const base = mapping.path.slice(mapping.path.lastIndexOf("/") + 1).replace(/ \(deleted\)$/, "");
    for (const { file, of } of KNOWN) {
      const match = file.exec(base);
      if (match) return of(match);
    }
  }
  return null;
}

/** Functions in which runtimes interpret: who is in one of them runs code that has no names. */
export function isInterpreterLoop(symbol: string): boolean {
  return LOOPS.has(symbol) || symbol.startsWith("Builtins_Interpreter");
}

const LOOPS: ReadonlySet<string> = new Set([
  "_PyEval_EvalFrameDefault",
  "PyEval_EvalFrameEx",
  "PyEval_EvalFrame",
  "vm_exec_core",
  "vm_exec",
  "rb_vm_exec",
  "execute_ex",
  "zend_execute",
]);
