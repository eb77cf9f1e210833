/** From decoded samples to folded text. 100,000 samples an iteration where not said otherwise. */
import { type Frame, type Profile, quality } from "../data/mod.ts";
import { parseFolded } from "./formats/folded.ts";
import { writeFolded } from "./formats/write_folded.ts";
import { createStackTable } from "./stack_table.ts";
import { topFunctions } from "./top_functions.ts";

const FRAMES = 32;
const SAMPLES = 100_000;

/** Chains as a busy machine gives them: 5,000 distinct ones that share their roots. */
const chains = Array.from({ length: 5000 }, (_, n) => {
  const words = new Uint32Array(FRAMES * 2);
  for (let i = 0; i < FRAMES; i++) {
    words[2 * i] = (Math.imul(n >> Math.max(0, 12 - i), 2654435761) >>> 8) + i;
    words[2 * i + 1] = 0x7f00;
  }
  return words;
});

Deno.bench("StackTable.add(): 100,000 samples over 5,000 stacks", () => {
  const table = createStackTable();
  for (let i = 0; i < SAMPLES; i++) table.add(chains[i % chains.length], 0, FRAMES * 2, i & 7, i & 3, 1);
});

const frames: Frame[] = Array.from({ length: 2000 }, (_, i) => ({
  function: `namespace::function_number_${i}`,
  module: "/usr/lib/libapp.so",
  file: "",
  line: 0,
  kind: i % 5 === 0 ? "kernel" : "user",
}));
const profile: Profile = {
  kind: "profile",
  sampleTypes: [{ name: "samples", unit: "count" }],
  frames,
  stacks: chains.map((words, n) => ({
    frames: Array.from({ length: FRAMES }, (_, i) => words[2 * i] % frames.length),
    values: [n % 97 + 1],
    labels: { pid: String(n % 40), comm: `app-${n % 40}` },
  })),
  quality: quality(),
};
const text = writeFolded(profile);

Deno.bench("writeFolded(): 5,000 stacks of 32 frames", () => void writeFolded(profile));
Deno.bench(`parseFolded(): ${Math.round(text.length / 1e5) / 10} MB`, () => void parseFolded(text));
Deno.bench("topFunctions(): 5,000 stacks of 32 frames", () => void topFunctions(profile, 30));
