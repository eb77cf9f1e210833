import { field, type Profile, type Table, tableFromRows } from "../data/mod.ts";

/** Fields of {@linkcode topFunctions}. */
export const TOP_FUNCTION_FIELDS = [
  field("function", "string", "Name of the function"),
  field("module", "string", "File that holds its code"),
  field("kind", "string", "Where it ran: user, kernel, …"),
  field("self", "int", "Samples in the function itself", "count"),
  field("total", "int", "Samples in it or in what it called; recursion counts once", "count"),
  field("self_ratio", "ratio", "Share of all samples"),
  field("total_ratio", "ratio", "Share of all samples"),
];

/**
 * The functions of a profile by the first sample type, highest self first. Frames that differ only in line are one
 * function.
 *
 * @param limit most rows; 0 is all
 */
export function topFunctions(profile: Profile, limit: number): Table {
  const { frames, stacks } = profile;
  const byName = new Map<string, number>();
  const functionOf = new Int32Array(frames.length);
  const first: number[] = [];
  frames.forEach((f, i) => {
    const key = `${f.kind}\0${f.function}\0${f.module}`;
    let id = byName.get(key);
    if (id === undefined) byName.set(key, id = first.push(i) - 1);
    functionOf[i] = id;
  });
  const self = new Float64Array(first.length);
  const total = new Float64Array(first.length);
  // The last stack in which a function was counted: recursion must not count it again.
  const seenIn = new Int32Array(first.length).fill(-1);
  let all = 0;
  stacks.forEach((stack, s) => {
    const value = stack.values[0] ?? 0;
    all += value;
    for (const frame of stack.frames) {
      const id = functionOf[frame];
      if (seenIn[id] === s) continue;
      seenIn[id] = s;
      total[id] += value;
    }
    if (stack.frames.length > 0) self[functionOf[stack.frames[stack.frames.length - 1]]] += value;
  });
  const order = Array.from(first, (_, id) => id).sort((a, b) => self[b] - self[a] || total[b] - total[a] || a - b);
  const rows = order.slice(0, limit > 0 ? limit : undefined).map((id) => {
    const f = frames[first[id]];
    return [f.function, f.module, f.kind, self[id], total[id], share(self[id], all), share(total[id], all)];
  });
  return tableFromRows(TOP_FUNCTION_FIELDS, rows, profile.quality);
}

function share(part: number, all: number): number {
  return all > 0 ? part / all : 0;
}
