import { addressArgument, argument, type Decoding, type Kind, readAt } from "./_decoding.ts";

/**
 * A kind that points to a struct.
 *
 * @param size bytes that must be there, else the address is shown
 * @param text of the struct; `b` is valid until the next read
 */
export function struct(size: number, text: (b: Uint8Array, d: Decoding) => string): Kind {
  return {
    print: (d, i) => {
      const b = readAt(d, argument(d, i), size);
      return b.length < size ? addressArgument(d, i) : text(b, d);
    },
  };
}

/** A struct that is not an argument but lies at an address; `shown` where it cannot be read. */
export function structAt(
  d: Decoding,
  address: number,
  size: number,
  shown: string,
  text: (b: Uint8Array, d: Decoding) => string,
): string {
  const b = readAt(d, address, size);
  return b.length < size ? shown : text(b, d);
}
