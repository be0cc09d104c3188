// Package httpx is how a domain speaks HTTP: it declares routes, and httpx turns them into handlers, checks, a
// description (OpenAPI 3.1) and errors that people can act on.
//
// Invariants:
//   - every route, JSON or raw, stands in the route table with its permission; nothing is served outside of it (I28);
//   - an error of a domain becomes application/problem+json through the one table in problem.go; an error that is not
//     an *errs.Error is logged whole under a reference and shows only that reference;
//   - a body has a size, a depth and a time limit before anything parses it (I40);
//   - unknown JSON fields are refused, and lists are never null in an answer;
//   - a request with an Idempotency-Key has one effect and one answer (I18).
//
// It owns no table and sends no signal. Who may do what is decided by the Guard given to New.
package httpx
