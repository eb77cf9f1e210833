import { bytesSource } from "../byte_source.ts";
import { type CodeModule, loadModule } from "../code_module.ts";
import { readElf } from "../elf.ts";

/** A frame as tools print it: `function file:line`, `?` where not known. */
export interface Answer {
  readonly address: number;
  /** Innermost first. */
  readonly frames: readonly string[];
}

/** A file of code, by its addresses. */
export interface Subject {
  readonly module: CodeModule;
  /** Addresses of `.text`, one in so many. */
  addresses(step: number): number[];
  /** What we say, innermost first. */
  answer(address: number): Answer;
}

/** Opens a file whose debug files lie where it says. */
export function subject(path: string): Subject {
  const source = bytesSource(Deno.readFileSync(path));
  const module = loadModule(source, path, (debug) => {
    try {
      return bytesSource(Deno.readFileSync(debug));
    } catch {
      return null;
    }
  });
  const text = readElf(source).sections.find((s) => s.name === ".text")!;
  return {
    module,
    addresses: (step) => Array.from({ length: Math.floor(text.size / step) }, (_, i) => text.addr + i * step),
    answer: (address) => ({
      address,
      frames: module.frames(address - text.addr + text.offset, true)
        .map((f) => `${f.name.replace(/@.*/, "") || "??"} ${plain(f.file || "??")}:${f.line || "?"}`).reverse(),
    }),
  };
}

/** What llvm-addr2line or addr2line says of many addresses; null when it is not installed. */
export async function toolAnswers(tool: string, path: string, addresses: readonly number[]): Promise<Answer[] | null> {
  const answers: { address: number; frames: string[] }[] = [];
  for (let i = 0; i < addresses.length; i += 4000) {
    const some = addresses.slice(i, i + 4000).map((a) => `0x${a.toString(16)}`);
    const command = new Deno.Command(tool, { args: ["-f", "-i", "-a", "-e", path, ...some], stderr: "null" });
    const output = await command.output().catch(() => null);
    if (output === null) return null;
    const text = new TextDecoder().decode(output.stdout);
    const lines = text.split("\n");
    for (let at = 0; at < lines.length - 1;) {
      if (/^0x[0-9a-f]+$/.test(lines[at])) {
        answers.push({ address: parseInt(lines[at++], 16), frames: [] });
        continue;
      }
      const place = lines[at + 1].replace(/ \(discriminator \d+\)$/, "").replace(/:0$/, ":?");
      answers.at(-1)!.frames.push(`${lines[at]} ${plain(place)}`);
      at += 2;
    }
  }
  return answers;
}

/** A path without `.` and `..`. */
function plain(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
