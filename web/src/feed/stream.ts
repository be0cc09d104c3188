/** Reads a server-sent event stream from a response body, so that even a comment proves that the line is alive. */

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

/** Splits the text of a stream into events; what is unfinished waits for the next piece. */
export function createParser(onEvent: (event: ServerEvent) => void): (text: string) => void {
  let rest = "";
  let current: ServerEvent = { id: "", event: "message", data: "" };
  const line = (text: string) => {
    if (text === "") {
      if (current.data || current.event !== "message") onEvent({ ...current, data: current.data.replace(/\n$/, "") });
      current = { id: current.id, event: "message", data: "" };
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") current.data += `${value}\n`;
    else if (field === "event") current.event = value;
    else if (field === "id") current.id = value;
  };
  return (text) => {
    rest += text;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const each of lines) line(each);
  };
}

export async function readStream(body: ReadableStream<Uint8Array>, onBytes: () => void, onEvent: (event: ServerEvent) => void): Promise<void> {
  const parse = createParser(onEvent);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    parse(decoder.decode(value, { stream: true }));
  }
}
