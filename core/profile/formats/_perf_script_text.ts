/**
 * Text such as `perf script` prints, for benches: a busy machine's stacks of 12 to 40 frames, of which one in three was
 * seen before; symbols with offsets, kernel and C++ names.
 *
 * @param size about how many bytes
 */
export function perfScriptText(size: number): Uint8Array {
  const parts: string[] = [];
  let length = 0;
  for (let n = 0; length < size; n++) {
    const sample = perfScriptSample(n);
    parts.push(sample);
    length += sample.length;
  }
  return new TextEncoder().encode(parts.join(""));
}

/** The n-th sample of such a text. */
export function perfScriptSample(n: number): string {
  const stack = mix(n) % 3 === 0 ? mix(n) % 3000 : n % 20_000;
  const depth = 12 + mix(stack) % 28;
  const seconds = 3982 + Math.floor(n / 4000);
  const pid = 1000 + mix(stack) % 40;
  let text = `worker-${pid % 8} ${pid}/${pid + mix(stack) % 4} [00${n % 4}] ${seconds}.${
    String(n % 1e6).padStart(6, "0")
  }:   10101010 cpu-clock: \n`;
  for (let i = 0; i < depth; i++) {
    const f = mix(stack * 31 + Math.floor(i / 3)) % 1500;
    const offset = (mix(f + i) % 200).toString(16);
    text += f % 5 === 0 && i < 8
      ? `\tffffffff81${
        (f * 4096 + 0x100000).toString(16).slice(-6)
      } do_kernel_work_${f}+0x${offset} ([kernel.kallsyms])\n`
      : `\t    7f12${
        (f * 65536).toString(16).padStart(8, "0")
      } app::Engine::step_${f}(std::vector<int> const&, unsigned long)+0x${offset} (/usr/lib/x86_64-linux-gnu/libengine-${
        f % 7
      }.so.2.1)\n`;
  }
  return text + "\n";
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 13), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
}
