import { compileC } from "../compile_c.ts";
import { fromFileUrl } from "./paths.ts";

/** What an event took: the lower quartile of batches, ns. */
export interface EventTime {
  /** CPU time of the process. */
  readonly cpuNs: number;
  readonly wallNs: number;
}

/** A process that does nothing but one kind of event when it is told to. */
export interface AnalyzerLoop extends AsyncDisposable {
  readonly pid: number;
  run(): Promise<EventTime>;
}

/**
 * Compiles the loops.
 *
 * @param folder where the program and the file that it reads go; on a disk
 * @returns starts one of them: its name, events in a batch
 * @throws {Error} when there is no C compiler
 */
export async function analyzerLoops(folder: string): Promise<(what: string, events: number) => AnalyzerLoop> {
  const program = `${folder}/analyzer_loops`;
  const source = await Deno.readTextFile(fromFileUrl("analyzer_loops.c"));
  if (!await compileC(source, program, ["-O2", "-pthread"])) throw new Error("No C compiler here: install gcc");
  const file = `${folder}/file`;
  using written = await Deno.open(file, { create: true, write: true });
  await written.write(new Uint8Array(4096 * 1024));
  await written.sync();
  return (what, events) => {
    const child = new Deno.Command(program, { args: [what, String(events), file], stdin: "piped", stdout: "piped" })
      .spawn();
    const writer = child.stdin.getWriter();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    return {
      pid: child.pid,
      async run() {
        await writer.write(new TextEncoder().encode("q\n"));
        let text = "";
        while (!text.endsWith("\n")) {
          const { value, done } = await lines.read();
          if (done) throw new Error(`The loop "${what}" has ended`);
          text += value;
        }
        const [cpuNs, wallNs] = text.split(" ").map(Number);
        return { cpuNs, wallNs };
      },
      async [Symbol.asyncDispose]() {
        await writer.close().catch(() => {}); // it may have ended
        await lines.cancel();
        await child.status;
      },
    };
  };
}
