package smpp

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// timing is what a session waits for, and how much it keeps in flight.
type timing struct {
	Window  int           // submits without an answer
	Answer  time.Duration // for a response
	Inside  time.Duration // for the rest of a half PDU, or for a write to get through
	Silence time.Duration // of the peer, after which it is asked whether it is there
	Drain   time.Duration // for answers at the end
}

const (
	maxUnwritten = 4 << 20 // octets that a peer may leave unread before it is cut off
	maxServing   = 256     // requests of the peer in work at once; more are answered with "later"
	maxLate      = 4096    // unanswered submits whose answer is still welcome
)

// The ends of a session.
var (
	errClosed    = errors.New("the session was closed")
	errUnbound   = errors.New("the carrier ended the session")
	errSilent    = errors.New("the carrier no longer answers")
	errHalfPDU   = errors.New("the carrier stopped in the middle of a PDU")
	errNotRead   = errors.New("the carrier does not read what it is sent")
	errOutOfStep = errors.New("the carrier lost step in the stream")
	errNoAnswer  = errors.New("no answer in time")
)

// answer is what became of a request: the peer's status and body, or Err. With Err, Left tells whether the request may
// have reached the peer. Body is valid only during the call.
type answer struct {
	Status status
	Body   []byte
	Err    error
	Left   bool
}

// waiting is a request without an answer yet.
type waiting struct {
	command  command
	windowed bool
	from     uint64 // octets queued before it
	since    uint32 // tick
	on       func(answer)
}

// session is one connection to a carrier. Requests may be made from any goroutine. Callbacks run on the session's own
// goroutines and must not block.
type session struct {
	socket net.Conn
	timing timing
	serve  func(*session, header, []byte) // a deliver_sm or data_sm, whole; must not block or keep the octets

	slots   chan struct{} // one per submit in flight
	serving chan struct{} // one per request of the peer in work
	wake    chan struct{} // the writer has something to do
	done    chan struct{} // closed at the end
	probe   atomic.Bool   // an enquire_link is on its way

	ticks ticks

	mu       sync.Mutex
	buffer   []byte // queued for the writer
	queued   uint64 // octets ever queued
	handed   uint64 // octets ever given to the socket
	sequence uint32
	waiting  map[uint32]waiting
	late     map[uint32]waiting
	pause    pause
	leaving  bool // no more submits
	err      error
}

// newSession runs a session on the socket, which it owns from now on.
func newSession(socket net.Conn, t timing, serve func(*session, header, []byte)) *session {
	s := &session{
		socket: socket, timing: t, serve: serve,
		slots: make(chan struct{}, t.Window), serving: make(chan struct{}, maxServing),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		waiting: make(map[uint32]waiting, t.Window), late: map[uint32]waiting{},
		ticks: newTicks(t),
	}
	go s.read()
	go s.write()
	go s.watch()
	return s
}

// submit sends a submit_sm when the window has a place. An error means that nothing left and on is never called.
func (s *session) submit(ctx context.Context, body func([]byte) []byte, on func(answer)) error {
	select {
	case s.slots <- struct{}{}:
	case <-s.done:
		return s.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		resume, err := s.request(submitSM, true, body, on)
		if resume == nil {
			if err != nil {
				<-s.slots
			}
			return err
		}
		select {
		case <-resume:
		case <-ctx.Done():
			<-s.slots
			return ctx.Err()
		}
	}
}

// request queues a request. Submits must wait for resume, when it is not nil, and try again.
func (s *session) request(c command, windowed bool, body func([]byte) []byte, on func(answer)) (resume <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	if windowed && s.leaving {
		return nil, errClosed
	}
	if windowed && s.pause.resume != nil {
		return s.pause.resume, nil
	}
	s.sequence = s.sequence%maxSequence + 1
	s.waiting[s.sequence] = waiting{command: c, windowed: windowed, from: s.queued, since: s.ticks.now(), on: on}
	s.queue(c, statusOK, s.sequence, body)
	return nil, nil
}

