package smpp

import (
	"encoding/binary"
	"fmt"
)

// command is a command_id (section 5.1.2.1). A response has the top bit set.
type command uint32

const (
	bindReceiver    command = 0x01
	bindTransmitter command = 0x02
	querySM         command = 0x03
	submitSM        command = 0x04
	deliverSM       command = 0x05
	unbind          command = 0x06
	bindTransceiver command = 0x09
	outbind         command = 0x0b
	enquireLink     command = 0x15
	alertNotice     command = 0x102
	dataSM          command = 0x103
	response        command = 0x80000000
	genericNack             = response
)

const (
	headerOctets = 16
	// maxPDU is the longest PDU taken: a message_payload of 64 KiB and all fields around it.
	maxPDU      = 70_000
	maxSequence = 0x7fffffff
)

// The greatest lengths of C-octet strings with their terminating zero (sections 4.1.1, 4.4.1).
const (
	maxSystemID    = 16
	maxSystemType  = 13
	maxRange       = 41
	maxServiceType = 6
	maxAddress     = 21
	maxTime        = 17
	maxMessageID   = 65
)

// header opens every PDU.
type header struct {
	Length   uint32
	Command  command
	Status   status
	Sequence uint32
}

func parseHeader(b []byte) header {
	return header{
		Length:   binary.BigEndian.Uint32(b),
		Command:  command(binary.BigEndian.Uint32(b[4:])),
		Status:   status(binary.BigEndian.Uint32(b[8:])),
		Sequence: binary.BigEndian.Uint32(b[12:]),
	}
}

