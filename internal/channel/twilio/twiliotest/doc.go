// Package twiliotest imitates Twilio for tests, on a loopback address: it takes messages, keeps a journal of what it
// accepted, calls back, lists, and misbehaves on demand. Sink is a plain fast receiver for measurements.
//
// The package owns no tables and sends no signals.
package twiliotest
