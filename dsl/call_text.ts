import type { CallTarget } from "../core/query/mod.ts";
import { isPattern, isSymbol, probeParts } from "./_probe_parts.ts";
import { didYouMean } from "../core/data/nearest.ts";
import { PROBE_KINDS, type ProbeProblem } from "./probe_text.ts";

/** A target of `calls` as written, read; or why it cannot be. */
export type CallRead = { readonly ok: true; readonly target: CallTarget; readonly pattern: boolean } | ProbeProblem;

const FORMS = {
  kernel: "kernel:FUNCTION",
  user: "user:PATH:FUNCTION",
  syscall: "syscall:NAME",
} as const;
const KINDS = Object.keys(FORMS);

/** Reads `kernel:vfs_read`, `user:/usr/bin/bash:readline`, `syscall:fsync`, `kernel:vfs_*`. */
export function readCall(text: string): CallRead {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  if (kind !== "kernel" && kind !== "user" && kind !== "syscall") {
    const probe = PROBE_KINDS.includes(kind) ? "Calls are of functions; a probe is collected without `calls`" : "";
    const hints = [didYouMean(kind, KINDS), probe, `Calls: ${Object.values(FORMS).join(", ")}`];
    return problem(`"${kind}" is no kind of calls`, hints.filter(Boolean).join("\n"));
  }
  const parts = probeParts(text.slice(colon + 1));
  const [first, second] = parts;
  if (kind === "user" && parts.length > 1 && isPattern(first)) {
    return problem("Wildcards stand in names, not in the path of a program", `Name the program: ${FORMS.user}`);
  }
  const pattern = parts.some(isPattern);
  const wrong = problem(`"${text}" is no ${kind} function`, `It is written ${FORMS[kind]}`);
  if (parts.some((p) => p.text === "") || parts.length !== (kind === "user" ? 2 : 1)) return wrong;
  if (kind === "user") return { ok: true, target: { kind, path: first.text, symbol: second.text }, pattern };
  if (!isSymbol(first.text)) return wrong;
  return { ok: true, target: kind === "kernel" ? { kind, symbol: first.text } : { kind, name: first.text }, pattern };
}

function problem(message: string, hint: string): ProbeProblem {
  return { ok: false, code: "probe", message, hint };
}
