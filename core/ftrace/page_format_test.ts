import assert from "node:assert/strict";
import { knowsEventHeads, parsePageFormat } from "./page_format.ts";
import { TraceDataError } from "./trace_data_error.ts";

/** Of Linux 6.12. */
const PAGE = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:1;
`;
const EVENT = `# compressed entry header
	type_len    :    5 bits
	time_delta  :   27 bits
	array       :   32 bits

	padding     : type == 29
	time_extend : type == 30
	time_stamp : type == 31
	data max type_len  == 28
`;

Deno.test("parsePageFormat() reads where time, length and events lie in a page", () => {
  assert.deepEqual(parsePageFormat(PAGE), {
    timestampOffset: 0,
    commitOffset: 8,
    commitSize: 8,
    dataOffset: 16,
    pageSize: 4096,
  });
});

Deno.test("parsePageFormat() refuses texts that describe no page, with a typed error", () => {
  const broken = [
    "",
    PAGE.slice(0, 40),
    PAGE.replace("size:4080", "size:99999999"),
    PAGE.replace("offset:0", "offset:99"),
    PAGE.replace("size:8", "size:7"),
  ];
  for (const text of broken) assert.throws(() => parsePageFormat(text), TraceDataError, JSON.stringify(text));
});

Deno.test("knowsEventHeads() takes the heads of events as they are, and no others", () => {
  assert.equal(knowsEventHeads(EVENT), true);
  assert.equal(knowsEventHeads(EVENT.replace("27 bits", "26 bits")), false);
  assert.equal(knowsEventHeads(EVENT.replace("type == 30", "type == 28")), false);
  assert.equal(knowsEventHeads(""), false);
});
