/**
 * A profile as a table in CSV (RFC 4180, LF line ends), a row for each stack: a column `NAME [UNIT]` for each sample type,
 * `label:NAME` for each label, then the frames, root first: `stack` has their functions joined by `;`, and `modules`,
 * `files`, `lines`, `kinds` what else is known of them, in the same order. In these `;` and `\` within a name have a `\`
 * before them.
 *
 * An empty cell is a label that the row has not; `""` one that is empty. Text that a spreadsheet would take for a formula
 * gets an apostrophe before it. Quality and times have no place.
 */
import { type Profile, quality, type SampleType } from "../../data/mod.ts";
import { asKind, asUnit } from "./_frame_shape.ts";
import { csvParser } from "./_csv_parser.ts";
import { pieces } from "./_pieces.ts";
import { profileBuilder } from "./_profile_builder.ts";
import type { ProfileFormat, ProfileReader } from "./format.ts";
import { FormatError } from "./format_error.ts";

/** A row for each stack, for spreadsheets and data frames. */
export const csvFormat: ProfileFormat = {
  name: "csv",
  endings: [".csv"],
  doc: "A row for each stack with its values, labels and frames, for spreadsheets and data frames",
  sniff: (head) => FRAME_COLUMNS.test(new TextDecoder().decode(head).split(/\r?\n/, 1)[0]),
  reader,
  write: (profile) => pieces(rows(profile)),
};

function* rows(profile: Profile): Generator<string> {
  const { frames, sampleTypes, stacks } = profile;
  const labels = [...new Set(stacks.flatMap((s) => Object.keys(s.labels)))];
  yield [...sampleTypes.map((t) => cell(typeHead(t))), ...labels.map((l) => cell(`label:${l}`))]
    .concat(COLUMNS).join(",") + "\n";
  for (const { frames: list, values, labels: own } of stacks) {
    const joined = (of: (f: Profile["frames"][number]) => string): string =>
      list.length === 0 ? "" : cell(list.map((f) => of(frames[f]).replace(/[\\;]/g, "\\$&")).join(";"));
    yield [
      ...values.map(String),
      ...labels.map((l) => Object.hasOwn(own, l) ? cell(own[l]) : ""),
      joined((f) => f.function),
      joined((f) => f.module),
      joined((f) => f.file),
      joined((f) => String(f.line)),
      joined((f) => f.kind),
    ].join(",") + "\n";
  }
}

/** What could be taken for a label, or has the mark against that, gets the mark. */
function typeHead({ name, unit }: SampleType): string {
  return `${/^(label|value):/.test(name) ? "value:" : ""}${name} [${unit ?? "none"}]`;
}

/** A cell of text; quoted also when it is empty, which a missing one is not. */
function cell(text: string): string {
  // OWASP "CSV injection": names of processes are chosen by others. One apostrophe more is one less when read.
  const safe = /^[=+\-@\t\r']/.test(text) ? `'${text}` : text;
  return safe === "" || /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function reader(): ProfileReader {
  const builder = profileBuilder();
  let types: number[] | null = null;
  let labels: string[] = [];
  let events = 0;

  const header = (cells: readonly string[], line: number): number[] => {
    const own = cells.length - COLUMNS.length;
    if (own < 1 || COLUMNS.some((c, i) => cells[own + i] !== c)) {
      throw new FormatError(`the last columns are not ${COLUMNS.join(", ")}`, line);
    }
    const first = cells.findIndex((c) => c.startsWith("label:"));
    const split = first < 0 ? own : first;
    labels = cells.slice(split, own).map((c) => {
      if (!c.startsWith("label:")) throw new FormatError(`"${c.slice(0, 80)}" is no label:NAME`, line);
      return c.slice(6);
    });
    return cells.slice(0, split).map((c) => {
      const m = /^(.*) \[([a-z/]+)\]$/s.exec(c);
      if (!m) throw new FormatError(`"${c.slice(0, 80)}" is no NAME [UNIT]`, line);
      return builder.type({
        name: m[1].replace(/^value:/, ""),
        unit: m[2] === "none" ? null : asUnit(m[2], `line ${line}`),
      });
    });
  };
  const row = (cells: readonly string[], quoted: readonly boolean[], line: number): void => {
    if (!types) {
      types = header(cells.map(plain), line);
      return;
    }
    if (cells.length !== types.length + labels.length + COLUMNS.length) {
      throw new FormatError(`${cells.length} cells where the header has others`, line);
    }
    const at = types.length;
    const own = Object.fromEntries(
      labels.map((l, i) => [l, i] as const)
        .filter(([, i]) => cells[at + i] !== "" || quoted[at + i])
        .map(([l, i]) => [l, plain(cells[at + i])]),
    );
    const [stack, modules, files, lines, kinds] = cells.slice(at + labels.length).map((c, i) =>
      c === "" && !quoted[at + labels.length + i] ? [] : parts(plain(c))
    );
    if ([modules, files, lines, kinds].some((c) => c.length !== stack.length)) {
      throw new FormatError(`${COLUMNS.join(", ")} have not one number of frames`, line);
    }
    const frames = stack.map((name, i) =>
      builder.frame({
        function: name,
        module: modules[i],
        file: files[i],
        line: whole(lines[i], line),
        kind: asKind(kinds[i], `line ${line}`),
      })
    );
    const set = builder.labels(own);
    types.forEach((t, i) => builder.add(frames, set, t, number(cells[i], line)));
    events += Math.max(0, Number(cells[0]));
  };
  const parser = csvParser(row);

  return {
    push: parser.push,
    end: () => {
      parser.end();
      if (!types) throw new FormatError("no header", 1);
      return builder.build(quality({ events }));
    },
  };
}

function plain(text: string): string {
  return /^'[=+\-@\t\r']/.test(text) ? text.slice(1) : text;
}

function parts(text: string): string[] {
  if (!text.includes("\\")) return text.split(";");
  const list = [""];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ";") list.push("");
    else list[list.length - 1] += text[i] === "\\" ? text[++i] ?? "" : text[i];
  }
  return list;
}

function number(text: string, line: number): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value) && text !== "NaN") {
    throw new FormatError(`"${text.slice(0, 80)}" is no number`, line);
  }
  return value;
}

function whole(text: string, line: number): number {
  if (!/^\d{1,15}$/.test(text)) throw new FormatError(`"${text.slice(0, 80)}" is no line`, line);
  return Number(text);
}

const COLUMNS = ["stack", "modules", "files", "lines", "kinds"];
const FRAME_COLUMNS = /,stack,modules,files,lines,kinds$/;
