import { chromium, type Page } from "playwright-core";
import type { Profile } from "../../core/data/mod.ts";
import { bigProfile, cpuProfile } from "../../core/render/data_for_test.ts";
import { profileHtml } from "../../core/render/profile_page/page.ts";
import { line, median } from "./measure.ts";

const CHROMIUM = "/usr/bin/chromium";

/**
 * How soon a profile's page answers in headless Chromium: from the start of loading to the first picture, and from a key
 * to the picture that it asks for; of 200,000 nodes, and of stacks 10,000 frames deep.
 */
export async function flamePageBench(rounds: number): Promise<void> {
  if (!await Deno.stat(CHROMIUM).then(() => true, () => false)) return console.log(`no ${CHROMIUM}`);
  const folder = Deno.makeTempDirSync();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    for (const [name, profile] of [["200,000 nodes", bigProfile(200_000)], ["10,000 levels", deepProfile()]] as const) {
      const path = `${folder}/page.html`;
      const html = profileHtml(profile, { title: name });
      Deno.writeTextFileSync(path, html);
      const times: Record<string, number[]> = { load: [], zoom: [], scroll: [], search: [], sandwich: [] };
      for (let i = 0; i < rounds; i++) {
        const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
        await page.goto(`file://${path}`);
        times.load.push(await page.evaluate("new Promise((r) => requestAnimationFrame(() => r(performance.now())))"));
        await page.focus("#flame");
        await page.keyboard.press("ArrowUp");
        times.zoom.push(await drawn(page, KEY("Enter")));
        times.scroll.push(await drawn(page, KEY("End")));
        times.search.push(await drawn(page, SEARCH));
        times.sandwich.push(await drawn(page, `document.getElementById("tab-sandwich").click()`));
        await page.close();
      }
      for (const [what, ms] of Object.entries(times)) {
        const size = what === "load" ? `${(html.length / 1e6).toFixed(1)} MB` : "";
        line(`page of ${name}: ${what}`, `${median(ms).toFixed(0)} ms`, "-", size);
      }
    }
  } finally {
    await browser.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

const KEY = (key: string): string =>
  `document.getElementById("flame").dispatchEvent(new KeyboardEvent("keydown", { key: "${key}", bubbles: true }))`;
const SEARCH =
  `(() => { const s = document.getElementById("search"); s.value = "1$"; s.dispatchEvent(new Event("input")); })()`;

/** From an act to the end of the frame that shows it, ms. */
function drawn(page: Page, act: string): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const start = performance.now();
    ${act};
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
  })`);
}

function deepProfile(): Profile {
  const frames = Array.from({ length: 40 }, (_, i) => ({
    function: `recursive_${i}`,
    module: "deep",
    file: "",
    line: 0,
    kind: "user" as const,
  }));
  const stacks = Array.from({ length: 200 }, (_, k) => ({
    frames: Array.from({ length: 10_000 - k * 20 }, (_, i) => i % 17 + (i > 9000 ? k % 20 : 0)),
    values: [1 + k % 5],
    labels: {},
  }));
  return { ...cpuProfile(), sampleTypes: [{ name: "samples", unit: "count" }], frames, stacks };
}
