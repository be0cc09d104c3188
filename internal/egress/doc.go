// Package egress is the one way out of the process: every HTTP request and every other TCP connection that Parley
// opens to somebody else goes through a *Client.
//
// Invariants (I31):
//   - the address that is connected to is checked at connect time, on each hop, after name resolution, so that neither
//     a redirect, nor a name that resolves differently the second time, nor another spelling of an address (decimal,
//     octal, IPv4-mapped, NAT64, 6to4, Teredo) reaches loopback, private, link-local, shared or multicast ranges;
//   - only http and https, only the ports of Options.Ports; what the operator allowed in Options is exempt;
//   - time, size and hops of every exchange are bounded; proxies of the environment are not used;
//   - a redirect to another origin carries none of the request's credentials, and never goes from https to http;
//   - an error tells the host and what went wrong, never the path, the query, a header or what the peer wrote;
//   - NotSent is true only when surely no byte of the request left.
//
// The package owns no tables and sends no signals.
package egress
