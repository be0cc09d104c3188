package smpp

import "encoding/binary"

// tag names an optional parameter (section 5.3.2).
type tag uint16

const (
	tagReceiptedID   tag = 0x001e
	tagReference     tag = 0x0204 // user_message_reference
	tagSarRef        tag = 0x020c
	tagSarTotal      tag = 0x020e
	tagSarSeq        tag = 0x020f
	tagNetworkError  tag = 0x0423
	tagPayload       tag = 0x0424 // message_payload
	tagMessageState  tag = 0x0427
	maxTLVs              = 64 // more than any carrier sends; a PDU is not a place to store things
	tlvHeader            = 4
	maxPayloadOctets     = 64 << 10
)

// tlv is one optional parameter.
type tlv struct {
	Tag   tag
	Value []byte
}

// tlvs are optional parameters in the order of the wire.
type tlvs []tlv

// get is the first value of the tag, nil when there is none.
func (l tlvs) get(t tag) []byte {
	for _, p := range l {
		if p.Tag == t {
			return p.Value
		}
	}
	return nil
}

// number is the value of an integer parameter of one or two octets.
func (l tlvs) number(t tag) (int, bool) {
	switch v := l.get(t); len(v) {
	case 1:
		return int(v[0]), true
	case 2:
		return int(binary.BigEndian.Uint16(v)), true
	}
	return 0, false
}

// text is the value of a string parameter without its terminating zero, which some carriers leave out.
func (l tlvs) text(t tag) string {
	v := l.get(t)
	for i, c := range v {
		if c == 0 {
			return string(v[:i])
		}
	}
	return string(v)
}

func (l tlvs) append(dst []byte) []byte {
	for _, p := range l {
		dst = binary.BigEndian.AppendUint16(dst, uint16(p.Tag))
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(p.Value)))
		dst = append(dst, p.Value...)
	}
	return dst
}
