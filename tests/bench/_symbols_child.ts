/**
 * Names the addresses of a list, one hexadecimal offset in the file a line, as often as asked, each time from a file that
 * is opened anew. Prints CPU time of all threads and wall time in ms, of each round, and how many frames were told:
 * `_symbols_child.ts FILE LIST ROUNDS WHAT`, where WHAT is lines, inlined or symbols. @module
 */
import { loadModule } from "../../core/symbols/mod.ts";
import { openRegularFile } from "../../core/symbols/regular_file.ts";
import { ownCpuNs } from "../../core/sys/mod.ts";

const [file, list, rounds, what] = Deno.args;
const offsets = Float64Array.from(Deno.readTextFileSync(list).trim().split("\n"), Number);

function nameAll(): number {
  using source = openRegularFile(file);
  const module = loadModule(source!, file, what === "symbols" ? () => null : (path) => openRegularFile(path));
  let named = 0;
  for (let i = 0; i < offsets.length; i++) {
    const frames = module.frames(offsets[i], what === "lines", what !== "symbols");
    for (let k = 0; k < frames.length; k++) if (frames[k].name !== "") named++;
  }
  return named;
}

const cpu: number[] = [], wall: number[] = [];
let frames = 0;
for (let i = 0; i < Number(rounds); i++) {
  const fromCpu = ownCpuNs(), fromWall = performance.now();
  frames = nameAll();
  cpu.push((ownCpuNs() - fromCpu) / 1e6);
  wall.push(performance.now() - fromWall);
}
console.log(JSON.stringify({ cpu, wall, frames }));
