// Package content turns a template and what is known about a person into the text that is sent, and shapes it to what a
// channel carries. Templates are Liquid.
//
// Invariants (I30):
//   - a value that is missing or empty is replaced by the fallback that the template declares ("default"), or the text is
//     refused; a placeholder never reaches a person;
//   - what is known about a person is data: it is never read as a template;
//   - a template reaches no file, no network, no environment; its output and its work are bounded.
//
// The package owns no tables and sends no signals.
package content
