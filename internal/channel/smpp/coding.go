package smpp

import (
	"strings"

	"parley/internal/gsm"
	"parley/internal/phone"
)

// The values of data_coding that are understood (section 5.2.19). Those not named here are read as Latin-1: the exact
// octets are kept beside the text.
const (
	codingDefault byte = 0x00
	codingLatin1  byte = 0x03
	codingUCS2    byte = 0x08
)

// coder is how one text is written: its data_coding, its octets and its parts.
type coder struct {
	coding byte
	octets func(text string) []byte
	split  func(text string, limits gsm.Limits) []gsm.Part
}

// coderFor chooses the coding of a whole text; its parts must all have the same. A text that is not GSM-7 is UCS-2
// whatever the carrier's alphabet, because phones get nothing else. One that is GSM-7 but not Latin-1 (Greek capitals,
// the euro sign) is UCS-2 at a carrier with that alphabet, and then takes more parts than were counted.
func coderFor(text, alphabet string) coder {
	ucs2 := coder{codingUCS2, func(t string) []byte { return gsm.EncodeUCS2(make([]byte, 0, 2*len(t)), t) }, gsm.SplitUCS2}
	if !gsm.Writable(text) {
		return ucs2
	}
	if alphabet == alphabetGSM {
		return coder{codingDefault, func(t string) []byte {
			octets, _ := gsm.Encode(make([]byte, 0, len(t)+8), t) // the text is writable
			return octets
		}, gsm.Split}
	}
	if _, ok := gsm.EncodeLatin1(nil, text); !ok {
		return ucs2
	}
	latin := coder{codingDefault, func(t string) []byte {
		octets, _ := gsm.EncodeLatin1(make([]byte, 0, len(t)), t) // checked above
		return octets
	}, gsm.Split}
	if alphabet == alphabetLatin1d3 {
		latin.coding = codingLatin1
	}
	return latin
}

// decode reads the octets of a text.
func decode(coding byte, octets []byte, alphabet string) string {
	switch group := coding >> 4; {
	case coding == codingUCS2:
		return gsm.DecodeUCS2(octets)
	case coding == codingDefault && alphabet == alphabetGSM:
		return gsm.Decode(octets)
	case group == 0xf && coding&4 == 0:
		return gsm.Decode(octets) // a message class with the default alphabet (3GPP 23.038 section 4)
	case group == 1 && coding>>2&3 == 2:
		return gsm.DecodeUCS2(octets) // a message class with UCS-2
	case group == 1 && coding>>2&3 == 0:
		return gsm.Decode(octets)
	}
	return gsm.DecodeLatin1(octets)
}

// The types of number and plans that are told apart (sections 5.2.5, 5.2.6).
const (
	tonInternational byte = 1
	tonNetwork       byte = 3
	tonAlphanumeric  byte = 5
	npiISDN          byte = 1
	npiUnknown       byte = 0
	longestShortCode      = 8
)

// addressOf writes a sender or recipient: E.164 without its plus, a short code, or a name.
func addressOf(number string, fixed *address) address {
	a := address{Digits: strings.TrimPrefix(number, "+")}
	switch {
	case fixed != nil:
		a.TON, a.NPI = fixed.TON, fixed.NPI
	case strings.HasPrefix(number, "+"):
		a.TON, a.NPI = tonInternational, npiISDN
	case !allDigits(number):
		a.TON, a.NPI = tonAlphanumeric, npiUnknown
	case len(number) <= longestShortCode:
		a.TON, a.NPI = tonNetwork, npiUnknown
	default:
		a.TON, a.NPI = tonInternational, npiISDN
	}
	return a
}

// numberOf reads an address as E.164 where that is possible, else as it stands. own is this account's number, which
// carriers write in many ways.
func numberOf(a address, own, country string) string {
	digits := strings.TrimPrefix(a.Digits, "+")
	if own != "" && strings.TrimPrefix(own, "+") == digits {
		return own
	}
	if !allDigits(digits) || a.TON == tonAlphanumeric {
		return a.Digits
	}
	international := "+" + strings.TrimPrefix(digits, "00")
	if a.TON == tonInternational || a.Digits != digits || strings.HasPrefix(digits, "00") {
		return international
	}
	if country != "" {
		if n, err := phone.Parse(digits, country); err == nil {
			return string(n)
		}
	}
	if n, err := phone.Parse(international, ""); err == nil && len(digits) > longestShortCode {
		return string(n)
	}
	return a.Digits
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
