import { command, type Run, SONDE } from "../cli/sonde.ts";

const NOBODY = "65534";

/** Runs sonde as a user who is not root, with some capabilities. */
export type AsNobody = (capabilities: readonly string[], args: readonly string[]) => Promise<Run>;

/**
 * A way to run sonde as nobody: root owns tracefs and most else, so that leaving capabilities away from root shows less.
 * What Deno has stored lies in root's own folder; it is bound to where everybody may read it, in a namespace of its own.
 *
 * @param folder an empty folder that everybody may read
 * @returns null where that cannot be done
 */
export async function asNobody(folder: string): Promise<AsNobody | null> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  const stored: string = JSON.parse(new TextDecoder().decode(info.stdout)).denoDir;
  const script = 'mount --bind "$0" "$1" && shift && exec "$@"';
  const run: AsNobody = (capabilities, args) => {
    const set = ["-all", ...capabilities.map((c) => `+${c}`)].join(",");
    return command("unshare", [
      ...["--mount", "--propagation", "private", "sh", "-c", script, stored, folder],
      ...["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"],
      ...["--bounding-set", set, "--inh-caps", set, "--ambient-caps", set, SONDE, ...args],
    ], { env: { DENO_DIR: folder, HOME: "/" } });
  };
  try {
    return (await run([], ["--version"])).code === 0 ? run : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