// appendPDU appends a PDU whose body is written by body; nil means none.
func appendPDU(dst []byte, c command, s status, sequence uint32, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(c))
	dst = binary.BigEndian.AppendUint32(dst, uint32(s))
	dst = binary.BigEndian.AppendUint32(dst, sequence)
	if body != nil {
		dst = body(dst)
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// address is a telephone number or name with its kind (sections 5.2.5, 5.2.6).
type address struct {
	TON, NPI byte
	Digits   string
}

func (a address) append(dst []byte) []byte {
	return appendText(append(dst, a.TON, a.NPI), a.Digits)
}

// message is the body of submit_sm, deliver_sm and data_sm (sections 4.4.1, 4.6.1, 4.7.1), which data_sm fills in part.
type message struct {
	ServiceType  string
	Source, Dest address
	Class        byte // esm_class
	Protocol     byte
	Priority     byte
	Schedule     string
	Validity     string
	Registered   byte
	Replace      byte
	Coding       byte // data_coding
	DefaultID    byte
	Short        []byte
	Params       tlvs
}

// append writes the message as submit_sm and deliver_sm have it.
func (m *message) append(dst []byte) []byte {
	dst = appendText(dst, m.ServiceType)
	dst = m.Source.append(dst)
	dst = m.Dest.append(dst)
	dst = append(dst, m.Class, m.Protocol, m.Priority)
	dst = appendText(dst, m.Schedule)
	dst = appendText(dst, m.Validity)
	dst = append(dst, m.Registered, m.Replace, m.Coding, m.DefaultID, byte(len(m.Short)))
	dst = append(dst, m.Short...)
	return m.Params.append(dst)
}

// content is the octets of the text: short_message, or message_payload when that is empty.
func (m *message) content() []byte {
	if len(m.Short) == 0 {
		return m.Params.get(tagPayload)
	}
	return m.Short
}

func parseMessage(body []byte) (*message, error) {
	f := fields{rest: body}
	m := &message{ServiceType: f.text("service_type", maxServiceType)}
	m.Source, m.Dest = f.address("source_addr", maxAddress), f.address("destination_addr", maxAddress)
	m.Class, m.Protocol, m.Priority = f.octet("esm_class"), f.octet("protocol_id"), f.octet("priority_flag")
	m.Schedule, m.Validity = f.text("schedule_delivery_time", maxTime), f.text("validity_period", maxTime)
	m.Registered, m.Replace = f.octet("registered_delivery"), f.octet("replace_if_present_flag")
	m.Coding, m.DefaultID = f.octet("data_coding"), f.octet("sm_default_msg_id")
	m.Short = f.octets("short_message", int(f.octet("sm_length")))
	m.Params = f.params()
	return m, f.err
}

// parseData reads data_sm, whose addresses may be 65 octets long.
func parseData(body []byte) (*message, error) {
	f := fields{rest: body}
	m := &message{ServiceType: f.text("service_type", maxServiceType)}
	m.Source, m.Dest = f.address("source_addr", maxMessageID), f.address("destination_addr", maxMessageID)
	m.Class, m.Registered, m.Coding = f.octet("esm_class"), f.octet("registered_delivery"), f.octet("data_coding")
	m.Params = f.params()
	return m, f.err
}

// bind is the body of the three bind requests (section 4.1).
type bind struct {
	SystemID, Password, SystemType string
	Range                          address // of the numbers that this session receives for
}

const interfaceVersion = 0x34

func (b *bind) append(dst []byte) []byte {
	dst = appendText(dst, b.SystemID)
	dst = appendText(dst, b.Password)
	dst = appendText(dst, b.SystemType)
	return b.Range.append(append(dst, interfaceVersion))
}

// queryReply is the body of query_sm_resp (section 4.8.2).
type queryReply struct {
	MessageID, Final string
	State, Error     byte
}

func parseQueryReply(body []byte) (*queryReply, error) {
	f := fields{rest: body}
	q := &queryReply{MessageID: f.text("message_id", maxMessageID), Final: f.text("final_date", maxTime)}
	q.State, q.Error = f.octet("message_state"), f.octet("error_code")
	return q, f.err
}

// messageID reads the body of submit_sm_resp. Some carriers leave out the terminating zero, or the whole field: an
// acceptance without a readable id is an acceptance all the same.
func messageID(body []byte) string {
	for i, c := range body {
		if c == 0 || i == maxMessageID {
			return string(body[:i])
		}
	}
	return string(body)
}

// appendText appends a C-octet string. A zero inside would end it early and shift every field behind it, so the text
// is cut there.
func appendText(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			s = s[:i]
		}
	}
	return append(append(dst, s...), 0)
}

// fields reads the fields of a body in turn; the first fault sticks and later reads give zero values.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) fail(name, what string) {
	if f.err == nil {
		f.err = fmt.Errorf("field %s %s", name, what)
	}
	f.rest = nil
}

func (f *fields) octet(name string) byte {
	if b := f.octets(name, 1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (f *fields) octets(name string, n int) []byte {
	if n > len(f.rest) {
		f.fail(name, "is cut off")
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

// text reads a C-octet string of at most limit octets with its zero.
func (f *fields) text(name string, limit int) string {
	for i, c := range f.rest {
		if i == limit {
			f.fail(name, "is too long")
			return ""
		}
		if c == 0 {
			s := string(f.rest[:i])
			f.rest = f.rest[i+1:]
			return s
		}
	}
	f.fail(name, "does not end")
	return ""
}

func (f *fields) address(name string, limit int) address {
	return address{TON: f.octet(name), NPI: f.octet(name), Digits: f.text(name, limit)}
}

// params reads the optional parameters up to the end of the body.
func (f *fields) params() tlvs {
	var list tlvs
	for len(f.rest) > 0 && f.err == nil {
		if len(list) == maxTLVs {
			f.fail("optional parameters", "are too many")
			break
		}
		head := f.octets("optional parameter", tlvHeader)
		if head == nil {
			break
		}
		value := f.octets("optional parameter", int(binary.BigEndian.Uint16(head[2:])))
		list = append(list, tlv{Tag: tag(binary.BigEndian.Uint16(head)), Value: value})
	}
	return list
}
