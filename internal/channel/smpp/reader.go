package smpp

import (
	"bufio"
	"encoding/binary"
	"fmt"
)

// read takes PDUs from the socket until the end of the session.
func (s *session) read() {
	in := bufio.NewReaderSize(s.socket, maxPDU)
	for {
		pdu, err := s.next(in)
		if err != nil {
			s.fail(err)
			return
		}
		s.ticks.heard.Store(s.ticks.now())
		if err := s.handle(parseHeader(pdu), pdu); err != nil {
			s.fail(err)
			return
		}
		if _, err := in.Discard(len(pdu)); err != nil {
			s.fail(err)
			return
		}
	}
}

// next is the octets of the next PDU, valid until they are discarded. Between PDUs it may wait for ever, because
// silence is watched elsewhere; inside one the peer has limited time.
func (s *session) next(in *bufio.Reader) ([]byte, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err
	}
	if in.Buffered() < headerOctets {
		s.ticks.reading.begin(s.ticks.now())
		defer s.ticks.reading.end()
	}
	head, err := in.Peek(4)
	if err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint32(head))
	if length < headerOctets || length > maxPDU {
		return nil, fmt.Errorf("%w: a PDU of %d octets", errOutOfStep, length)
	}
	if int64(in.Buffered()) < length {
		s.ticks.reading.begin(s.ticks.now())
		defer s.ticks.reading.end()
	}
	return in.Peek(int(length))
}

// handle does what one PDU asks for. An error ends the session.
func (s *session) handle(h header, pdu []byte) error {
	switch {
	case h.Command == genericNack && h.Sequence == 0:
		return fmt.Errorf("%w: it says %s", errOutOfStep, h.Status)
	case h.Command&response != 0:
		s.answered(h, pdu[headerOctets:])
		return nil
	}
	switch h.Command {
	case deliverSM, dataSM:
		s.accept(h, pdu)
	case enquireLink:
		s.reply(enquireLink, statusOK, h.Sequence, nil)
	case unbind:
		// The answers to what is in flight may still come; the link opens another session meanwhile.
		s.reply(unbind, statusOK, h.Sequence, nil)
		s.leave()
		s.ticks.leaving.begin(s.ticks.now())
	case outbind, alertNotice:
		// Neither has an answer, and neither concerns us: we bind without being asked.
	default:
		s.reply(genericNack, statusBadCommand, h.Sequence, nil)
	}
	return nil
}

// accept passes a request with a message on, or puts it off when too many are in work.
func (s *session) accept(h header, pdu []byte) {
	select {
	case s.serving <- struct{}{}:
		s.serve(s, h, pdu)
	default:
		s.delivered(h, statusTemporary)
	}
}

// served answers a request that serve got, and frees its place. sent is false when the session has ended.
func (s *session) served(h header, st status) (sent bool) {
	sent = s.delivered(h, st)
	<-s.serving
	return sent
}

func (s *session) delivered(h header, st status) (sent bool) {
	// The body is an empty message_id (sections 4.6.2, 4.7.2).
	return s.reply(h.Command, st, h.Sequence, func(dst []byte) []byte { return append(dst, 0) })
}
