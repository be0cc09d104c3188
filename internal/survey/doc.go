// Package survey asks people questions by text, one after the other, and keeps what they answer as typed attributes.
//
// A definition is JSON and becomes a version when it is published; whoever is asked finishes on the version they began.
// A run is one row per (person, survey, entry key). What people write is read by the package reading; what is doubtful is
// asked back, what is no answer goes to a person of the team, and the question is asked again later.
//
// Everything a run does is a reaction: to what the person wrote (message.added, read a few seconds later, when they have
// finished writing), or to a timer. A reaction is one transaction with the text it sends, so a crash repeats work and
// never effects. Nothing here sends by itself: the gate is asked for each text.
//
// Invariants: a run is begun once per key (I2), and a person is in one survey at a time; a run that ended never acts
// again; a question has at most one answer, and an answer lies in its question's domain; while a member of the team has
// the conversation nothing is asked and nothing is read; an opt-out ends the run and is never an answer.
//
// Signals in: message.added, survey.read, survey.wake. Tables: survey, survey_version, survey_run, survey_answer.
package survey
