import assert from "node:assert/strict";
import { parseLockStat } from "./parse_lock_stat.ts";

// In the form of Documentation/locking/lockstat.rst.
const TEXT = `lock_stat version 0.4
-----------------------------------------------------------------------------------------------------------------
                              class name    con-bounces    contentions   waittime-min   waittime-max waittime-total   waittime-avg    acq-bounces   acquisitions   holdtime-min   holdtime-max holdtime-total   holdtime-avg
-----------------------------------------------------------------------------------------------------------------

                        &mm->mmap_lock-W:            12             34           0.25         250.50        4000.75         117.67            301          10706           0.10         351.00       31541.41           2.95
                        &mm->mmap_lock-R:             7              9           0.30          10.00          30.00           3.33           1001          50706           0.10          51.00         541.41           0.01
                        ---------------
                          &mm->mmap_lock             30          [<ffffffff81200000>] vm_mmap_pgoff+0x61/0xc0
                          &mm->mmap_lock              4          [<ffffffff81200100>] do_user_addr_fault+0x150/0x450

                                  &p->lock: 1 2 0.10 0.20 0.30 0.15 1 1 0.1 0.1 0.1 0.1
`;

Deno.test("parseLockStat() reads classes, and leaves call sites and heads out", () => {
  assert.deepEqual(parseLockStat(TEXT), [
    { name: "&mm->mmap_lock-W", contentions: 34, waitNs: 4_000_750, maxWaitNs: 250_500 },
    { name: "&mm->mmap_lock-R", contentions: 9, waitNs: 30_000, maxWaitNs: 10_000 },
    { name: "&p->lock", contentions: 2, waitNs: 300, maxWaitNs: 200 },
  ]);
});

Deno.test("parseLockStat() of anything else is empty", () => {
  assert.deepEqual(parseLockStat(""), []);
  assert.deepEqual(parseLockStat(`${" ".repeat(100_000)}x\n${"9 ".repeat(100_000)}`), []);
});
