/** Bigints and maps have no form in JSON: they become objects with one key that nothing else has. */
const BIG = "$int";
const MAP = "$map";

/**
 * Plain data as JSON that {@linkcode parseExactJson} turns back into the same, bigints and maps included. To be kept by
 * us and read by us; what others read is `resultsToJson`.
 */
export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === "bigint") return { [BIG]: String(part) };
    return part instanceof Map ? { [MAP]: [...part] } : part;
  });
}

/** The data of a text that {@linkcode exactJson} made. @throws {SyntaxError} when the text is no JSON */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, part) => {
    if (typeof part !== "object" || part === null) return part;
    if (Object.hasOwn(part, BIG)) return BigInt(part[BIG]);
    return Object.hasOwn(part, MAP) ? new Map(part[MAP]) : part;
  });
}
