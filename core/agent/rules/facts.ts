import { type Cell, cellAt, type Field, fieldIndex, type Json, resultToJson, type Table } from "../../data/mod.ts";
import type { Observation } from "../driver.ts";
import { atPointer, pointerToken } from "../json_pointer.ts";
import { DERIVED } from "./derived.ts";
import type { Scope } from "./knowledge.ts";

/** Where a value stands: what evidence cites. */
export interface Citation {
  readonly tool: string;
  readonly call: string;
  /** JSON Pointer into the JSON form of the call. */
  readonly path: string;
  readonly value: Json;
  readonly unit: string | null;
}

/** A value of a fact in one window. */
export interface Reading {
  /** Null: looked for and not there (a process without a profile, a cgroup without a limit). */
  readonly value: number | string | boolean | null;
  readonly field: Field;
  /** The cell it was read from, or mainly made from. */
  readonly cell: CellRef | null;
}

/** One cell of a result. */
export interface CellRef {
  readonly row: RowRef;
  readonly column: number;
}

/** A row of a result. */
export interface RowRef {
  readonly table: Table;
  readonly result: string;
  readonly row: number;
  readonly observation: Observation;
}

/** What facts are about: a row of a scope with a key, or the machine. */
export interface Subject {
  readonly scope: string;
  readonly key: string;
  /** Its row in each window; null where it was not listed. */
  readonly rows: readonly (RowRef | null)[];
  /** Others of its kind with the same name and parent, itself included; see {@linkcode Facts.subjects}. */
  readonly group: readonly Subject[];
}

/** The subject of facts that are about no process in particular. */
export const MACHINE: Subject = { scope: "machine", key: "", rows: [], group: [] };

/** Facts of an investigation, by name and subject. */
export interface Facts {
  /**
   * Readings of `scope.field`, oldest window first. Empty: not measured. A window in which the subject or its joined
   * row is not there has the value null.
   */
  read(fact: string, subject: Subject): readonly Reading[];
  /** One subject for each key of a scope over all windows. Siblings of a name share the group and stand for it once. */
  subjects(scope: string): readonly Subject[];
  /** Results of a tool that came, oldest first. */
  windows(tool: string, result: string): readonly Window[];
}

/** One result of one call. */
export interface Window {
  readonly table: Table;
  /** The result's name in its call. */
  readonly name: string;
  readonly observation: Observation;
}

/** A table that a recipe handed in, known by its fields. */
function givenWindow(o: Observation, shape: readonly string[] | undefined): Window[] {
  if (!shape) return [];
  const found = Object.entries(o.results!).find(([, r]) =>
    r.kind === "table" && shape.every((name) => fieldIndex(r, name) >= 0)
  );
  return found ? [{ table: found[1] as Table, name: found[0], observation: o }] : [];
}

/** Facts over observations. Results given by recipes count too, when their fields fit. */
export function factsOf(observations: readonly Observation[], scopes: { readonly [name: string]: Scope }): Facts {
  const cache = new Map<Subject, Map<string, readonly Reading[]>>();
  const subjectCache = new Map<string, readonly Subject[]>();

  const shapes = new Map(Object.values(scopes).flatMap((s) => s.shape ? [[`${s.tool} ${s.result}`, s.shape]] : []));
  const windows = (tool: string, result: string): Window[] =>
    observations.flatMap((o) => {
      if (o.results === null || o.cachedSecs !== undefined) return [];
      if (o.call.tool === "given") return givenWindow(o, shapes.get(`${tool} ${result}`));
      const r = o.call.tool === tool && Object.hasOwn(o.results, result) ? o.results[result] : undefined;
      return r?.kind === "table" ? [{ table: r, name: result, observation: o }] : [];
    });

  const rowIn = (scope: Scope, subject: Subject, w: Window): RowRef | null => {
    let best: { row: number; rank: number } | null = null;
    const keep = rowFilter(scope, subject, w.table, facts);
    if (!keep) return null;
    const rankBy = scope.max ?? scope.min;
    const column = rankBy === undefined ? null : w.table.columns[fieldIndex(w.table, rankBy)];
    for (let row = 0; row < w.table.length; row++) {
      if (!keep(row)) continue;
      const v = column ? Number(cellAt(column, row) ?? -1) : 0;
      const rank = scope.min === undefined ? v : -v;
      if (best === null || rank > best.rank) best = { row, rank };
    }
    return best === null ? null : { table: w.table, result: w.name, row: best.row, observation: w.observation };
  };

  const readScope = (scopeName: string, field: string, subject: Subject): Reading[] => {
    const scope = scopes[scopeName];
    if (!scope) throw new RangeError(`The knowledge names a scope "${scopeName}" that is not defined`);
    if (scopeName === subject.scope) {
      return subject.rows.flatMap((ref, i) => {
        if (ref) return readingOf(ref, field, scope);
        const w = windows(scope.tool, scope.result)[i];
        return w ? absent(w.table, field) : [];
      });
    }
    if (scope.key !== undefined && !scope.join) return [];
    return windows(scope.tool, scope.result).flatMap((w) => {
      const ref = rowIn(scope, subject, w);
      if (ref) return readingOf(ref, field, scope);
      // Without a join, a row that is not there was not measured; with one, the subject has none.
      return scope.join ? absent(w.table, field) : [];
    });
  };

  const facts: Facts = {
    windows,
    read: (fact, subject) => {
      let known = cache.get(subject);
      if (!known) cache.set(subject, known = new Map());
      let readings = known.get(fact);
      if (!readings) {
        const dot = fact.indexOf(".");
        readings = Object.hasOwn(DERIVED, fact)
          ? DERIVED[fact](facts, subject)
          : readScope(fact.slice(0, dot), fact.slice(dot + 1), subject);
        known.set(fact, readings);
      }
      return readings;
    },
    subjects: (scopeName) => {
      let list = subjectCache.get(scopeName);
      if (!list) {
        list = subjectsOf(scopeName, scopes[scopeName], windows(scopes[scopeName].tool, scopes[scopeName].result));
        subjectCache.set(scopeName, list);
      }
      return list;
    },
  };
  return facts;
}

