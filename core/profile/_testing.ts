import { type Frame, type FrameKind, type Profile, quality } from "../data/mod.ts";

/** A profile for tests. @param stacks `name;name` root first (`k:` before kernel functions), value, labels */
export function testProfile(stacks: readonly [string, number, Record<string, string>?][]): Profile {
  const frames: Frame[] = [];
  const indexOf = (text: string): number => {
    const kind: FrameKind = text.startsWith("k:") ? "kernel" : "user";
    const name = text.replace(/^k:/, "");
    const known = frames.findIndex((f) => f.function === name && f.kind === kind);
    return known >= 0 ? known : frames.push({ function: name, module: "/bin/x", file: "", line: 0, kind }) - 1;
  };
  const list = stacks.map(([text, value, labels = {}]) => ({
    frames: text === "" ? [] : text.split(";").map(indexOf),
    values: [value],
    labels,
  }));
  const events = stacks.reduce((sum, [, value]) => sum + value, 0);
  return {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }],
    frames,
    stacks: list,
    quality: quality({ events }),
  };
}
