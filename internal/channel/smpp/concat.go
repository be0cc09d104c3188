package smpp

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/gsm"
)

const (
	classUDH      byte = 0x40 // esm_class: the text begins with a user data header
	receiptWanted byte = 0x01 // registered_delivery: on success and on failure

	// Information elements of a user data header (3GPP 23.040 section 9.2.3.24).
	elementConcat8  byte = 0x00
	elementConcat16 byte = 0x08

	wideRef = 1 << 16 // tells references of 16 bits from those of 8 in channel.Concat
)

// compose writes a text as the submit_sm that carry it. ref tells the parts of one long text from those of another.
func (o *options) compose(out channel.Outgoing, now clock.Time, ref uint16) ([]message, *channel.Failure) {
	base, failure := o.envelope(out, now)
	if failure != nil {
		return nil, failure
	}
	if o.reference {
		base.Params = append(base.Params, tlv{tagReference, binary.BigEndian.AppendUint16(nil, ref)})
	}
	if octets, ok := o.single(out.Text); ok {
		base.Short = octets
		return []message{base}, nil
	}
	coder := coderFor(out.Text, o.alphabet)
	base.Coding = coder.coding
	parts := coder.split(out.Text, o.limits)
	switch {
	case len(parts) == 1:
		base.Short = coder.octets(out.Text)
		return []message{base}, nil
	case o.long == longPayload:
		base.Params = append(base.Params, tlv{tagPayload, coder.octets(out.Text)})
		return []message{base}, nil
	}
	return o.cut(base, coder, parts, ref)
}

// single writes the usual text, GSM-7 in one part, in one pass: this is what a campaign sends by the million.
func (o *options) single(text string) ([]byte, bool) {
	if o.alphabet != alphabetGSM || len(text) > o.limits.GSMSingle {
		return nil, false
	}
	octets, ok := gsm.Encode(make([]byte, 0, len(text)+8), text)
	return octets, ok && len(octets) <= o.limits.GSMSingle
}

// envelope is everything but the text.
func (o *options) envelope(out channel.Outgoing, now clock.Time) (message, *channel.Failure) {
	from := out.From
	if from == "" {
		from = o.number
	}
	m := message{ServiceType: o.service, Source: addressOf(from, o.source), Dest: addressOf(out.To, o.dest), Params: slices.Clone(o.extra)}
	switch {
	case from == "" || len(m.Source.Digits) >= maxAddress:
		return m, refusedHere("bad_sender", "The channel has no sender that fits. Set one in the channel's settings.")
	case !allDigits(m.Dest.Digits) || len(m.Dest.Digits) >= maxAddress:
		return m, refusedHere("bad_number", "This is not a telephone number.")
	case len(out.Media) > 0:
		return m, refusedHere("media_unsupported", "This channel carries text only. Send a link instead.")
	case out.Text == "" || len(out.Text) > maxPayloadOctets/2:
		return m, refusedHere("bad_text", "The text is empty or far too long.")
	case !out.Expires.IsZero() && !out.Expires.After(now):
		return m, refusedHere("expired", "The message was not sent: its time was over.")
	}
	if o.receipts {
		m.Registered = receiptWanted
	}
	if !out.Expires.IsZero() {
		m.Validity = validity(out.Expires.Sub(now))
	}
	return m, nil
}

// cut makes one submit_sm a part. Only the last asks for a receipt: one message has one id, and a phone shows the text
// when the last part is there.
func (o *options) cut(base message, c coder, parts []gsm.Part, ref uint16) ([]message, *channel.Failure) {
	if len(parts) > greatestParts {
		return nil, refusedHere("too_long", "The text has more parts than a carrier can take.")
	}
	list := make([]message, len(parts))
	for i, part := range parts {
		m := base
		if i < len(parts)-1 {
			m.Registered = 0
		}
		total, seq := byte(len(parts)), byte(i+1)
		m.Short = c.octets(part.Text)
		if o.long == longSAR {
			m.Params = append(slices.Clone(base.Params), tlv{tagSarRef, binary.BigEndian.AppendUint16(nil, ref)},
				tlv{tagSarTotal, []byte{total}}, tlv{tagSarSeq, []byte{seq}})
		} else {
			m.Class |= classUDH
			m.Short = append([]byte{5, elementConcat8, 3, byte(ref), total, seq}, m.Short...)
		}
		list[i] = m
	}
	return list, nil
}

