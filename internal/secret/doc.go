// Package secret seals what must be stored but not read from the database alone: provider tokens, webhook secrets,
// passwords of carriers. The key lives outside the database, in a file of the data folder that only its owner may
// read, or in the environment when several nodes share a database.
//
// Invariants:
//   - a sealed text opens only for the same workspace and purpose it was sealed for, under a key that is still on the
//     ring; a changed byte, another workspace or another purpose is refused (I39);
//   - no error names a key, a plain text or a sealed text;
//   - rotation: the newest key seals, all keys of the ring open, Stale tells what is left to seal again;
//   - a node whose key does not belong to the database is refused at start (CheckTx), before it seals anything.
//
// It owns the table secret_key, which holds a check value of each key, never a key. It sends no signals.
package secret
