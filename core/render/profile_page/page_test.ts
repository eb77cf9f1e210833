/** The page in Chromium: what a person with a mouse, a keyboard or a screen reader gets. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import type { Profile } from "../../data/mod.ts";
import { withBrowser, withFile } from "../browser_for_test.ts";
import { bigProfile, cpuProfile, HOSTILE } from "../data_for_test.ts";
import { profileHtml } from "./page.ts";

/** The example's samples at known times: matrix_multiply in seconds 0–3, all else in second 5, at 400 ms. */
function timedProfile(): Profile {
  const profile = cpuProfile();
  const samples = profile.stacks.flatMap((s, i) => new Array(s.values[0]).fill(i) as number[]);
  const timeNs = Float64Array.from(samples, (stack, i) => stack === 0 ? i * 1e7 : 5.4e9 + i * 1e4);
  return {
    ...profile,
    timeline: {
      startNs: 1_700_000_000_000_000_000n,
      timeNs,
      stack: Uint32Array.from(samples),
      value: new Float64Array(samples.length).fill(1),
    },
  };
}

/** Opens a page, and hands back what it asked of the network and said of errors. */
async function open(
  browser: Browser,
  url: string,
  width = 1200,
  height = 760,
): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage({ viewport: { width, height } });
  page.setDefaultTimeout(10_000);
  const said: string[] = [];
  page.on("pageerror", (e) => said.push(e.message));
  page.on("console", (m) => said.push(m.text()));
  page.on("dialog", (d) => void (said.push(d.message()), d.dismiss()));
  page.on("request", (r) => r.url() !== url && said.push(`asked for ${r.url()}`));
  await page.goto(url);
  await page.waitForFunction(`document.querySelector("#detail b") !== null`);
  return { page, said };
}

const detail = (page: Page): Promise<string | null> => page.locator("#detail").textContent();
const active = (page: Page, id: string): Promise<string | null> =>
  page.locator(`#${id}`).getAttribute("aria-activedescendant").then((item) =>
    page.locator(`#${item}`).getAttribute("aria-label")
  );
const rows = (page: Page, id: string): Promise<string[]> =>
  page.locator(`#${id} .space .row`).evaluateAll((list) =>
    list.map((row) => [...row.children].map((c) => c.querySelector("span")!.textContent).join(" | "))
  );

const steps: [name: string, body: (browser: Browser) => Promise<void>][] = [];
const browserTest = (name: string, body: (browser: Browser) => Promise<void>): void => void steps.push([name, body]);

