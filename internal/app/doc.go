// Package app is the wiring: configuration, database, services, workers, server, in this order. It is the only place that
// knows all packages. subscriptions.go is the one list of who reacts to what.
package app
