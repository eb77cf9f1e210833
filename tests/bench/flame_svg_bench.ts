import { parseFolded } from "../../core/profile/formats/mod.ts";
import { flameSvg } from "../../core/render/flame/svg.ts";
import { foldedText } from "../../core/render/folded_for_test.ts";
import { alternate, line, median, wallMs } from "./measure.ts";

/** Runs after which the engine has compiled what it will. */
const WARM_UP = 15;

/**
 * Drawing 3 MB of folded text: as a command beside flamegraph.pl, both with their start, on one file in turn; and in a
 * process that is warm. flamegraph.pl is that of FLAMEGRAPH_DIR, else the one in Debian's libdevel-nytprof-perl, which is
 * fetched and unpacked into a temporary folder.
 */
export async function flameSvgBench(sonde: string, rounds: number): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    const file = `${folder}/stacks.folded`;
    const text = foldedText(3e6);
    Deno.writeTextFileSync(file, text);
    const script = await flamegraphPl(folder);
    for (let i = 0; i < WARM_UP; i++) flameSvg(parseFolded(text), { title: "bench" });
    const ms = await alternate(rounds, {
      ours: () => wallMs(sonde, ["flamegraph", file, "-o", `${folder}/ours.svg`]),
      warm: () => {
        const start = performance.now();
        flameSvg(parseFolded(text), { title: "bench" });
        return performance.now() - start;
      },
      page: () => wallMs(sonde, ["flamegraph", file, "-o", `${folder}/ours.html`]),
      ...script && { theirs: () => wallMs("perl", [script, file]) },
    });
    const against = (own: readonly number[]): string =>
      ms.theirs
        ? `flamegraph.pl ${median(ms.theirs).toFixed(0)} ms: ${(median(ms.theirs) / median(own)).toFixed(1)} times`
        : "no flamegraph.pl: set FLAMEGRAPH_DIR";
    const size = `${(text.length / 1e6).toFixed(1)} MB of folded stacks`;
    line(`${size} to SVG, as a command, wall time`, `${median(ms.ours).toFixed(0)} ms`, "5 times", against(ms.ours));
    line("  parse and draw in a warm process", `${median(ms.warm).toFixed(0)} ms`, "5 times", against(ms.warm));
    line("  to a page, as a command", `${median(ms.page).toFixed(0)} ms`, "-");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function flamegraphPl(folder: string): Promise<string | null> {
  const own = Deno.env.get("FLAMEGRAPH_DIR");
  if (own !== undefined) return `${own}/flamegraph.pl`;
  const run = async (command: string, ...args: string[]): Promise<boolean> => {
    try {
      const { code } = await new Deno.Command(command, { args, cwd: folder, stdout: "null", stderr: "null" }).output();
      return code === 0;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
  if (!await run("apt-get", "download", "libdevel-nytprof-perl")) return null;
  const deb = [...Deno.readDirSync(folder)].find((e) => e.name.endsWith(".deb"));
  if (!deb || !await run("dpkg-deb", "-x", deb.name, "nytprof")) return null;
  const path = `${folder}/nytprof/usr/share/perl5/Devel/NYTProf/flamegraph.pl`;
  return await Deno.stat(path).then(() => path, () => null);
}
