// Package people is the customers of a workspace: one profile each, the identities that recognise them, what is known
// about them and where it came from, and the consent ledger.
//
// Invariants:
//   - a person has many identities; an identity (kind and normalised value) belongs to one person of its workspace;
//   - recognising is race-free: any number of simultaneous first texts from one number make one person;
//   - the id of a merged person keeps answering with the person it went into;
//   - the consent ledger is append-only and hash-chained per (workspace, medium, address); consent_state is the fold of
//     it and nothing else (I14);
//   - consent belongs to the address, not to the person: a STOP from a number that nobody knows counts, survives merges,
//     never ages out, and survives the erasure of the person, because ledger and state name the address only by
//     its key;
//   - what was revoked is given again only by the holder of the address (I13, I14, R-15); an import, the API, a form, a
//     member, a merge or a model can lower consent and can never raise it over a revocation.
//
// Tables: person, person_identity, person_tag, attribute_definition, place_evidence, consent_chain, consent_event,
// consent_disclosure, consent_state.
//
// Signals: none. Changes of a person appear in the feed as person.changed; revocations are told to WatchRevocations
// after they are on disk.
package people
