/**
 * A 64-bit virtual address as a double: the signed reading of the 64 bits. Exact for the lower 2^53 (user space of
 * processes that do not ask for 5-level mappings) and for the upper 2^53 (kernel text and modules), where it is negative.
 * The hole between holds no code on the architectures we know, so no BigInt is needed anywhere.
 */
export type Address = number;

const TWO_32 = 4294967296;

/** The address whose upper and lower 32 bits are given, as unsigned numbers. */
export function addressOf(hi: number, lo: number): Address {
  return (hi | 0) * TWO_32 + lo;
}

/** The address as the kernel prints it: `0x7f12…`, `0xffffffff81000000`. */
export function addressText(address: Address): string {
  return "0x" + BigInt.asUintN(64, BigInt(Math.trunc(address))).toString(16);
}

/** Whether the address lies in the kernel's half of the address space. */
export function isKernelAddress(address: Address): boolean {
  return address < 0;
}
