package channel

import "parley/internal/clock"

// SignalReceived is sent to the person who wrote, once for each message that came in, with a Received as its body.
const SignalReceived = "message.received"

// Received is the body of SignalReceived.
type Received struct {
	InboundID   string          `json:"inbound_id"`
	ProviderID  string          `json:"provider_id"`
	ChannelID   ID              `json:"channel_id"`
	ChannelKind Kind            `json:"channel_kind"`
	Simulated   bool            `json:"simulated,omitempty"`
	From        string          `json:"from"`
	To          string          `json:"to"`
	Text        string          `json:"text"`
	Media       []ReceivedMedia `json:"media,omitempty"`
	At          clock.Time      `json:"at"`          // when the provider says that it was sent
	ReceivedAt  clock.Time      `json:"received_at"` // when it was stored here
	Intent      string          `json:"intent"`      // of compliance.Classify; empty = an ordinary message
	Answered    bool            `json:"answered"`    // the provider has answered STOP, START or HELP itself: say nothing
	Created     bool            `json:"created"`     // the number was not known before
	Backfilled  bool            `json:"backfilled,omitempty"`
	Place       Place           `json:"place,omitzero"`
}

// ReceivedMedia is one file of a message. URL answers as soon as the file has been fetched.
type ReceivedMedia struct {
	ID          string `json:"id"`
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Name        string `json:"name,omitempty"`
}