Deno.test("profileHtml() has a policy for its own style and script only, no inline style or handler, and reaches for nothing", () => {
  const text = profileHtml(timedProfile(), { title: HOSTILE.join(" ") });
  assert.match(
    text,
    /content="default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; base-uri/,
  );
  const markup = text.replace(/<(script|style)[^>]*>.*?<\/\1>/gs, "").replace(/"[^"]*"/g, '""');
  assert.doesNotMatch(markup, /<[^>]*\s(style|on\w+|href|src)=/);
  assert.equal(text.match(/<script/g)?.length, 2);
  assert.equal(text.match(/<\/script/g)?.length, 2);
  const script = /<script>(.*)<\/script>/s.exec(text)![1];
  assert.doesNotMatch(script, /https?:|fetch\(|XMLHttpRequest|WebSocket|import\(|innerHTML/);
  assert.equal(text, profileHtml(timedProfile(), { title: HOSTILE.join(" ") }), "the same profile is the same text");
});

browserTest("a page in Chinese of an empty profile says that there is nothing, and does not fail", async (browser) => {
  const empty = { ...cpuProfile(), stacks: [] };
  await withFile(".html", profileHtml(empty, { title: "空", lang: "zh" }), async (url) => {
    const { page, said } = await open(browser, url);
    assert.deepEqual(await page.getByRole("tab").allTextContents(), ["火焰图", "冰柱图", "三明治", "排行"]);
    for (const tab of ["icicle", "sandwich", "top"]) await page.click(`#tab-${tab}`);
    assert.deepEqual(said, []);
  });
});

browserTest(
  "a click zooms, search marks and filters, sample type and label change what is counted",
  async (browser) => {
    await withFile(".html", profileHtml(timedProfile(), { title: "t", groupBy: false, tab: "icicle" }), async (url) => {
      const { page, said } = await open(browser, url);
      assert.match(await detail(page) ?? "", /^all · 615 samples/);
      // Third row of the icicle: main, which is the widest; below it run_job.
      const box = (await page.locator("#flame").boundingBox())!;
      await page.mouse.click(box.x + box.width / 2, box.y + 3 + 19 * 3.5);
      assert.match(await detail(page) ?? "", /^run_job · matmul · 520 samples · 84.6 % of all/);
      await page.mouse.move(box.x + box.width / 2, box.y + 3 + 19 * 4.5);
      assert.deepEqual((await page.locator("#tip p").allTextContents()).slice(0, 3), [
        "matrix_multiply",
        "matmul · matmul.c",
        "489 samples · 79.5 % of all · 94.0 % of what is zoomed",
      ]);
      await page.keyboard.press("/");
      await page.keyboard.type("^(matrix_|dot_)");
      assert.equal(await page.locator("#matched").textContent(), "94.0 % matched");
      await page.keyboard.type("(");
      assert.equal(await page.locator("#search").getAttribute("aria-invalid"), "true");
      await page.fill("#search", "^PyEval");
      await page.click("#tab-top");
      assert.deepEqual(await rows(page, "top-table"), ["0 | 0 % | 35 | 5.7 % | PyEval_EvalFrame"]);
      await page.fill("#search", "");
      await page.selectOption("#type", "1");
      assert.match((await rows(page, "top-table"))[0], /^3\.75 s \| 60\.3 % \| 4\.94 s \| 79\.5 % \| matrix_multiply$/);
      await page.selectOption("select[data-label='1']", { label: "77" });
      assert.equal((await rows(page, "top-table")).length, 5);
      await page.click("#tab-icicle");
      assert.match(await detail(page) ?? "", /^all · 354 ms/);
      assert.deepEqual(said, []);
    });
  },
);

browserTest(
  "the top table sorts by any column, and a row leads to the function between callers and callees",
  async (browser) => {
    await withFile(".html", profileHtml(timedProfile(), { title: "t", groupBy: false, tab: "top" }), async (url) => {
      const { page, said } = await open(browser, url);
      const sorted = (): Promise<string | null> =>
        page.locator("#top-table [aria-sort=descending] button").textContent();
      assert.equal(await sorted(), "self");
      await page.click("#top-table button:text-is('total')");
      assert.equal(await sorted(), "total");
      assert.match((await rows(page, "top-table"))[0], /__libc_start_main$/);
      await page.focus("#top-table .grid");
      for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
      assert.equal(await page.locator("[role=tab][aria-selected=true]").textContent(), "Sandwich");
      assert.match(await page.locator("#middle").textContent() ?? "", /^run_job · matmul · total 520 samples · 84.6 %/);
      await page.focus("#callees");
      await page.keyboard.press("ArrowDown");
      assert.equal(await active(page, "callees"), "matrix_multiply, 489 samples, 79.5 %");
      await page.keyboard.press("Enter");
      assert.match(await page.locator("#middle").textContent() ?? "", /^matrix_multiply · .*self 371 samples · 60.3 %/);
      await page.focus("#callers");
      await page.keyboard.press("ArrowUp");
      assert.equal(await active(page, "callers"), "run_job, 489 samples, 79.5 %");
      assert.deepEqual(said, []);
    });
  },
);

browserTest(
  "a range of the heat map, by mouse and by keyboard, filters every tab; Escape shows all again",
  async (browser) => {
    await withFile(".html", profileHtml(timedProfile(), { title: "t", groupBy: false, tab: "heat" }), async (url) => {
      const { page, said } = await open(browser, url);
      await page.focus("#heat");
      await page.keyboard.press("ArrowRight");
      assert.match(await active(page, "heat") ?? "", /^1 s – 1\.02 s: 2 samples$/);
      await page.keyboard.press("Shift+ArrowRight");
      // From 1.00 s to 2.02 s, a sample each 10 ms.
      assert.match(await active(page, "heat") ?? "", /^1 s – 2\.02 s: 102 samples$/);
      assert.equal(await page.locator("#range").textContent(), "1 s – 2.02 s ✕");
      await page.keyboard.press("4");
      assert.deepEqual(await rows(page, "top-table").then((r) => r.slice(0, 1)), [
        "102 | 100 % | 102 | 100 % | matrix_multiply",
      ]);
      await page.keyboard.press("Escape");
      assert.ok(await page.locator("#range").isHidden());
      assert.match((await rows(page, "top-table"))[0], /^371 /);
      await page.click("#tab-heat");
      const box = (await page.locator("#heat").boundingBox())!;
      const x = (second: number): number => box.x + 54 + (second + 0.5) * 28;
      await page.mouse.move(x(4), box.y + 100);
      await page.mouse.down();
      await page.mouse.move(x(5), box.y + 20);
      await page.mouse.up();
      await page.click("#tab-top");
      assert.ok(
        (await rows(page, "top-table")).every((row) => !/^\d.* matrix_multiply$/.test(row) || row.startsWith("0 ")),
      );
      assert.match(await detail(page) ?? "", /^all · 244 samples/);
      assert.deepEqual(said, []);
    });
  },
);

browserTest("keyboard alone walks tabs and frames; the accessibility tree names what is where", async (browser) => {
  await withFile(".html", profileHtml(timedProfile(), { title: "CPU of web-1", groupBy: false }), async (url) => {
    const { page, said } = await open(browser, url);
    await page.focus("#tab-flame");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.locator("[role=tab]:focus").textContent(), "Icicle");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(`document.activeElement.id`), "flame");
    const seen: (string | undefined)[] = [];
    for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown", "Home"]) {
      await page.keyboard.press(key);
      seen.push((await active(page, "flame"))?.split(",")[0]);
    }
    assert.deepEqual(seen, [
      "__libc_start_main",
      "main",
      "run_job",
      "matrix_multiply",
      "checksum",
      "matrix_multiply",
      "run_job",
      "all",
    ]);
    for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    assert.ok(await page.locator("#reset").isVisible());
    await page.locator("#callees-table summary").press("Enter");
    const tree = await page.locator("body").ariaSnapshot();
    for (
      const part of [
        'heading "CPU of web-1" [level=1]',
        'tablist "Views"',
        'tab "Flame" [selected]',
        'tabpanel "Flame"',
        'tree "Flame"',
        'treeitem "run_job, 520 samples, 84.6 %" [level=4] [selected]',
        'combobox "Colour by"',
        'searchbox "Search (/): regular expression"',
        'columnheader "total %"',
        "matrix_multiply 489 samples 79.5 % 60.3 %",
      ]
    ) assert.ok(tree.includes(part), `${part} in\n${tree}`);
    await page.keyboard.press("Escape");
    assert.ok(await page.locator("#reset").isHidden());
    await page.keyboard.press("4");
    const top = await page.locator("#panel-top").ariaSnapshot();
    assert.match(top, /grid "Top"/);
    assert.match(top, /row "371 60\.3 % 489 79\.5 % matrix_multiply matmul" \[selected\]/);
    assert.deepEqual(said, []);
  });
});

