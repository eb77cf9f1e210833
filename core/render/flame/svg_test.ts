import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { skip } from "../../../tests/skip.ts";
import { withBrowser, withFile } from "../browser_for_test.ts";
import { bigProfile, cpuProfile, HOSTILE } from "../data_for_test.ts";
import { FLAME_SCRIPT, type FlameOptions, flameSvg } from "./svg.ts";

const options: FlameOptions = { title: HOSTILE.join(" ") };

Deno.test("flameSvg() is well-formed XML whatever the names are", async () => {
  const parse = "import sys, xml.dom.minidom as x; d = x.parseString(sys.stdin.buffer.read()); " +
    "print(len(d.getElementsByTagName('rect')), len(d.getElementsByTagName('script')), len(d.getElementsByTagName('img')))";
  const child = new Deno.Command("python3", { args: ["-c", parse], stdin: "piped", stdout: "piped", stderr: "piped" });
  const python = ((): Deno.ChildProcess | null => {
    try {
      return child.spawn();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  })();
  if (python === null) return skip("python3 is not installed");
  const writer = python.stdin.getWriter();
  await writer.write(new TextEncoder().encode(flameSvg(cpuProfile(), options)));
  await writer.close();
  const { stdout, stderr } = await python.output();
  const [rects, scripts, images] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
  assert.ok(rects > 30, new TextDecoder().decode(stderr));
  assert.deepEqual([scripts, images], [1, 0]);
});

Deno.test("flameSvg() has no inline styles or handlers and reaches for nothing outside", () => {
  const svg = flameSvg(cpuProfile(), options);
  const markup = svg.replace(FLAME_SCRIPT, "").replace(/<metadata>.*?<\/metadata>/s, "").replace(/"[^"]*"/g, '""');
  assert.doesNotMatch(markup, /<[^>]*\s(style|on\w+|href|src)=/);
  assert.deepEqual(svg.match(/https?:\/\/[^"'\s<]*/g)?.filter((u) => !u.startsWith("http://www.w3.org/")), []);
  assert.ok(!FLAME_SCRIPT.includes("]]>") && !FLAME_SCRIPT.includes("</script"));
});

Deno.test("flameSvg() is the same text for the same profile, and colours a function alike in any profile", () => {
  assert.equal(flameSvg(cpuProfile(), options), flameSvg(cpuProfile(), options));
  const look = (svg: string): string | undefined => /"main","matmul","(u\d)"/.exec(svg)?.[1];
  const other = { ...cpuProfile(), stacks: cpuProfile().stacks.slice(0, 1) };
  assert.match(look(flameSvg(cpuProfile(), options).replaceAll("&quot;", '"')) ?? "", /^u\d$/);
  assert.equal(look(flameSvg(other, options)), look(flameSvg(cpuProfile(), options)));
});

Deno.test("flameSvg() of 200,000 nodes stays below 2 MB and says what was left out", () => {
  const svg = flameSvg(bigProfile(200_000), { title: "big" });
  assert.ok(svg.length < 2e6, `${svg.length}`);
  assert.match(svg, /\d{3},\d{3} frames of 0\.\d+ % or less left out/);
});

Deno.test("flameSvg() of an empty profile is a graph of nothing, not an error", () => {
  assert.match(flameSvg({ ...cpuProfile(), stacks: [] }, options), />all · 0 samples · /);
});

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("g.tools");
}

const frame = (page: Page, name: string) => page.locator(`g.f[aria-label^="${name},"]`);
const widthOf = async (page: Page, name: string): Promise<number> =>
  Number(await frame(page, name).locator("rect").getAttribute("width"));

Deno.test("in a browser: click zooms, ancestors stay faded, reset and Escape go back", async () => {
  await withBrowser((browser) =>
    withFile(".svg", flameSvg(cpuProfile(), { title: "t", groupBy: false }), async (url) => {
      const page = await browser.newPage({ viewport: { width: 1000, height: 400 } });
      await open(page, url);
      const full = await widthOf(page, "all");
      assert.ok(Math.abs(full - 979) < 2, `${full}`);
      const before = await widthOf(page, "run_job");
      await frame(page, "run_job").click();
      assert.ok(Math.abs(await widthOf(page, "run_job") - full) < 1.5 && before < full * 0.9);
      assert.match(await frame(page, "main").getAttribute("class") ?? "", /\bup\b/);
      assert.equal(await frame(page, "handle").count(), 0);
      await page.getByRole("button", { name: "Reset zoom" }).click();
      assert.ok(Math.abs(await widthOf(page, "run_job") - before) < 1);
      await frame(page, "handle").click();
      await page.keyboard.press("Escape");
      assert.ok(Math.abs(await widthOf(page, "run_job") - before) < 1);
    })
  );
});

Deno.test("in a browser: frames too narrow to draw appear when zoomed", async () => {
  await withBrowser((browser) =>
    withFile(".svg", flameSvg(cpuProfile(), { title: "t", groupBy: false, minWidth: 8 }), async (url) => {
      const page = await browser.newPage({ viewport: { width: 600, height: 400 } });
      await open(page, url);
      const name = "std::vector";
      assert.equal(await page.locator(`g.f[aria-label^="${name}"]`).count(), 0);
      await page.setViewportSize({ width: 1400, height: 400 });
      await page.locator(`g.f[aria-label^="${name}"]`).waitFor({ state: "attached" });
    })
  );
});

Deno.test("in a browser: search takes an expression, marks frames, counts nested matches once, survives half an expression", async () => {
  await withBrowser((browser) =>
    withFile(".svg", flameSvg(cpuProfile(), { title: "t", groupBy: false }), async (url) => {
      const page = await browser.newPage({ viewport: { width: 1000, height: 400 } });
      await open(page, url);
      await page.keyboard.press("Control+f");
      await page.keyboard.type("^(matrix_|dot_)");
      assert.equal(await page.locator(".matched").textContent(), "79.5 % matched"); // (371 + 118) / 615
      assert.equal(await page.locator("g.f.hit").count(), 2);
      await page.keyboard.type("(");
      assert.equal(await page.locator("input").getAttribute("aria-invalid"), "true");
      assert.equal(await page.locator(".matched").textContent(), "0 % matched");
      await page.keyboard.press("Escape");
      assert.equal(await page.locator(".matched").textContent(), "");
      assert.equal(await page.locator("g.f.hit").count(), 0);
      await frame(page, "run_job").click();
      await page.keyboard.press("/");
      await page.keyboard.type("dot_product");
      assert.equal(await page.locator(".matched").textContent(), "22.7 % matched"); // 118 / 520
    })
  );
});

Deno.test("in a browser: the keyboard walks to callees, callers and neighbours, zooms and says what it is on", async () => {
  await withBrowser((browser) =>
    withFile(".svg", flameSvg(cpuProfile(), { title: "t", groupBy: false }), async (url) => {
      const page = await browser.newPage({ viewport: { width: 1000, height: 400 } });
      await open(page, url);
      const at = async (): Promise<string> =>
        (await page.locator("g.f:focus").getAttribute("aria-label") ?? "").split(",")[0];
      await page.locator('g.f[tabindex="0"]').focus();
      const seen = [await at()];
      for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown", "Home"]) {
        await page.keyboard.press(key);
        seen.push(await at());
      }
      assert.deepEqual(seen, [
        "all",
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
      assert.equal(await at(), "run_job");
      assert.equal(await frame(page, "handle").count(), 0);
      const label = await frame(page, "matrix_multiply").getAttribute("aria-label");
      assert.equal(label, "matrix_multiply, 489 samples, 79.5 %");
    })
  );
});

Deno.test("in a browser: hovering shows name, module, share of all and of what is zoomed, self", async () => {
  await withBrowser((browser) =>
    withFile(".svg", flameSvg(cpuProfile(), { title: "t", groupBy: false }), async (url) => {
      const page = await browser.newPage({ viewport: { width: 1000, height: 400 } });
      await open(page, url);
      await frame(page, "run_job").click();
      await frame(page, "matrix_multiply").hover();
      assert.deepEqual(await page.locator(".tip text").allTextContents(), [
        "matrix_multiply",
        "matmul · matmul.c",
        "489 samples · 79.5 % of all · 94.0 % of what is zoomed",
        "self 371 samples · 60.3 %",
      ]);
    })
  );
});

Deno.test("in a browser: hostile names run nothing, and an image of it shows the static picture", async () => {
  await withBrowser((browser) =>
    withFile(".svg", flameSvg(cpuProfile(), options), async (url) => {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("dialog", (d) => void (said.push(d.message()), d.dismiss()));
      page.on("pageerror", (e) => said.push(e.message));
      page.on("console", (m) => m.type() === "error" && said.push(m.text()));
      await open(page, url);
      assert.equal(await page.locator("script").count(), 1);
      assert.equal(await page.locator(`g.f[aria-label*="alert(1)"]`).count(), 6);
      await withFile(".html", `<img id="i" src="${url}">`, async (html) => {
        const other = await browser.newPage();
        await other.goto(html);
        assert.equal(
          await other.locator("#i").evaluate((i) => (i as unknown as { naturalWidth: number }).naturalWidth),
          1200,
        );
      });
      assert.deepEqual(said, []);
    })
  );
});
