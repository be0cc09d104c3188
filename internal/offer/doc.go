// Package offer gives people codes and links of their own, and knows what became of them.
//
// Invariants: a person has at most one live code of an offer, by constraint, so that rendering again or a retry gives the
// same code; a code belongs to one person for ever; a member grants only within the limits that the team lead set, and
// free shipping comes first; a link leads only to the target that was stored with it, and a fetch by a preview or a
// bot never counts as a click (I35).
//
// A code that a shop must know is made there by a job; "offer.ready" or "offer.failed" tells the person's mailbox how it
// went, and nothing that depends on the code is sent before.
//
// Signals in: event.happened (orders). Signals out: offer.ready, offer.failed. Events: offer_issued, offer_redeemed,
// link_clicked. Jobs: offer.sync. Tables: offer, offer_code, link, click.
package offer
