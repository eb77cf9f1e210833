import type { Field } from "../../core/data/mod.ts";
import type { Access } from "../codegen/access.ts";

/** A field and how it is read. */
export interface ProbeField {
  readonly field: Field;
  readonly access: Access;
}
