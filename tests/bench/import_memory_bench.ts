import { line } from "./measure.ts";

/**
 * Peak memory of `sonde import -` over a gigabyte of perf script text that comes through a pipe.
 *
 * @param bytes how much text
 */
export async function importMemoryBench(sonde: string, bytes = 1 << 30): Promise<void> {
  const child = new Deno.Command("/usr/bin/time", {
    args: ["-f", "%M %e %U", sonde, "import", "-"],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { perfScriptText } = await import("../../core/profile/formats/_perf_script_text.ts");
  // Sixteen megabytes hold all 20,000 stacks of the generator: what follows repeats them at other times.
  const part = perfScriptText(64 << 20);
  const writer = child.stdin.getWriter();
  for (let sent = 0; sent < bytes; sent += part.length) await writer.write(part);
  await writer.close();
  const { code, stderr } = await child.output();
  const told = new TextDecoder().decode(stderr).trim().split("\n").at(-1)!;
  if (code !== 0) throw new Error(`sonde import ended with ${code}: ${told}`);
  const [kib, wall, cpu] = told.split(" ").map(Number);
  const rate = `${(bytes / 1e6 / wall).toFixed(0)} MB/s, ${cpu} s of CPU`;
  line(
    `import ${(bytes / 1e9).toFixed(2)} GB of perf script: peak memory`,
    `${Math.round(kib / 1024)} MiB`,
    "< 300 MiB",
    rate,
  );
}
