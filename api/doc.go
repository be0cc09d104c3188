// Package api holds openapi.yaml, the description of the HTTP API. It is generated from the routes by `make generate`;
// the checks fail when it is stale.
package api
