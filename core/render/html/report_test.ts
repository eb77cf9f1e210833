import assert from "node:assert/strict";
import fc from "fast-check";
import type { Browser, Page } from "playwright-core";
import { resultsToJson } from "../../data/mod.ts";
import { withBrowser, withFile } from "../browser_for_test.ts";
import { calls, diagnosis, healthyDiagnosis, HOSTILE, hostileDiagnosis } from "../data_for_test.ts";
import { pointerSteps } from "./anchors.ts";
import { h, raw } from "./markup.ts";
import { reportHtml } from "./report.ts";

const report = (): string => reportHtml({ diagnosis: diagnosis(), calls: calls(), lang: "en" });
const idsOf = (text: string): string[] =>
  [...text.replace(/<metadata>.*?<\/metadata>/gs, "").matchAll(/<[^>]*\sid="([^"]*)"/g)].map((m) => m[1]);

Deno.test("h`` escapes every value that is no markup, in lists too", () => {
  assert.equal(
    h`<p title="${'"'}">${["<", raw("<b>"), null, 3, false]}</p>`.markup,
    '<p title="&quot;">&lt;<b>3</p>',
  );
  fc.assert(fc.property(fc.string(), (s) => !/[<>"']/.test(h`${s}`.markup)));
});

Deno.test("pointerSteps() reads RFC 6901 escapes", () => {
  assert.deepEqual(pointerSteps("/results/a~1b~0c/rows/0"), ["results", "a/b~c", "rows", "0"]);
});

Deno.test("reportHtml() links every claim to an element of the call it stands on", () => {
  const text = report();
  const ids = idsOf(text);
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
  const links = [...text.matchAll(/href="#([^"]*)"/g)].map((m) => m[1]);
  assert.deepEqual(links.filter((l) => !ids.includes(l)), []);
  for (const item of diagnosis().evidence_items) {
    const claim = new RegExp(`<li id="${item.id}">.*?href="#(value-\\d+)"`, "s").exec(text);
    assert.ok(claim, item.id);
    const call = text.indexOf(`<details id="call-${item.call}">`);
    const next = text.indexOf("<details", call + 1);
    const target = text.indexOf(`id="${claim[1]}"`);
    assert.ok(target > call && (next < 0 || target < next), `${item.id} stands in ${item.call}`);
  }
});

Deno.test("the examples' evidence is true: each value stands at its path", () => {
  const byId = new Map(calls().map((c) => [c.record.id, { results: resultsToJson(c.results) }]));
  for (const item of diagnosis().evidence_items) {
    // deno-lint-ignore no-explicit-any -- walks JSON of any shape
    const value = pointerSteps(item.path).reduce((at: any, step) => at?.[step], byId.get(item.call));
    assert.equal(value, item.value, item.id);
  }
});

Deno.test("reportHtml() has a policy that allows its own style and script only, and reaches for nothing outside", () => {
  const text = report();
  assert.match(
    text,
    /content="default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; base-uri/,
  );
  assert.equal(text.match(/<script/g)?.length, 1);
  assert.equal(text.match(/<style/g)?.length, 1);
  const outside = text.replace(/<(script|style)>.*?<\/\1>/gs, "").match(/https?:\/\/[^"'\s<]*/g) ?? [];
  assert.deepEqual(outside.filter((u) => !u.startsWith("http://www.w3.org/")), []);
});

Deno.test("reportHtml() shows evidence that points at a bucket, a missing row or a whole call", () => {
  const d = diagnosis();
  const at = (path: string, call = "c3") => ({ ...d.evidence_items[0], call, path });
  const items = [at("/results/latency/buckets/0/count"), at("/results/gone/rows/9/9"), at("/args/pid"), at("")];
  const text = reportHtml({
    diagnosis: {
      ...d,
      evidence: items.map((_, i) => `[x${i}] claim`),
      evidence_items: items.map((e, i) => ({ ...e, id: `x${i}` })),
    },
    calls: calls(),
    lang: "en",
  });
  const ids = idsOf(text);
  const links = [...text.matchAll(/href="#([^"]*)"/g)].map((m) => m[1]);
  assert.deepEqual(links.filter((l) => !ids.includes(l)), []);
});

Deno.test("reportHtml() links what is no claim straight to its value, and nothing to what is not there", () => {
  const d = diagnosis();
  const text = reportHtml({ diagnosis: { ...d, evidence: d.evidence.slice(0, 2) }, calls: calls(), lang: "en" });
  assert.match(text, /<a href="#value-\d+">e5<\/a>/);
  const lost = reportHtml({ diagnosis: { ...d, evidence: [], tool_calls: [] }, calls: [], lang: "en" });
  for (const page of [text, lost]) {
    const ids = idsOf(page);
    assert.deepEqual([...page.matchAll(/href="#([^"]*)"/g)].map((m) => m[1]).filter((l) => !ids.includes(l)), []);
  }
});

Deno.test("reportHtml() speaks Chinese, and of a healthy machine claims nothing", () => {
  const zh = reportHtml({ diagnosis: diagnosis(), calls: calls(), lang: "zh" });
  for (const part of ['lang="zh-CN"', "CPU 瓶颈", "证据", "处理建议", "火焰图", "饱和度"]) {
    assert.ok(zh.includes(part), part);
  }
  const healthy = reportHtml({ diagnosis: healthyDiagnosis(), calls: [], lang: "en" });
  assert.match(healthy, /<h1>No problem found<\/h1>/);
});

async function open(browser: Browser, url: string, width = 1280): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const said: string[] = [];
  page.on("dialog", (d) => void (said.push(d.message()), d.dismiss()));
  page.on("pageerror", (e) => said.push(e.message));
  page.on("console", (m) => (m.type() === "error" || m.type() === "warning") && said.push(m.text()));
  page.on("request", (r) => r.url() !== url && said.push(r.url()));
  await page.goto(url);
  return { page, said };
}

Deno.test("in a browser: a claim's link opens the folded call and marks the cell with its value", async () => {
  await withBrowser((browser) =>
    withFile(".html", report(), async (url) => {
      const { page, said } = await open(browser, url);
      assert.equal(await page.locator("#call-c2").getAttribute("open"), null);
      await page.locator("#e3 .source a").click();
      await page.locator("#call-c2[open]").waitFor();
      assert.equal(await page.locator(":target").textContent(), "187.3");
      assert.ok(await page.locator(":target").isVisible());
      assert.deepEqual(said, []);
    })
  );
});

Deno.test("in a browser: the flame graph in the report zooms, under the page's policy", async () => {
  await withBrowser((browser) =>
    withFile(".html", report(), async (url) => {
      const { page, said } = await open(browser, url);
      await page.locator('g.f[aria-label^="run_job,"]').click();
      assert.equal(await page.locator('g.f[aria-label^="handle,"]').count(), 0);
      await page.keyboard.press("Escape");
      assert.equal(await page.locator('g.f[aria-label^="handle,"]').count(), 1);
      assert.deepEqual(said, []);
    })
  );
});

Deno.test("in a browser: hostile strings everywhere add no element, run nothing and stay readable", async () => {
  const text = reportHtml({ diagnosis: hostileDiagnosis(), calls: calls(), lang: "en", subject: HOSTILE.join(" ") });
  await withBrowser((browser) =>
    withFile(".html", text, async (url) => {
      const { page, said } = await open(browser, url);
      assert.equal(await page.locator("script").count(), 1);
      assert.equal(await page.locator("img, iframe, object, embed, link, base, form").count(), 0);
      const shown = await page.locator("main").innerText();
      for (const part of ["evil\\x1b[2J", "\\u202egnp.exe", "<script>alert(1)</script>", "数据库服务器进程"]) {
        assert.ok(shown.includes(part), part);
      }
      assert.deepEqual(said, []);
    })
  );
});

Deno.test("in a browser: no page is wider than a telephone's screen", async () => {
  for (const d of [diagnosis(), hostileDiagnosis()]) {
    await withBrowser((browser) =>
      withFile(".html", reportHtml({ diagnosis: d, calls: calls(), lang: "en" }), async (url) => {
        const { page } = await open(browser, url, 390);
        await page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)");
        assert.ok(await page.evaluate("document.documentElement.scrollWidth") as number <= 390);
      })
    );
  }
});
