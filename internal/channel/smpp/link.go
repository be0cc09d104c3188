package smpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"parley/internal/channel"
)

// link keeps one login alive: it connects, binds, waits for the end of the session, pauses, and begins again.
type link struct {
	options *options
	dial    channel.DialFunc
	serve   func(*session, header, []byte)
	ended   func(*session)
	command command // which bind

	mu      sync.Mutex
	current *session
	peer    string // the carrier's own system id
	failure error  // why the last try failed; nil while connected
	tried   chan struct{}
}

func newLink(o *options, dial channel.DialFunc, c command) *link {
	return &link{options: o, dial: dial, command: c, tried: make(chan struct{})}
}

// run keeps the login until ctx ends; then it leaves the carrier in good order.
func (l *link) run(ctx context.Context) {
	pause := l.options.backoff
	for ctx.Err() == nil {
		s, peer, err := l.connect(ctx)
		l.note(s, peer, err)
		if err == nil {
			pause = l.options.backoff
			l.hold(ctx, s)
		} else if refusedAccount(err) {
			pause = l.options.maxBackoff // asking again at once would look like an attack
		}
		if !rest(ctx, jitter(pause)) {
			return
		}
		pause = min(2*pause, l.options.maxBackoff)
	}
}

// hold waits for the end of a session.
func (l *link) hold(ctx context.Context, s *session) {
	select {
	case <-s.done:
	case <-ctx.Done():
		s.close()
	}
	l.note(nil, "", s.ended())
	l.ended(s)
}

// jitter spreads a pause over half to all of it, so that many clients do not come back at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

func (l *link) note(s *session, peer string, failure error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current, l.failure = s, failure
	if peer != "" {
		l.peer = peer
	}
	select {
	case <-l.tried:
	default:
		close(l.tried)
	}
}

// session is the bound session, or nil and why there is none; no reason means that the first try is still going on.
func (l *link) session() (*session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current, l.failure
}

// connect opens a session and binds it.
func (l *link) connect(ctx context.Context) (s *session, peer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.connect)
	defer cancel()
	socket, err := l.dial(ctx, "tcp", l.options.address)
	if err != nil {
		return nil, "", fmt.Errorf("connect to the carrier: %w", err)
	}
	if socket, err = l.encrypt(ctx, socket); err != nil {
		return nil, "", fmt.Errorf("TLS with the carrier: %w", err)
	}
	s = newSession(socket, l.options.timing, l.serve)
	a, err := s.ask(ctx, l.command, l.options.bind.append)
	if err == nil && a.Status != statusOK {
		err = a.Status.failure()
	}
	if err != nil {
		s.fail(errClosed)
		return nil, "", fmt.Errorf("log in at the carrier: %w", err)
	}
	f := fields{rest: a.Body}
	return s, f.text("system_id", maxMessageID), nil
}

func (l *link) encrypt(ctx context.Context, socket channel.Socket) (channel.Socket, error) {
	if !l.options.tls {
		return socket, nil
	}
	config := &tls.Config{ServerName: l.options.host, MinVersion: tls.VersionTLS12}
	if l.options.ca != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(l.options.ca)) {
			return nil, errors.Join(errors.New("the setting tls_ca holds no certificate"), socket.Close())
		}
	}
	secure := tls.Client(socket, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return secure, nil
}

// refusedAccount says whether the carrier refused the login itself.
func refusedAccount(err error) bool {
	var f *channel.Failure
	return errors.As(err, &f) && f.Policy == channel.Stop
}
