// Package reading reads what people text back to a typed question, as a person would read it: dates ("June 3rd",
// "3/6", "next friday"), numbers in words, scales, choices by number, letter, word or with a slip, names, yes and no,
// e-mail addresses. It is pure: the same question, language, text and time give the same answer.
//
// What a language knows is data (data/<language>.json); no code asks which language it is. English, German and
// Spanish are shipped. docs/surveys-reading.md lists what is read and what is known to be missed; it is written from
// the test vectors.
//
// Invariants:
//   - an opt-out, or what may be one, is never an answer: the compliance words are asked before any reader;
//   - a sure value, and each alternative of an unsure answer, lies in the question's domain (Question.Holds);
//   - between two readings that are near each other nothing is chosen: the answer is unsure and names both;
//   - what is not understood is left unread with the reason, for a person to see.
//
// Tables owned: none. Signals out and in: none.
package reading
