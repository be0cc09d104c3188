package smpp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"parley/internal/channel"
	"parley/internal/clock"
)

// sinkCarrier accepts everything as fast as it can: it answers whatever has come in with one write.
func sinkCarrier(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go swallow(conn)
		}
	}()
	return l.Addr().String()
}

func swallow(conn net.Conn) {
	in := bufio.NewReaderSize(conn, 64<<10)
	var out []byte
	id := uint64(0)
	for {
		head, err := in.Peek(headerOctets)
		if err != nil {
			return
		}
		h := parseHeader(head)
		if _, err := in.Discard(int(h.Length)); err != nil {
			return
		}
		out = appendPDU(out, h.Command|response, statusOK, h.Sequence, func(dst []byte) []byte {
			id++
			return append(strconv.AppendUint(dst, id, 16), 0)
		})
		if in.Buffered() < headerOctets {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

// BenchmarkSubmitWindow100 measures the whole adapter (coding, parts, window, session, outcome) over loopback TCP
// against an in-process sink, on one session. PF2 asks for at least 150,000 submits a second.
func BenchmarkSubmitWindow100(b *testing.B) { benchmarkSubmit(b, 100) }

// BenchmarkSubmitWindow10 is the same with the window of a cautious carrier.
func BenchmarkSubmitWindow10(b *testing.B) { benchmarkSubmit(b, 10) }

func benchmarkSubmit(b *testing.B, window int) {
	host, port, _ := net.SplitHostPort(sinkCarrier(b))
	c, err := Adapter{}.Open(channel.Account{Clock: clock.New(), Dial: dial, Settings: map[string]string{
		"host": host, "port": port, "system_id": "bench", "password": "bench", "number": "+15550001111", "window": strconv.Itoa(window)}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	out := channel.Outgoing{Attempt: "att_01jd3kbenchmark", To: "+15552223333",
		Text: "Fashion Era: you left 2 items in your cart. Finish in 24h and take 10% off with ERA-7K2Q: https://fsn.er/k2q Reply STOP to opt out"}
	if _, err := c.Send(b.Context(), out); err != nil {
		b.Fatal(err)
	}
	var pending sync.WaitGroup
	done := func(_ channel.Receipt, err error) {
		if err != nil {
			b.Error(err)
		}
		pending.Done()
	}
	submitter := c.(channel.Submitter)
	b.ReportAllocs()
	for b.Loop() {
		pending.Add(1)
		if err := submitter.Submit(context.Background(), out, done); err != nil {
			b.Fatal(err)
		}
	}
	pending.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
}

// BenchmarkFloor is a client that does nothing but frame: what loopback and the sink allow at window 100.
func BenchmarkFloor(b *testing.B) {
	conn, err := net.Dial("tcp", sinkCarrier(b))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	m := message{Source: address{1, 1, "15550001111"}, Dest: address{1, 1, "15552223333"}, Short: make([]byte, 130)}
	pdu := appendPDU(nil, submitSM, statusOK, 1, m.append)
	window := make(chan struct{}, 100)
	go func() {
		in := bufio.NewReaderSize(conn, 64<<10)
		for {
			head, err := in.Peek(4)
			if err != nil {
				return
			}
			if _, err := in.Discard(int(binary.BigEndian.Uint32(head))); err != nil {
				return
			}
			<-window
		}
	}()
	w := bufio.NewWriterSize(conn, 64<<10)
	for b.Loop() {
		select {
		case window <- struct{}{}:
		default:
			if err := w.Flush(); err != nil && !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
			window <- struct{}{}
		}
		_, _ = w.Write(pdu) // a broken connection shows at the next flush
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
}
