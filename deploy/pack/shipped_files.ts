const FOLDERS = ["bpf", "core", "dsl", "plugins", "recipes"];
const SHIPPED = /\.(css|html|js|json|o|perf|so|svg|txt|yaml)$/;
const LEFT_OUT = new Set(["fixtures", "testdata", "__snapshots__", "node_modules"]);

/**
 * Names of the files that ship inside the packed executable, sorted: whatever lies in the rooms and is neither source
 * nor test data.
 *
 * @param root the project's folder, ending in `/`
 */
export function shippedFiles(root: string): string[] {
  return walk(root).filter((name) => SHIPPED.test(name));
}

/** Names of the Workers' sources, which are bundled one by one. */
export function workerSources(root: string): string[] {
  return walk(root).filter((name) => name.endsWith("_worker.ts"));
}

function walk(root: string): string[] {
  const names: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of Deno.readDirSync(root + folder)) {
      if (LEFT_OUT.has(entry.name)) continue;
      if (entry.isDirectory) visit(`${folder}/${entry.name}`);
      else if (entry.isFile) names.push(`${folder}/${entry.name}`);
    }
  };
  FOLDERS.forEach(visit);
  return names.sort();
}
