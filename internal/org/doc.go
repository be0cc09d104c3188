// Package org is who may do what in which workspace: workspaces and their settings, accounts (people who sign in),
// members and their roles, sessions, API keys, invitations, the audit log, the checklist and the first set-up.
//
// Invariants:
//   - what a role may do stands in one matrix (permission.go); a permission without a row does not compile (I28);
//   - the workspace of a request comes from its credential, never from its input (I27);
//   - a session gets a new token at login, and all others of the account die when its password or a role of it changes;
//     tokens and keys are stored as hashes only; login and reset are limited and answer alike for known and unknown
//     e-mails (I33);
//   - nobody has a password that they did not choose, and the set-up code is dead once somebody is an owner;
//   - each change of members, roles, keys or settings is in the audit log with who, when, before and after;
//   - a workspace always keeps one owner who can sign in.
//
// Tables owned: workspace, account, member, session, api_key, pass, audit_entry, tick, installation, setup_code,
// idempotency. Signals out: setup.changed on the feed when the checklist moves. Signals in: none.
package org
