/**
 * Names of the functions of a row's stack, root first. None where there is no stack, as where two stacks of one hash found
 * one place in the kernel's map.
 */
export function functionsOf(stack: unknown): readonly string[] {
  return (stack as readonly { readonly function: string }[] | null ?? []).map((f) => f.function);
}