// ask makes a request and waits for its answer.
func (s *session) ask(ctx context.Context, c command, body func([]byte) []byte) (answer, error) {
	answered := make(chan answer, 1)
	_, err := s.request(c, false, body, func(a answer) {
		a.Body = append([]byte(nil), a.Body...)
		answered <- a
	})
	if err != nil {
		return answer{}, err
	}
	select {
	case a := <-answered:
		return a, a.Err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// reply answers a request of the peer; sent is false when the session has ended.
func (s *session) reply(c command, st status, sequence uint32, body func([]byte) []byte) (sent bool) {
	s.mu.Lock()
	overrun := len(s.buffer) > maxUnwritten
	sent = s.err == nil && !overrun
	if sent {
		s.queue(c|response, st, sequence, body)
	}
	s.mu.Unlock()
	if overrun {
		s.fail(errNotRead)
	}
	return sent
}

// queue appends a PDU to the buffer; the lock is held.
func (s *session) queue(c command, st status, sequence uint32, body func([]byte) []byte) {
	before := len(s.buffer)
	s.buffer = appendPDU(s.buffer, c, st, sequence, body)
	s.queued += uint64(len(s.buffer) - before)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write gives the socket all that is queued at once, and what came together meanwhile after that: a single PDU leaves
// immediately, a flood leaves in few system calls.
func (s *session) write() {
	var out []byte
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		s.mu.Lock()
		out, s.buffer = s.buffer, out[:0]
		s.handed = s.queued
		s.mu.Unlock()
		if len(out) == 0 {
			continue // what woke us left with the batch before
		}
		s.ticks.writing.begin(s.ticks.now())
		if _, err := s.socket.Write(out); err != nil {
			s.fail(err)
			return
		}
		s.ticks.writing.end()
	}
}

// answered matches a response with its request. One that matches nothing is ignored: it was given up, or is a copy.
func (s *session) answered(h header, body []byte) {
	s.mu.Lock()
	from, after := s.waiting, false
	w, ok := from[h.Sequence]
	if !ok {
		from, after = s.late, true
		w, ok = from[h.Sequence]
	}
	if !ok || h.Command != w.command|response && h.Command != genericNack {
		s.mu.Unlock()
		return
	}
	delete(from, h.Sequence)
	if w.windowed && !after {
		s.pause.note(h.Status.slow(), s.ticks)
	}
	s.mu.Unlock()
	if w.windowed && !after {
		<-s.slots
	}
	w.on(answer{Status: h.Status, Body: body})
}

// fail ends the session, once. Requests without an answer learn whether they may have left.
func (s *session) fail(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	left, handed := s.waiting, s.handed
	s.waiting, s.late = nil, nil
	s.pause.end()
	close(s.done)
	s.mu.Unlock()
	_ = s.socket.Close() // the session is over either way
	for _, w := range left {
		w.on(answer{Err: err, Left: w.from < handed})
	}
}

func (s *session) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// open says whether submits are taken.
func (s *session) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil && !s.leaving
}

// leave takes no more submits.
func (s *session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = true
	s.pause.end()
}

// close takes no more submits, waits for the answers of those in flight and for the requests of the peer in work,
// says good-bye, and ends the session.
func (s *session) close() {
	s.leave()
	ctx, cancel := context.WithTimeout(context.Background(), s.timing.Drain)
	defer cancel()
	if s.drain(ctx, s.slots) && s.drain(ctx, s.serving) {
		// Whether the peer says good-bye too changes nothing.
		_, _ = s.ask(ctx, unbind, nil)
	}
	s.fail(errClosed)
}

// drain waits until every place is free, by taking them all.
func (s *session) drain(ctx context.Context, places chan struct{}) bool {
	for range cap(places) {
		select {
		case places <- struct{}{}:
		case <-s.done:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
