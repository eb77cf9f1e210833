import assert from "node:assert/strict";
import { openHost } from "./open_host.ts";
import { parseResctrl } from "./parse_resctrl.ts";

Deno.test("parseResctrl() adds up domains, and knows nothing when one does not tell", () => {
  assert.equal(parseResctrl([]), null);
  const a = { local: "100\n", total: "150\n" };
  assert.deepEqual(parseResctrl([a, a]), { localBytes: 200, totalBytes: 300 });
  assert.equal(parseResctrl([a, { local: "Unavailable\n", total: "150\n" }]), null);
});

Deno.test("memoryTraffic() reads the domains of the first monitoring group", async () => {
  const root = await Deno.makeTempDir();
  for (const [domain, local, total] of [["mon_L3_00", 5, 7], ["mon_L3_01", 11, 13]]) {
    const at = `${root}/sys/fs/resctrl/mon_data/${domain}`;
    await Deno.mkdir(at, { recursive: true });
    await Deno.writeTextFile(`${at}/mbm_local_bytes`, `${local}\n`);
    await Deno.writeTextFile(`${at}/mbm_total_bytes`, `${total}\n`);
  }
  assert.deepEqual(openHost(root).memoryTraffic(), { localBytes: 16, totalBytes: 20 });
  await Deno.remove(root, { recursive: true });
});
