package smpp

import (
	"hash/maphash"
	"sync"

	"parley/internal/channel"
)

const (
	arrivalWorkers = 16
	arrivalQueue   = maxServing // so that one busy sender may have all that a session takes at once
)

// arrival is one deliver_sm or data_sm on its way to the sink.
type arrival struct {
	session *session
	header  header
	raw     []byte
	message *message
}

// arrivals takes what carriers deliver and hands it to the sink: many at a time, but those of one sender in order.
type arrivals struct {
	conn   *conn
	seed   maphash.Seed
	queues [arrivalWorkers]chan arrival
	doubts doubts
	end    chan struct{}
	once   sync.Once
	work   sync.WaitGroup
}

func newArrivals(c *conn) *arrivals {
	a := &arrivals{conn: c, seed: maphash.MakeSeed(), end: make(chan struct{}), doubts: doubts{byDigest: map[digest]doubt{}}}
	for i := range a.queues {
		a.queues[i] = make(chan arrival, arrivalQueue)
	}
	return a
}

// take is called by the reader of a session and must not wait. What cannot be read will not be readable at the second
// try either, so the carrier is told not to make one and the operator that there was one, without its words (I6, I39); what
// does not fit is asked for again.
func (a *arrivals) take(s *session, h header, pdu []byte) {
	raw := append([]byte(nil), pdu...)
	m, err := parseRaw(raw)
	if err != nil {
		a.conn.log.Error("the carrier delivered what cannot be read, and was told not to repeat it", "sequence", h.Sequence, "octets", len(raw), "error", err)
		s.served(h, statusPermanent)
		return
	}
	queue := a.queues[maphash.String(a.seed, m.Source.Digits)%arrivalWorkers]
	select {
	case queue <- arrival{session: s, header: h, raw: raw, message: m}:
	default:
		s.served(h, statusTemporary)
	}
}

func (a *arrivals) start() {
	for _, queue := range a.queues {
		a.work.Go(func() { a.run(queue) })
	}
}

func (a *arrivals) run(queue chan arrival) {
	for {
		select {
		case in := <-queue:
			a.deliver(in)
		case <-a.end:
			return
		}
	}
}

// stop ends the workers, once. What is still queued belongs to sessions that have ended: the carrier sends it again.
func (a *arrivals) stop() {
	a.once.Do(func() { close(a.end) })
	a.work.Wait()
}

// deliver stores one unit and only then answers it (I1, I3).
func (a *arrivals) deliver(in arrival) {
	now := a.conn.account.Clock.Now()
	mark := digestOf(in.raw)
	id := a.doubts.begin(mark, in.session, in.raw, now)
	st := statusOK
	if err := a.conn.toSink(a.intake(in.message, in.raw, id)); err != nil {
		st = statusTemporary
	}
	sent := in.session.served(in.header, st)
	a.doubts.answered(mark, sent && st == statusOK, a.conn.account.Clock.Now())
}

// intake is the unit as the channel takes it. A receipt that names no message says nothing, and leaves nothing.
func (a *arrivals) intake(m *message, raw []byte, id string) channel.Intake {
	o := a.conn.options
	if !m.isReceipt() {
		return channel.Intake{Inbound: []channel.Inbound{o.inbound(m, raw, id)}}
	}
	r := parseReceipt(m, o.alphabet)
	providerID, attempt := a.conn.book.find(r)
	if providerID == "" {
		return channel.Intake{}
	}
	return channel.Intake{Statuses: []channel.StatusUpdate{{
		Attempt: attempt, ProviderID: providerID, Status: r.Status, ProviderCode: r.Code, Text: r.Words, OptedOut: o.meansOptOut(r.Code),
	}}}
}

// inbound is a text of a person, or one part of it.
func (o *options) inbound(m *message, raw []byte, id string) channel.Inbound {
	f := fragmentOf(m)
	return channel.Inbound{
		ProviderID: id, From: numberOf(m.Source, "", o.country), To: numberOf(m.Dest, o.number, o.country),
		Text: decode(f.coding, f.octets, o.alphabet), Concat: f.concat, Raw: raw,
	}
}
