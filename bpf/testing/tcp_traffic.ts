/** A server of one test, which reads until the end, answers and closes. */
export interface TcpServer extends Disposable {
  readonly port: number;
  /** Connections that it has accepted so far. */
  accepted(): number;
}

/**
 * Listens on a free port.
 *
 * @param hostname address to listen on
 * @param answerBytes sent back when the client has ended
 */
export function listen(hostname: string, answerBytes: number): TcpServer {
  const listener = Deno.listen({ hostname, port: 0 });
  const serve = async (connection: Deno.TcpConn): Promise<void> => {
    const buffer = new Uint8Array(65_536);
    while (await connection.read(buffer) !== null);
    await send(connection, answerBytes);
    connection.close();
  };
  let accepted = 0;
  (async () => {
    for await (const connection of listener) {
      accepted++;
      serve(connection);
    }
  })();
  return { port: listener.addr.port, accepted: () => accepted, [Symbol.dispose]: () => listener.close() };
}

/** Sends so many bytes. */
export async function send(connection: Deno.TcpConn, bytes: number): Promise<void> {
  const chunk = new Uint8Array(Math.min(bytes, 65_536));
  for (let left = bytes; left > 0;) left -= await connection.write(chunk.subarray(0, Math.min(left, chunk.length)));
}

/** Ends our side, reads the answer and closes. @returns bytes of the answer */
export async function finish(connection: Deno.TcpConn): Promise<number> {
  await connection.closeWrite();
  const buffer = new Uint8Array(65_536);
  let bytes = 0;
  for (let n; (n = await connection.read(buffer)) !== null;) bytes += n;
  connection.close();
  return bytes;
}
