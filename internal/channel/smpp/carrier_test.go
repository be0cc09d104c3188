package smpp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/channel"
	"parley/internal/clock"
)

// statusBadLength is ESME_RINVCMDLEN.
const statusBadLength status = 0x02

// TestMain also checks that nothing of a closed connection runs on.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that should happen at once.
const patience = 10 * time.Second

// carrier is a fake SMSC on loopback. Its manners are those of a good one until a test changes them.
type carrier struct {
	t        testing.TB
	listener net.Listener
	// on sees each PDU first; true means that it has been dealt with.
	on func(p *peer, h header, body []byte) bool

	mu    sync.Mutex
	ids   int
	binds int
	peers chan *peer    // each after its bind
	got   chan *message // each submit_sm that was accepted
	acks  chan header   // answers to what the carrier delivered, and to its other requests
}

// peer is one connection to the fake.
type peer struct {
	carrier *carrier
	conn    net.Conn
	bound   command

	mu       sync.Mutex
	sequence uint32
}

// newCarrier starts a fake; on may be nil.
func newCarrier(t testing.TB, on func(p *peer, h header, body []byte) bool) *carrier {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return carrierOn(t, l, on)
}

func carrierOn(t testing.TB, l net.Listener, on func(p *peer, h header, body []byte) bool) *carrier {
	c := &carrier{t: t, listener: l, on: on, peers: make(chan *peer, 100), got: make(chan *message, 10_000), acks: make(chan header, 10_000)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go (&peer{carrier: c, conn: conn}).run()
		}
	}()
	return c
}

func (p *peer) run() {
	in := bufio.NewReader(p.conn)
	for {
		var head [headerOctets]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		h := parseHeader(head[:])
		body := make([]byte, h.Length-headerOctets)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		if p.carrier.on == nil || !p.carrier.on(p, h, body) {
			p.politely(h, body)
		}
	}
}

// politely does what a well behaved carrier does.
func (p *peer) politely(h header, body []byte) {
	c := p.carrier
	switch h.Command {
	case bindTransceiver, bindTransmitter, bindReceiver:
		p.bound = h.Command
		p.write(h.Command|response, statusOK, h.Sequence, appendText(nil, "fake"))
		c.mu.Lock()
		c.binds++
		c.mu.Unlock()
		c.peers <- p
	case submitSM:
		p.accept(h, body)
	case enquireLink, unbind:
		p.write(h.Command|response, statusOK, h.Sequence, nil)
	default:
		c.acks <- h
	}
}

func (p *peer) accept(h header, body []byte) string {
	c := p.carrier
	m, err := parseMessage(append([]byte(nil), body...))
	if err != nil {
		c.t.Errorf("the carrier cannot read the submit_sm: %v", err)
	}
	c.mu.Lock()
	c.ids++
	id := "m" + strconv.Itoa(c.ids)
	c.mu.Unlock()
	p.write(submitSM|response, statusOK, h.Sequence, appendText(nil, id))
	c.got <- m
	return id
}

func (p *peer) write(c command, st status, sequence uint32, body []byte) {
	p.octets(appendPDU(nil, c, st, sequence, func(dst []byte) []byte { return append(dst, body...) }))
}

func (p *peer) octets(b []byte) { _, _ = p.conn.Write(b) }

// deliver sends a request with a body and returns its sequence number.
func (p *peer) deliver(c command, body []byte) uint32 {
	p.mu.Lock()
	p.sequence++
	n := p.sequence
	p.mu.Unlock()
	p.write(c, statusOK, n, body)
	return n
}

// text delivers a text of a person.
func (p *peer) text(from, text string) uint32 {
	m := &message{Source: address{1, 1, from}, Dest: address{1, 1, "15550001111"}, Short: []byte(text)}
	return p.deliver(deliverSM, m.append(nil))
}

// receipt delivers a delivery receipt.
func (p *peer) receipt(from, text string, params ...tlv) uint32 {
	m := &message{Source: address{1, 1, from}, Dest: address{1, 1, "15550001111"}, Class: classReceipt, Short: []byte(text), Params: params}
	return p.deliver(deliverSM, m.append(nil))
}

// line is an account at a fake carrier with what its sink got.
type line struct {
	*conn
	clock *clock.Clock
	units chan channel.Intake

	mu   sync.Mutex
	fail error // what the sink answers
}

func (l *line) refuse(err error) {
	l.mu.Lock()
	l.fail = err
	l.mu.Unlock()
}

func (c *carrier) settings(change map[string]string) map[string]string {
	host, port, _ := net.SplitHostPort(c.listener.Addr().String())
	s := map[string]string{"host": host, "port": port, "system_id": "era", "password": "s3cret-x", "number": "+15550001111",
		"submit_timeout": "300ms", "pdu_timeout": "100ms", "drain_timeout": "2s", "enquire_link": "1m", "reconnect_min": "10ms", "reconnect_max": "40ms"}
	maps.Copy(s, change)
	return s
}

// open connects to the carrier and listens, with a clock that stands still.
func (c *carrier) open(change map[string]string) *line {
	now := clock.NewManual(clock.From(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
	return openLine(c.t, channel.Account{ID: "chn_1", Settings: c.settings(change), Clock: now, Dial: dial})
}

func openLine(t testing.TB, a channel.Account) *line {
	t.Helper()
	l := &line{clock: a.Clock, units: make(chan channel.Intake, 10_000)}
	opened, err := Adapter{}.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	l.conn = opened.(*conn)
	ctx, cancel := context.WithCancel(context.Background())
	var listening sync.WaitGroup
	listening.Go(func() { _ = l.Listen(ctx, l.take) })
	for l.toSink(channel.Intake{}) != nil {
		runtime.Gosched() // until somebody listens
	}
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		listening.Wait()
	})
	return l
}

// take is the sink.
func (l *line) take(_ context.Context, in channel.Intake) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail == nil {
		l.units <- in
	}
	return l.fail
}

func dial(ctx context.Context, network, address string) (channel.Socket, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// next takes one value that should come.
func next[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
	}
	panic("unreachable")
}

// failureOf expects an error to be a failure.
func failureOf(t testing.TB, err error) *channel.Failure {
	t.Helper()
	var f *channel.Failure
	if !errors.As(err, &f) {
		t.Fatalf("want a failure, got %v", err)
	}
	return f
}

func text(to, words string) channel.Outgoing {
	return channel.Outgoing{Attempt: channel.AttemptID("att_" + words), To: to, Text: words, Segments: 1}
}

// sendEventually sends until the carrier takes the message: after a break the link needs its moment.
func (l *line) sendEventually(t testing.TB, out channel.Outgoing) channel.Receipt {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		r, err := l.Send(context.Background(), out)
		if err == nil {
			return r
		}
		if f := failureOf(t, err); f.Policy != channel.Later || time.Now().After(deadline) {
			t.Fatalf("send: %v", err)
		}
	}
}

func selfSigned(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	certificate, pem, err := makeCertificate("127.0.0.1")
	if err != nil {
		t.Fatal(fmt.Errorf("certificate: %w", err))
	}
	return certificate, pem
}