browserTest(
  "a comparison shows what grew, what is gone by another width, and marks noise in its table",
  async (browser) => {
    const before = cpuProfile();
    const after = {
      ...before,
      stacks: before.stacks.slice(1).map((s) => ({ ...s, values: s.values.map((v) => v === 31 ? 200 : v) })),
    };
    await withFile(".html", profileHtml(after, { title: "t", before, groupBy: false, tab: "diff" }), async (url) => {
      const { page, said } = await open(browser, url);
      const table = await rows(page, "diff-table");
      assert.match(table[0], /^5\.0 % \| \d+\.\d % \| \+\d+\.\d {2}\[\+.*\] \| .* \| checksum$/);
      assert.equal(await page.locator("#diff-table .row:nth-child(1) .more").count(), 2);
      assert.match(await page.locator("#diff-note").textContent() ?? "", /functions compared/);
      await page.click("#tab-icicle");
      assert.match(await detail(page) ?? "", /before 615 samples \(100 %\), after \d+ samples \(100 %\)/);
      await page.fill("#search", "^matrix_multiply$");
      const matched = await page.locator("#matched").textContent();
      await page.selectOption("#width", "before");
      assert.notEqual(await page.locator("#matched").textContent(), matched);
      assert.equal(await page.locator("#matched").textContent(), "79.5 % matched");
      assert.deepEqual(said, []);
    });
  },
);

