package smpp

import "parley/internal/channel"

// settings is the form of the channel, with every default.
func settings() []channel.Setting {
	return []channel.Setting{
		{Key: "host", Label: "Host", Type: "text", Required: true, Help: "Name or address of the carrier's server."},
		{Key: "port", Label: "Port", Type: "number", Default: "2775", Required: true, Help: "2775 is usual; 3550 with TLS."},
		{Key: "tls", Label: "TLS", Type: "bool", Default: "false", Help: "Encrypts the connection. Without it the password travels in the clear."},
		{Key: "tls_ca", Label: "TLS authority", Type: "text", Help: "PEM certificate of the carrier's own authority, if it has one."},
		{Key: "system_id", Label: "System id", Type: "text", Required: true, Help: "The user name, at most 15 characters."},
		{Key: "password", Label: "Password", Type: "secret", Required: true, Help: "The standard allows 8 characters; some carriers take more."},
		{Key: "system_type", Label: "System type", Type: "text", Help: "Empty unless the carrier names one."},
		{Key: "number", Label: "Sender", Type: "text", Help: "Your number with its country code, short code, or name of up to 11 letters."},
		{Key: "country", Label: "Country", Type: "text", Help: "Two letters. Reads numbers that the carrier sends without a country code."},
		{Key: "mode", Label: "Login", Type: "choice", Choices: []string{oneBind, twoBinds}, Default: oneBind, Help: "One login for both directions, or two."},
		{Key: "sessions", Label: "Sessions", Type: "number", Default: "1", Help: "Logins at the same time, as many as the carrier allows; messages take turns."},
		{Key: "window", Label: "Window", Type: "number", Default: "50", Help: "Messages in flight on each session; the carrier tells the greatest."},
		channel.PriceSetting(),
		{Key: "rate", Label: "Rate", Type: "number", Default: "10", Help: "Segments per second of one sender, as the carrier allows."},
		{Key: "alphabet", Label: "Alphabet", Type: "choice", Choices: []string{alphabetGSM, alphabetLatin1, alphabetLatin1d3}, Default: alphabetGSM,
			Help: "What the carrier's default alphabet (data_coding 0) is. If umlauts arrive wrong, choose another."},
		{Key: "long_texts", Label: "Long texts", Type: "choice", Choices: []string{longUDH, longSAR, longPayload}, Default: longUDH,
			Help: "How a text of several parts is sent."},
		{Key: "gsm_part", Label: "GSM part", Type: "number", Default: "153", Help: "Characters of one part of a long text."},
		{Key: "ucs2_part", Label: "Unicode part", Type: "number", Default: "67", Help: "Characters of one part of a long text with Unicode."},
		{Key: "receipts", Label: "Receipts", Type: "bool", Default: "true", Help: "Asks the carrier to say what was delivered."},
		{Key: "receipt_ids", Label: "Ids in receipts", Type: "choice", Choices: []string{idsAuto, idsSame, idsDecOfHex, idsHexOfDec}, Default: idsAuto,
			Help: "How a receipt names the message, compared with the carrier's answer."},
		{Key: "opt_out_codes", Label: "Opt-out codes", Type: "list",
			Help: "The carrier's codes for a person who opted out, as in its guide: a status such as 0x45e, or the err of a receipt."},
		{Key: "source_ton_npi", Label: "Sender type", Type: "text", Help: "TON/NPI such as 5/0; empty: by the form of the sender."},
		{Key: "dest_ton_npi", Label: "Recipient type", Type: "text", Help: "TON/NPI such as 1/1; empty: 1/1."},
		{Key: "service_type", Label: "Service type", Type: "text", Help: "Empty unless the carrier names one."},
		{Key: "address_range", Label: "Address range", Type: "text", Help: "Empty unless the carrier asks for it."},
		{Key: "reference", Label: "Reference", Type: "bool", Default: "false", Help: "Adds user_message_reference to each message."},
		{Key: "parameters", Label: "Parameters", Type: "list", Help: "Optional parameters for each message, such as 0x1400=1101234."},
		{Key: "submit_timeout", Label: "Answer within", Type: "text", Default: "30s", Help: "After this a message without an answer is unknown."},
		{Key: "enquire_link", Label: "Ask after", Type: "text", Default: "30s", Help: "Silence after which the carrier is asked whether it is there."},
		{Key: "pdu_timeout", Label: "Finish within", Type: "text", Default: "10s", Help: "Time for the rest of a message that has begun."},
		{Key: "drain_timeout", Label: "Close within", Type: "text", Default: "10s", Help: "Time for the last answers when the channel stops."},
		{Key: "connect_timeout", Label: "Connect within", Type: "text", Default: "10s", Help: "Time for the connection and the login."},
		{Key: "reconnect_min", Label: "First pause", Type: "text", Default: "500ms", Help: "Before the second try to connect; it doubles."},
		{Key: "reconnect_max", Label: "Longest pause", Type: "text", Default: "1m", Help: "Between two tries to connect."},
	}
}

const guide = `## What you need from the carrier

1. Host and port, system id and password. Ask whether TLS is offered, and from which addresses you may connect.
2. The number of sessions and the window that you may use, and the messages per second.
3. The default alphabet (GSM 7-bit or Latin-1), and how long texts are to be sent.
4. How receipts name a message, and the codes for people who opted out.

Press **Check**: Parley logs in, asks the carrier whether it is there, and says what it answered.

## If something is wrong

- *Umlauts or @ arrive as other letters*: choose the other alphabet.
- *Long texts arrive in pieces*: choose another way to send them.
- *Messages stay "sent"*: receipts are off at the carrier, or their ids differ; choose how receipts name a message.
- *"The carrier asks to send more slowly"*: messages wait and go later by themselves; lower the rate of the channel.
`
