package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
)

// Commands of SMPP v3.4, section 5.1.2.1; an answer has the highest bit.
const (
	smppSubmit = 0x00000004
	smppBind   = 0x00000009
	smppAnswer = 0x80000000
	smppHeader = 16
)

// smppSink is a carrier that accepts every message as fast as it can: it answers what has come in with one write.
func smppSink(ctx context.Context, _ task) (figures, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	fmt.Println(l.Addr().String())
	go func() {
		<-ctx.Done()
		l.Close()
	}()
	var taken atomic.Int64
	for {
		conn, err := l.Accept()
		if err != nil {
			return figures{"taken": float64(taken.Load()), "cpu": float64(ownCPU().Microseconds()) / max(1, float64(taken.Load()))}, nil //nolint:nilerr // it was closed: the run is over
		}
		go swallow(conn, &taken)
	}
}

func swallow(conn net.Conn, taken *atomic.Int64) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	var out []byte
	for {
		head, err := in.Peek(smppHeader)
		if err != nil {
			return
		}
		length, command := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])
		sequence := binary.BigEndian.Uint32(head[12:])
		if _, err := in.Discard(int(length)); err != nil {
			return
		}
		var body []byte
		switch command {
		case smppSubmit:
			body = append(strconv.AppendInt(nil, taken.Add(1), 16), 0)
		case smppBind:
			body = []byte("sink\x00")
		}
		out = binary.BigEndian.AppendUint32(out, uint32(smppHeader+len(body)))
		out = binary.BigEndian.AppendUint32(out, command|smppAnswer)
		out = binary.BigEndian.AppendUint32(out, 0)
		out = binary.BigEndian.AppendUint32(out, sequence)
		out = append(out, body...)
		if in.Buffered() < smppHeader {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}