// validity is a relative validity_period (section 7.1.1.2) of at least a second and at most thirty days.
func validity(d time.Duration) string {
	seconds := int64(min(max(d, time.Second), 30*24*time.Hour) / time.Second)
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}

// fragment is what is known of an incoming text before its characters are read.
type fragment struct {
	coding byte
	octets []byte
	concat *channel.Concat
}

// fragmentOf takes a message apart. A header that is not well formed is taken for text: better shown than lost.
func fragmentOf(m *message) fragment {
	f := fragment{coding: m.Coding, octets: m.content()}
	if m.Class&classUDH != 0 {
		if header, text, ok := cutHeader(f.octets); ok {
			f.octets, f.concat = text, concatOf(header)
		}
	}
	if f.concat == nil {
		ref, hasRef := m.Params.number(tagSarRef)
		total, hasTotal := m.Params.number(tagSarTotal)
		seq, hasSeq := m.Params.number(tagSarSeq)
		if hasRef && hasTotal && hasSeq {
			f.concat = plausible(ref|wideRef, total, seq)
		}
	}
	return f
}

func cutHeader(octets []byte) (header, text []byte, ok bool) {
	if len(octets) == 0 || int(octets[0]) >= len(octets) {
		return nil, nil, false
	}
	n := int(octets[0]) + 1
	return octets[1:n], octets[n:], true
}

// concatOf looks for a concatenation among the elements of a user data header.
func concatOf(header []byte) *channel.Concat {
	for len(header) >= 2 && len(header) >= 2+int(header[1]) {
		kind, value := header[0], header[2:2+header[1]]
		header = header[2+len(value):]
		switch {
		case kind == elementConcat8 && len(value) == 3:
			return plausible(int(value[0]), int(value[1]), int(value[2]))
		case kind == elementConcat16 && len(value) == 4:
			return plausible(int(binary.BigEndian.Uint16(value))|wideRef, int(value[2]), int(value[3]))
		}
	}
	return nil
}

// plausible is the place of a part, nil for one of one and for a place outside the text: those are whole texts.
func plausible(ref, total, seq int) *channel.Concat {
	if total < 2 || seq < 1 || seq > total {
		return nil
	}
	return &channel.Concat{Ref: ref, Total: total, Seq: seq}
}

// Join puts the parts of one long text together: the units of one sender with the same Concat.Ref, in any order, with
// copies. complete is false while parts are missing; the text then has what there is, with "..." for each gap. It reads
// the raw octets, so that a character which the sender cut in two between parts comes out whole. alphabet is that of the
// account; Conn.Join knows it.
func join(parts []channel.Inbound, alphabet string) (whole channel.Inbound, complete bool) {
	if len(parts) == 0 || parts[0].Concat == nil {
		return channel.Inbound{}, false
	}
	total := parts[0].Concat.Total
	bySeq := make([]*channel.Inbound, total+1)
	for i, p := range parts {
		if p.Concat != nil && p.Concat.Total == total && p.Concat.Seq >= 1 && p.Concat.Seq <= total && bySeq[p.Concat.Seq] == nil {
			bySeq[p.Concat.Seq] = &parts[i]
		}
	}
	var text strings.Builder
	var run []byte // octets of neighbouring parts of one coding
	var coding byte
	flush := func() {
		text.WriteString(decode(coding, run, alphabet))
		run = run[:0]
	}
	complete = true
	for _, p := range bySeq[1:] {
		if p == nil {
			complete = false
			flush()
			text.WriteString("...")
			continue
		}
		m, err := parseRaw(p.Raw)
		if err != nil {
			flush()
			text.WriteString(p.Text)
			continue
		}
		f := fragmentOf(m)
		if f.coding != coding {
			flush()
			coding = f.coding
		}
		run = append(run, f.octets...)
	}
	flush()
	return joined(bySeq, text.String()), complete
}

// joined is the first part there is, with the whole text.
func joined(bySeq []*channel.Inbound, text string) channel.Inbound {
	for _, p := range bySeq {
		if p != nil {
			whole := *p
			whole.Text, whole.Concat = text, nil
			return whole
		}
	}
	return channel.Inbound{}
}

// parseRaw reads a deliver_sm or data_sm with its header, as it is kept in channel.Inbound.Raw.
func parseRaw(pdu []byte) (*message, error) {
	if len(pdu) < headerOctets {
		return nil, fmt.Errorf("a PDU of %d octets", len(pdu))
	}
	if parseHeader(pdu).Command == dataSM {
		return parseData(pdu[headerOctets:])
	}
	return parseMessage(pdu[headerOctets:])
}
