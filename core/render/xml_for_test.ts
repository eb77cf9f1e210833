/** An XML parser that is not ours, for tests. Nothing that ships imports this. @module */
import { skip } from "../../tests/skip.ts";

/** An element as Python's expat saw it: `text` is that of its own character data. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const PARSE = `
import json, sys, xml.etree.ElementTree as E
def to(e):
    text = (e.text or "") + "".join(c.tail or "" for c in e)
    return {"name": e.tag.split("}")[-1], "attributes": e.attrib, "text": text, "children": [to(c) for c in e]}
print(json.dumps(to(E.fromstring(sys.stdin.buffer.read()))))
`;

/**
 * Parses XML with Python's expat.
 *
 * @returns null, with the reason printed, where there is no Python
 * @throws {Error} what the parser says against the text
 */
export async function parseXml(text: string): Promise<XmlElement | null> {
  let python: Deno.ChildProcess;
  try {
    python = new Deno.Command("python3", { args: ["-c", PARSE], stdin: "piped", stdout: "piped", stderr: "piped" })
      .spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    skip("python3 is not installed");
    return null;
  }
  const output = python.output();
  const writer = python.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await output;
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** All elements of a name, in document order. */
export function elements(root: XmlElement, name: string): XmlElement[] {
  return [...(root.name === name ? [root] : []), ...root.children.flatMap((c) => elements(c, name))];
}
