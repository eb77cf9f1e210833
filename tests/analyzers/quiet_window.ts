import { skip } from "../skip.ts";

/**
 * Measures again while the kernel keeps switches from all programs, as it does for a moment when other tracers attach on
 * this machine. What is asked for exactly must come out exactly in the first window of which nothing is missing.
 *
 * @param window one measurement with its checks; it answers whether something of its own was missing
 * @param attempts most windows; 1 or more
 */
export async function inQuietWindow(window: () => Promise<boolean>, attempts = 10): Promise<void> {
  for (let i = 0; i < attempts; i++) if (!await window()) return;
  skip("other tracers attach on this machine all the time");
}
