import { type Btf, type BtfVariable, KIND } from "./btf/mod.ts";

/** Values of a program's constants (`const volatile …`) by name. */
export type Constants = Readonly<Record<string, number | bigint | boolean>>;

/**
 * Writes constants into the bytes of an object's `.rodata`.
 *
 * @param btf type information of the object
 * @param bytes the section, changed in place
 * @throws {TypeError} for a name that the object lacks, or a variable that is no integer of 1, 2, 4 or 8 bytes
 * @throws {RangeError} for a value that does not fit
 */
export function writeConstants(btf: Btf, bytes: Uint8Array<ArrayBuffer>, constants: Constants): void {
  const section = btf.find(".rodata", KIND.DATASEC);
  const variables = section === 0 ? [] : btf.variables(section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [name, value] of Object.entries(constants)) {
    const variable = variables.find((v) => v.name === name);
    if (!variable) {
      throw new TypeError(`The object has no constant "${name}"; it has: ${variables.map((v) => v.name).join(", ")}`);
    }
    write(view, variable, BigInt(value), btf);
  }
}

function write(view: DataView, { name, type, offset, size }: BtfVariable, value: bigint, btf: Btf): void {
  const real = btf.resolve(type);
  if (btf.kind(real) !== KIND.INT || ![1, 2, 4, 8].includes(size)) {
    throw new TypeError(`The constant "${name}" is no integer`);
  }
  const { signed, bool } = btf.int(real);
  const bits = bool ? 1 : size * 8;
  if ((signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value) {
    throw new RangeError(`${value} does not fit into the constant "${name}" of ${size} bytes`);
  }
  for (let i = 0; i < size; i++) view.setUint8(offset + i, Number(value >> BigInt(8 * i) & 0xffn));
}
