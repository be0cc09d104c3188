// Package server is the HTTP server: it gathers the routes of all domains, finds out who asks, and serves the web app.
//
// Invariants:
//   - a request reaches a handler only through the route table: credential, then permission, then rate (I27, I28);
//   - the workspace comes from the credential;
//   - a request that changes something with a cookie comes from our own pages (I33);
//   - every answer carries the strict content security policy, and no page loads anything from elsewhere (I32);
//   - the log knows routes, not addresses: no query, no path with a token or number in it, no body;
//   - a slow, huge, broken or endless request costs a bounded amount (I40), and a panic costs one request (I6);
//   - a change stream has no gap, and ends within seconds when its session does (I25).
//
// It owns no table and sends no signal.
package server
