import type { Frame } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { frameName } from "../profile_stats.ts";
import { displayWidth, truncate } from "../width.ts";

/** Frames that every stack has, and that tell nothing. */
const EVERYWHERE =
  /^(_start|__libc_start_(main|call_main|main_impl)|start_thread|__?clone3?|clone|entry_SYSCALL_64_after_hwframe|do_syscall_64|x64_sys_call|el0t?_.*|do_el0_svc|invoke_syscall.*|el0_svc.*)$/;
/** Kernel frames that are shown: what the thread waits in, and who called that. */
const KERNEL_FRAMES = 3;

/**
 * A stack in one line that fits: where it began, and as much as there is room for of where it is, `main → … → work → read ⇒
 * vfs_read → pipe_read`.
 */
export function shortStack(frames: readonly Frame[], width: number): string {
  const name = (f: Frame): string => escapeText(frameName(f), { limit: 80 });
  const telling = frames.filter((f) => !EVERYWHERE.test(f.function));
  const user = telling.filter((f) => f.kind !== "kernel").map(name);
  const kernel = telling.filter((f) => f.kind === "kernel").slice(-KERNEL_FRAMES).map(name);
  const [root, ...rest] = user;
  for (let left = 0; left <= rest.length; left++) {
    const shown = root === undefined ? [] : left === 0 ? user : [root, "…", ...rest.slice(left)];
    const text = [shown.join(" → "), kernel.join(" → ")].filter((part) => part !== "").join(" ⇒ ");
    if (displayWidth(text) <= width || left === rest.length) return truncate(text, width, "middle");
  }
  return "";
}
