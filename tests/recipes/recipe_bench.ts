import { basename } from "node:path";
import type { Controller, Facts, GroupedRun, RecipeBench, RunningLoad, TestGroup } from "./recipe_case.ts";

/** A bench that cleans up behind itself. */
export interface OwnedRecipeBench extends RecipeBench, AsyncDisposable {}

/**
 * Prepares a bench.
 *
 * @param program the compiled load.c
 * @param folder for the files of the loads
 */
export function openRecipeBench(program: string, folder: string): OwnedRecipeBench {
  const groups: TestGroup[] = [];
  const running = new Set<Deno.ChildProcess>();
  const spawn = (command: string, args: readonly string[]): Deno.ChildProcess => {
    const child = new Deno.Command(command, { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
    running.add(child);
    child.status.then(() => running.delete(child));
    return child;
  };
  const inGroup = (group: TestGroup, args: readonly string[]): Deno.ChildProcess =>
    // The shell moves itself, and becomes the program: not one event of it happens outside.
    spawn("/bin/sh", ["-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group.folder, program, ...args]);
  const texts = (args: readonly (string | number)[]): string[] => args.map(String);
  return {
    comm: basename(program),
    program,
    folder,
    async load(action, ...args): Promise<Facts> {
      const child = spawn(program, [action, ...texts(args)]);
      await child.stdin.close();
      const { success, code, signal, stdout } = await child.output();
      if (!success) throw new Error(`load ${action} ${args.join(" ")} ended with ${signal ?? code}`);
      return factsOf(new TextDecoder().decode(stdout));
    },
    start: (action, ...args) => underWay(spawn(program, [action, ...texts(args)])),
    startIn: (group, action, ...args) => underWay(inGroup(group, [action, ...texts(args)])),
    async loadIn(group, action, ...args): Promise<GroupedRun> {
      const child = inGroup(group, [action, ...texts(args)]);
      await child.stdin.close();
      const { success, stdout } = await child.output();
      return { pid: child.pid, facts: success ? factsOf(new TextDecoder().decode(stdout)) : null };
    },
    group(controller, name): TestGroup | null {
      const group = groups.find((g) => g.path === `/${name}`) ?? makeGroup(controller, name);
      if (group && !groups.includes(group)) groups.push(group);
      return group;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      const left = [...running];
      for (const child of left) child.kill("SIGKILL");
      await Promise.all(left.map((child) => child.status));
      for (const group of groups) Deno.removeSync(group.folder);
    },
  };
}

/** Waits until a load says that it runs. */
async function underWay(child: Deno.ChildProcess): Promise<RunningLoad> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("ready\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`a load ended before it was under way: ${text}`);
    text += value;
  }
  const writer = child.stdin.getWriter();
  return {
    pid: child.pid,
    async go(): Promise<Facts> {
      await writer.write(new TextEncoder().encode("\n"));
      while (!text.endsWith("}\n")) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`a load ended early: ${text}`);
        text += value;
      }
      return factsOf(text);
    },
    async stop(): Promise<Facts> {
      await writer.close();
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      await child.status;
      return factsOf(text);
    },
  };
}

function factsOf(text: string): Facts {
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "{}");
}

/** Control groups of version 1 lie by controller; of version 2 in one tree, whose root says what it hands on. */
function makeGroup(controller: Controller | null, name: string): TestGroup | null {
  const mounts = Deno.readTextFileSync("/proc/self/mounts").split("\n").map((line) => line.split(" "));
  const v1 = mounts.find((m) => m[2] === "cgroup" && controller !== null && m[3].split(",").includes(controller));
  const v2 = mounts.find((m) => m[2] === "cgroup2");
  const mount = v1 ?? v2;
  if (!mount) return null;
  try {
    if (!v1 && controller) {
      Deno.writeTextFileSync(`${mount[1]}/cgroup.subtree_control`, `+${controller === "cpuacct" ? "cpu" : controller}`);
    }
    const folder = `${mount[1]}/${name}`;
    Deno.mkdirSync(folder);
    return {
      path: `/${name}`,
      folder,
      version: v1 ? 1 : 2,
      set: (file, text) => Deno.writeTextFileSync(`${folder}/${file}`, text),
      get: (file) => Deno.readTextFileSync(`${folder}/${file}`).trim(),
    };
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    return null;
  }
}