/** A test of rows for a scope and subject, or null when the subject has nothing to join by. */
function rowFilter(scope: Scope, subject: Subject, table: Table, facts: Facts): ((row: number) => boolean) | null {
  const tests: ((row: number) => boolean)[] = [];
  for (const [field, values] of Object.entries(scope.where ?? {})) {
    const column = table.columns[fieldIndex(table, field)];
    if (!column) return null;
    tests.push((row) => values.includes(String(cellAt(column, row))));
  }
  for (const [field, values] of Object.entries(scope.unless ?? {})) {
    const column = table.columns[fieldIndex(table, field)];
    if (column) tests.push((row) => !values.includes(String(cellAt(column, row))));
  }
  if (scope.join) {
    const column = table.columns[fieldIndex(table, scope.join.field)];
    const mine = [...new Set(facts.read(scope.join.with, subject).flatMap((r) => r.value === null ? [] : [r.value]))];
    if (!column || mine.length === 0) return null;
    if (scope.join.as === "path") {
      const paths = mine.flatMap((m) => String(m).split(","));
      tests.push((row) => {
        const above = String(cellAt(column, row));
        return paths.some((p) => p === above || above === "/" || p.startsWith(`${above}/`));
      });
    } else tests.push((row) => mine.includes(scalar(cellAt(column, row))!));
  }
  return (row) => tests.every((t) => t(row));
}

function readingOf(ref: RowRef, name: string, scope: Scope): Reading[] {
  const index = fieldIndex(ref.table, name);
  if (index < 0) return [];
  const field = ref.table.fields[index];
  const value = scalar(cellAt(ref.table.columns[index], ref.row));
  if (value === UNNAMED) return [];
  if (value === null) return scope.none?.includes(name) ? absent(ref.table, name) : [];
  return [{ value: field.type === "bool" ? Boolean(value) : value, field, cell: { row: ref, column: index } }];
}

/** What profiles call a function without a symbol: as good as not measured. */
const UNNAMED = "[unknown]";

/** A row that is not there: null, as opposed to a field that no row has. */
function absent(table: Table, name: string): Reading[] {
  const index = fieldIndex(table, name);
  return index < 0 ? [] : [{ value: null, field: table.fields[index], cell: null }];
}

/** Where a cell stands in the JSON form of its call, and what stands there. */
export function citationOf({ row: ref, column }: CellRef): Citation {
  const path = `/results/${pointerToken(ref.result)}/rows/${ref.row}/${column}`;
  const json = resultToJson(ref.table) as { readonly [key: string]: Json };
  return {
    tool: ref.observation.call.tool,
    call: ref.observation.call.id,
    path,
    value: atPointer(json, `/rows/${ref.row}/${column}`) ?? null,
    unit: ref.table.fields[column].unit,
  };
}

function scalar(cell: Cell): number | string | boolean | null {
  if (typeof cell === "bigint") return Number(cell);
  return typeof cell === "object" ? null : cell;
}

function subjectsOf(
  name: string,
  scope: Scope,
  windows: readonly Window[],
): Subject[] {
  const rows = new Map<string, (RowRef | null)[]>();
  windows.forEach((w, i) => {
    const column = w.table.columns[fieldIndex(w.table, scope.key ?? "")];
    if (!column) return;
    for (let row = 0; row < w.table.length; row++) {
      const key = String(cellAt(column, row));
      let list = rows.get(key);
      if (!list) rows.set(key, list = windows.map(() => null));
      list[i] ??= { table: w.table, result: w.name, row, observation: w.observation };
    }
  });
  const groups = new Map<string, Subject[]>();
  const all: Subject[] = [];
  for (const [key, refs] of rows) {
    const group = groupKey(refs) ?? key;
    let list = groups.get(group);
    if (!list) groups.set(group, list = []);
    const subject: Subject = { scope: name, key, rows: refs, group: list };
    list.push(subject);
    all.push(subject);
  }
  return all;
}

/** Processes with the same parent and name are one workload. */
function groupKey(refs: readonly (RowRef | null)[]): string | null {
  const ref = refs.find((r) => r !== null);
  if (!ref) return null;
  const at = (name: string): Cell => {
    const i = fieldIndex(ref.table, name);
    return i < 0 ? null : cellAt(ref.table.columns[i], ref.row);
  };
  const comm = at("comm");
  const ppid = at("ppid");
  return comm === null || ppid === null ? null : `${ppid}\0${comm}`;
}
