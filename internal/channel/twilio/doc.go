// Package twilio sends and receives text messages through Twilio's Programmable Messaging API (version 2010-04-01).
//
// Facts are from Twilio's public documentation: the Message resource, "Validating requests", the webhook parameters
// of incoming messages, and the error dictionary.
//
// Invariants:
//   - a request without Twilio's signature is ErrForged, whatever it says; the comparison takes constant time (I4);
//   - every answer to a send is classified; after the request may have left, the lack of a clear answer is Unknown,
//     never Later (I10);
//   - credentials go only to the host of base_url.
//
// The package owns no tables and sends no signals.
package twilio
