/** Headless Chromium for tests of what a browser makes of our output. Nothing that ships imports this. @module */
import { type Browser, chromium } from "playwright-core";
import { skip } from "../../tests/skip.ts";

const CHROMIUM = "/usr/bin/chromium";

/**
 * Runs a test in Debian's Chromium, or skips it with the reason when there is none.
 *
 * @param body gets the browser, which is closed after it
 */
export async function withBrowser(body: (browser: Browser) => Promise<void>): Promise<void> {
  const there = await Deno.stat(CHROMIUM).then(() => true, () => false);
  if (!there) return skip(`no ${CHROMIUM}`);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    await body(browser);
  } finally {
    await browser.close();
  }
}

/** Writes a text to a temporary file, hands its `file:` URL on, and removes it. */
export async function withFile(suffix: string, text: string, body: (url: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix });
  try {
    await Deno.writeTextFile(path, text);
    await body(`file://${path}`);
  } finally {
    await Deno.remove(path);
  }
}
