package smpp

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/errs"
	"parley/internal/gsm"
)

// The ways a choice can be set.
const (
	oneBind  = "transceiver"
	twoBinds = "transmitter and receiver"

	alphabetGSM      = "GSM 7-bit"
	alphabetLatin1   = "Latin-1"
	alphabetLatin1d3 = "Latin-1 as data_coding 3"

	longUDH     = "user data header"
	longSAR     = "sar parameters"
	longPayload = "message_payload"

	idsAuto       = "recognise"
	idsSame       = "as in the answer"
	idsDecOfHex   = "decimal of a hexadecimal id"
	idsHexOfDec   = "hexadecimal of a decimal id"
	maxSessions   = 32
	maxWindow     = 10_000
	greatestParts = 255
)

// options are the settings of an account, checked.
type options struct {
	address    string // host:port
	host       string
	tls        bool
	ca         string // PEM; empty means the system's roots
	bind       bind
	mode       string
	sessions   int
	number     string
	country    string
	service    string
	source     *address // TON and NPI of every sender; nil: from its form
	dest       *address
	alphabet   string
	long       string
	limits     gsm.Limits
	receipts   bool
	ids        string
	reference  bool
	extra      tlvs
	timing     timing
	connect    time.Duration
	backoff    time.Duration
	maxBackoff time.Duration

	// The carrier's codes for a person who opted out: command_status of an answer, err of a receipt.
	optOutStatuses []status
	optOutCodes    []string
}

// form reads settings; the first fault sticks.
type form struct {
	values map[string]string
	err    *errs.Error
}

func (f *form) fail(key, problem string) {
	if f.err == nil {
		f.err = errs.New(errs.Invalid, "channel_setting_invalid",
			"The setting %q of this channel cannot be used: %s. Nothing was connected.", key, problem).WithField(key, problem)
	}
}

// text is a setting, or its default; every default stands in Describe, so that the form shows it.
func (f *form) text(key string) string {
	if v := strings.TrimSpace(f.values[key]); v != "" {
		return v
	}
	for _, s := range settings() {
		if s.Key == key {
			if s.Required && s.Default == "" {
				f.fail(key, "it is missing")
			}
			return s.Default
		}
	}
	panic("smpp: no setting " + key)
}

func (f *form) short(key string, limit int) string {
	v := f.text(key)
	if len(v) > limit {
		f.fail(key, fmt.Sprintf("it is longer than %d characters", limit))
	}
	return v
}

func (f *form) number(key string, least, greatest int) int {
	n, err := strconv.Atoi(f.text(key))
	if err != nil || n < least || n > greatest {
		f.fail(key, fmt.Sprintf("it must be a number from %d to %d", least, greatest))
	}
	return n
}

func (f *form) flag(key string) bool {
	v, err := strconv.ParseBool(f.text(key))
	if err != nil {
		f.fail(key, "it must be true or false")
	}
	return v
}

func (f *form) duration(key string) time.Duration {
	d, err := time.ParseDuration(f.text(key))
	if err != nil || d < 10*time.Millisecond || d > time.Hour {
		f.fail(key, "it must be a time such as 30s or 2m")
	}
	return d
}

func (f *form) choice(key string) string {
	v := f.text(key)
	for _, s := range settings() {
		if s.Key == key && !slices.Contains(s.Choices, v) {
			f.fail(key, "it must be one of: "+strings.Join(s.Choices, ", "))
		}
	}
	return v
}

// tonNPI reads "1/1"; nil when it is empty.
func (f *form) tonNPI(key string) *address {
	v := f.text(key)
	if v == "" {
		return nil
	}
	ton, npi, _ := strings.Cut(v, "/")
	t, errT := strconv.ParseUint(ton, 10, 8)
	n, errN := strconv.ParseUint(npi, 10, 8)
	if errT != nil || errN != nil {
		f.fail(key, "it must be two numbers such as 1/1")
	}
	return &address{TON: byte(t), NPI: byte(n)}
}

// parameters reads a list such as "0x1400=1101234, 0x1401=abc".
func (f *form) parameters(key string) tlvs {
	var list tlvs
	for _, item := range splitList(f.text(key)) {
		name, value, ok := strings.Cut(item, "=")
		t, err := strconv.ParseUint(strings.TrimSpace(name), 0, 16)
		if !ok || err != nil || len(value) > 255 {
			f.fail(key, "each entry must be a tag and a text such as 0x1400=1101234")
			return nil
		}
		list = append(list, tlv{Tag: tag(t), Value: []byte(strings.TrimSpace(value))})
	}
	return list
}

// codes reads a list of statuses, which begin with 0x, and of codes in receipts, which do not.
func (f *form) codes(key string) (statuses []status, codes []string) {
	for _, item := range splitList(f.text(key)) {
		if !strings.HasPrefix(strings.ToLower(item), "0x") {
			codes = append(codes, item)
			continue
		}
		n, err := strconv.ParseUint(item[2:], 16, 32)
		if err != nil {
			f.fail(key, "a status must look like 0x45e")
		}
		statuses = append(statuses, status(n))
	}
	return statuses, codes
}

func splitList(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == ';' })
	var list []string
	for _, v := range fields {
		if v = strings.TrimSpace(v); v != "" {
			list = append(list, v)
		}
	}
	return list
}

func parseOptions(values map[string]string) (options, error) {
	f := &form{values: values}
	o := options{
		host: f.text("host"), tls: f.flag("tls"), ca: f.text("tls_ca"), mode: f.choice("mode"),
		sessions: f.number("sessions", 1, maxSessions), number: f.text("number"), country: f.text("country"),
		service: f.short("service_type", maxServiceType-1), source: f.tonNPI("source_ton_npi"), dest: f.tonNPI("dest_ton_npi"),
		alphabet: f.choice("alphabet"), long: f.choice("long_texts"), receipts: f.flag("receipts"), ids: f.choice("receipt_ids"),
		reference: f.flag("reference"), extra: f.parameters("parameters"),
		connect: f.duration("connect_timeout"), backoff: f.duration("reconnect_min"), maxBackoff: f.duration("reconnect_max"),
		bind: bind{SystemID: f.short("system_id", maxSystemID-1), Password: f.short("password", maxMessageID-1),
			SystemType: f.short("system_type", maxSystemType-1), Range: address{Digits: f.short("address_range", maxRange-1)}},
		limits: gsm.Limits{GSMSingle: gsm.Standard().GSMSingle, GSMPart: f.number("gsm_part", 2, 160),
			UCS2Single: gsm.Standard().UCS2Single, UCS2Part: f.number("ucs2_part", 2, 70)},
		timing: timing{Window: f.number("window", 1, maxWindow), Answer: f.duration("submit_timeout"), Inside: f.duration("pdu_timeout"),
			Silence: f.duration("enquire_link"), Drain: f.duration("drain_timeout")},
	}
	o.optOutStatuses, o.optOutCodes = f.codes("opt_out_codes")
	o.address = net.JoinHostPort(o.host, strconv.Itoa(f.number("port", 1, 65535)))
	if o.maxBackoff < o.backoff {
		f.fail("reconnect_max", "it must not be less than the first pause")
	}
	if f.err != nil {
		return options{}, f.err
	}
	return o, nil
}

// Describe is the form, the limits and the abilities of the channel.
func (Adapter) Describe() channel.Descriptor {
	return channel.Descriptor{
		Kind: Kind, Name: "SMPP", Summary: "A direct connection to a telephone carrier or aggregator (SMPP 3.4).",
		Settings:     settings(),
		Capabilities: channel.Capabilities{MaxUnits: 1530, Receipts: true},
		Guide:        guide,
	}
}
