// A carrier made with node-smpp, for the interop tests. It prints one JSON line per thing that happens, and does what
// the text of a message asks for:
//   "throttle ..."  answers ESME_RTHROTTLED the first time
//   "vanish ..."    takes the message and breaks the connection
//   "echo ..."      answers, then texts the same back, in one deliver_sm or as the parts it came in
// Anything else is accepted and gets a delivery receipt. ID_FORM says how receipts write the id (hex in the answer).
// A line {"from","to","text"} on its input is a text of a person, delivered to whoever is bound; its end is the carrier's.
"use strict";
const smpp = require("smpp");
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const idForm = process.env.ID_FORM || "hex";
let last = 0xabc0;
let bound;
const throttled = new Set();

function plain(pdu) {
  const body = pdu.message_payload || pdu.short_message;
  return body.message === undefined ? String(body) : body.message;
}

// node-smpp reads a user data header as a list of elements, and writes it as one buffer.
function again(body) {
  if (!body.udh) return body;
  const elements = Buffer.concat(body.udh);
  return { udh: Buffer.concat([Buffer.from([elements.length]), elements]), message: body.message };
}

function receipt(session, pdu, id) {
  const hex = id.toString(16);
  const written = { hex, HEX: hex.toUpperCase(), decimal: String(id), padded: "0000" + hex, parameter: hex }[idForm];
  const message = {
    source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1,
    destination_addr: pdu.source_addr, esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
  };
  if (idForm === "parameter") {
    message.receipted_message_id = written;
    message.message_state = smpp.MESSAGE_STATE.DELIVERED;
  } else {
    message.short_message = `id:${written} sub:001 dlvrd:001 submit date:2611210900 done date:2611210901 stat:DELIVRD err:000 text:`;
  }
  session.deliver_sm(message);
}

function submit(session, pdu) {
  const text = plain(pdu);
  say({ kind: "submit", from: pdu.source_addr, to: pdu.destination_addr, text, coding: pdu.data_coding,
    udh: pdu.short_message.udh ? [...pdu.short_message.udh[0]] : null, registered: pdu.registered_delivery });
  if (text.startsWith("throttle") && !throttled.has(text)) {
    throttled.add(text);
    return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
  }
  if (text.startsWith("vanish")) return session.destroy();
  const id = ++last;
  session.send(pdu.response({ message_id: id.toString(16) }));
  if (text.startsWith("echo") || pdu.short_message.udh) {
    const back = { source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1,
      destination_addr: pdu.source_addr, esm_class: pdu.esm_class, data_coding: pdu.data_coding };
    if (pdu.message_payload) back.message_payload = pdu.message_payload;
    else back.short_message = again(pdu.short_message);
    session.deliver_sm(back, (answer) => say({ kind: "answer", status: answer.command_status }));
  }
  if (pdu.registered_delivery) receipt(session, pdu, id);
}

const server = smpp.createServer((session) => {
  session.on("error", () => session.destroy());
  for (const kind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(kind, (pdu) => {
      const refused = pdu.password !== "s3cret-x";
      session.send(pdu.response({ command_status: refused ? smpp.ESME_RINVPASWD : 0, system_id: "node" }));
      if (!refused && kind !== "bind_transmitter") bound = session;
      if (!refused) session.enquire_link({}, () => say({ kind: "alive", bind: kind }));
    });
  }
  session.on("submit_sm", (pdu) => submit(session, pdu));
  session.on("query_sm", (pdu) => session.send(pdu.response({ message_id: pdu.message_id, message_state: smpp.MESSAGE_STATE.DELIVERED })));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    say({ kind: "unbind" });
    session.send(pdu.response());
  });
});
server.listen(0, "127.0.0.1", () => say({ kind: "listening", port: server.address().port }));

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const text = JSON.parse(line);
  bound.deliver_sm({ source_addr: text.from, source_addr_ton: 1, source_addr_npi: 1, destination_addr: text.to, short_message: text.text },
    (answer) => say({ kind: "delivered", status: answer.command_status }));
}).on("close", () => process.exit(0)); // ends with the test
