// Package gsm is the alphabet and the arithmetic of text messages: how a text is written on the wire (GSM 7-bit,
// Latin-1, UCS-2), how many parts it takes, and where it is cut.
//
// Facts are from 3GPP TS 23.038 (alphabets, packing) and 3GPP TS 23.040 section 9.2.3.24 (concatenation): a message
// carries 140 octets, that is 160 septets or 70 UTF-16 units; a part of a longer text loses 6 octets to its header
// and carries 153 or 67. Some routes lose more (toll-free to the US and Canada, 16-bit references: 152 and 66), so
// the limits are a property of the route, see Limits.
//
// Invariants:
//   - the parts of Split, joined, are the text, byte for byte;
//   - no part exceeds its limit, no escape pair and no surrogate pair is cut;
//   - Count, Measure and Split agree on the number of parts, here and in the browser (web/src/text/segments.ts):
//     testdata/vectors.json is the judge of both;
//   - Plain changes no letter, and nothing at all unless that makes the text GSM-7.
//
// The package owns no tables and sends no signals. Everything in it is a pure function and safe for concurrent use.
package gsm