browserTest("10,000 levels can be walked and scrolled, 200,000 nodes zoomed and searched", async (browser) => {
  const frames = Array.from({ length: 12 }, (_, i) => ({
    function: `level_${i}`,
    module: "",
    file: "",
    line: 0,
    kind: "user" as const,
  }));
  const deep: Profile = {
    ...cpuProfile(),
    frames,
    stacks: [{ frames: [...Array.from({ length: 9999 }, (_, i) => i % 11), 11], values: [5, 5], labels: {} }],
  };

  await withFile(".html", profileHtml(deep, { title: "deep", tab: "icicle" }), async (url) => {
    const { page, said } = await open(browser, url);
    await page.focus("#flame");
    await page.keyboard.press("End");
    assert.equal(await active(page, "flame"), "level_11, 5 samples, 100 %");
    const item = await page.locator("#flame").getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${item}`).getAttribute("aria-level"), "10001");
    assert.ok(await page.evaluate(`document.getElementById("flame").scrollTop`) as number > 180_000);
    // The deepest frame is drawn where it is: the mouse finds it.
    const box = (await page.locator("#flame").boundingBox())!;
    let tip: string | null = "";
    for (let y = box.height - 4; y > 0 && tip !== "level_11"; y -= 9) {
      await page.mouse.move(box.x + 300, box.y + y);
      tip = await page.locator("#tip").isVisible() ? await page.locator("#tip .name").textContent() : "";
    }
    assert.equal(tip, "level_11");
    await page.keyboard.press("s");
    assert.match(await page.locator("#middle").textContent() ?? "", /^level_11/);
    assert.deepEqual(said, []);
  });
  await withFile(".html", profileHtml(bigProfile(200_000), { title: "wide", tab: "icicle" }), async (url) => {
    const { page, said } = await open(browser, url);
    await page.focus("#flame");
    for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    assert.match(await detail(page) ?? "", /of all/);
    await page.fill("#search", "function_2\\d\\d$");
    assert.match(await page.locator("#matched").textContent() ?? "", /^\d/);
    await page.click("#tab-top");
    // Of thousands of functions only those in sight are in the page.
    assert.ok(Number(await page.locator("#top-table .grid").getAttribute("aria-rowcount")) > 50);
    assert.ok(await page.locator("#top-table .space .row").count() < 60);
    assert.deepEqual(said, []);
  });
});

browserTest("names that attack run nothing and add no element; no page is wider than a telephone", async (browser) => {
  await withFile(".html", profileHtml(timedProfile(), { title: HOSTILE.join(" ") }), async (url) => {
    const { page, said } = await open(browser, url, 390, 740);
    for (const tab of ["flame", "icicle", "sandwich", "top", "heat"]) {
      await page.click(`#tab-${tab}`);
      assert.ok(await page.evaluate(`document.documentElement.scrollWidth`) as number <= 390, tab);
    }
    assert.equal(await page.locator("script").count(), 2);
    assert.equal(await page.locator("img, iframe, a, b b").count(), 0);
    await page.click("#tab-top");
    assert.ok((await rows(page, "top-table")).some((row) => row.includes("alert(1)")));
    assert.deepEqual(said, []);
  });
});

Deno.test("the page in a browser", async (t) => {
  await withBrowser(async (browser) => {
    for (const [name, body] of steps) await t.step(name, () => body(browser));
  });
});
