// Package channeltest is the one suite that every adapter of package channel passes. A test of an adapter describes how
// its provider is imitated (Provider) and calls Run; what the provider cannot do is left out of the description, and the
// cases that need it are not run.
//
// The package owns no tables and sends no signals.
package channeltest
