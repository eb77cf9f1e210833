import assert from "node:assert/strict";
import { formatField, formatKind } from "./format_field.ts";
import { parseFormat } from "./parse_format.ts";
import { printedAddresses } from "./printed_addresses.ts";

/** Of Linux 6.18, with the list of states cut short. */
const SET_STATE = `name: inet_sock_set_state
ID: 1234
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:const void * skaddr;	offset:8;	size:8;	signed:0;
	field:__u16 sport;	offset:24;	size:2;	signed:0;
	field:__u8 saddr[4];	offset:32;	size:4;	signed:0;
	field:__u8 daddr[4];	offset:36;	size:4;	signed:0;
	field:__u8 saddr_v6[16];	offset:40;	size:16;	signed:0;
	field:__u8 odd[4];	offset:56;	size:4;	signed:0;

print fmt: "family=%s sport=%hu saddr=%pI4 daddr=%pI4 saddrv6=%pI6c odd=%*ph", __print_symbolic(REC->family, { 2, "AF_INET, 4" }, { 10, "AF_INET6" }), REC->sport, REC->saddr, REC->daddr, REC->saddr_v6, 4, REC->odd
`;

Deno.test("a tracepoint's fields that it prints as addresses are of type ip, other arrays of bytes are no value", () => {
  const fields = parseFormat(SET_STATE)!.fields;
  assert.deepEqual(fields.map((f) => [f.name, formatKind(f), formatKind(f) && formatField(f).type]), [
    ["skaddr", "number", "address"],
    ["sport", "number", "int"],
    ["saddr", "ip", "ip"],
    ["daddr", "ip", "ip"],
    ["saddr_v6", "ip", "ip"],
    ["odd", null, null],
  ]);
});

Deno.test("printedAddresses() knows socket addresses, counts stars and percent signs, and takes odd texts as they come", () => {
  const text =
    `print fmt: "100%% %.*s src=%pISpc a=%-16pI6 b=%pI4h %pS \\"%d\\"", REC->n, REC->s, REC->src, &REC->a, ` +
    `REC->b, (void *)REC->ip, REC->d`;
  assert.deepEqual([...printedAddresses(text)], [["src", "sockaddr"], ["a", "ip6"], ["b", "ip4"]]);
  for (const odd of ["", "print fmt: ", 'print fmt: "%pI4"', 'print fmt: "%pI4", REC->a->b', 'print fmt: "%pI4', "x"]) {
    assert.deepEqual([...printedAddresses(odd)], []);
  }
});
