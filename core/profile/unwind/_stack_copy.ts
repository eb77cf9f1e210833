/** A copy of a part of a thread's stack, read by address. */
export class StackCopy {
  #words: Uint32Array = new Uint32Array(0);
  #at = 0;
  /** Address of its first byte. */
  start = NaN;
  bytes = 0;
  /** The last address that was asked for and is not in the copy; NaN when the address was not known itself. */
  missed = NaN;

  set(words: Uint32Array, at: number, start: number, bytes: number): void {
    this.#words = words;
    this.#at = at;
    this.start = start;
    this.bytes = Math.max(0, Math.min(bytes, (words.length - at) * 4));
  }

  /** The 64 bits at an address that is a multiple of 4, as `Address` reads them; NaN when they are not in the copy. */
  load(address: number): number {
    const offset = address - this.start;
    if (!(offset >= 0 && offset + 8 <= this.bytes) || offset & 3) {
      this.missed = address;
      return NaN;
    }
    const i = this.#at + (offset >>> 2);
    return (this.#words[i + 1] | 0) * 4294967296 + this.#words[i];
  }

  /**
   * A return address. The upper 16 bits may hold its signature (aarch64, pointer authentication), beside which a double has
   * no room for the low ones.
   */
  loadCode(address: number, signed: boolean): number {
    const value = this.load(address);
    if (!signed || value !== value) return value;
    const i = this.#at + (address - this.start >>> 2);
    return (this.#words[i + 1] & 0xffff) * 4294967296 + this.#words[i];
  }

  /** @param size 1, 2, 4 or 8 bytes @returns null when they are not in the copy */
  loadBig(address: bigint, size: number): bigint | null {
    const offset = Number(address) - this.start;
    if (!(offset >= 0 && offset + size <= this.bytes)) {
      this.missed = offset + this.start;
      return null;
    }
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) {
      const word = this.#words[this.#at + (offset + i >>> 2)];
      value = value << 8n | BigInt(word >>> (offset + i & 3) * 8 & 0xff);
    }
    return value;
  }
}
