// Package setup keeps workspaces as a file says: set-up as code.
//
// A file names workspaces with their settings, members, API keys, channels, shops, offers and journeys. Parse reads it
// strictly, Apply makes what is missing and changes what differs, Check says what Apply would do, and Export writes the
// file of a workspace that is there.
//
// Invariants: applying a file twice changes nothing the second time; the order of the entries does not matter; each
// workspace of a file is one transaction, so nothing is half applied; Check runs the very transaction of Apply and takes
// it back, so the two cannot disagree; what is not in the file stays, nothing is ever removed; secrets stand in the
// file as ${NAME}, are never exported and never part of a difference.
//
// Tables owned: none; everything goes through the services of the lower levels. Signals in and out: none.
package setup
