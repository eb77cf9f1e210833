/** One line of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  /** Directory of the file system that is mounted; for cgroups, relative to the reader's cgroup namespace. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  /** Options of the file system, such as `rw`, `memory`, `name=systemd`. */
  readonly superOptions: readonly string[];
}

/** Parses mountinfo. Names are unescaped (`\040` is a space). */
export function parseMountInfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const words = line.split(" ");
    const dash = words.indexOf("-", 6);
    if (dash < 0 || words.length < dash + 4) continue;
    mounts.push({
      root: unescape(words[3]),
      mountPoint: unescape(words[4]),
      type: words[dash + 1],
      source: unescape(words[dash + 2]),
      superOptions: words[dash + 3].split(","),
    });
  }
  return mounts;
}

/** The kernel writes space, tab, newline and backslash as three octal digits (fs/proc_namespace.c, `mangle`). */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
