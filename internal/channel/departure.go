package channel

import (
	"sync"
	"time"
)

// departurePatience is how long an opt-out waits for a request that has begun to leave. A request starts within a moment;
// an opt-out whose answer comes later than a provider's patience would be sent again, and is committed all the same.
const departurePatience = 5 * time.Second

// departures are the requests between the last look at an address and the adapter's return, by address. An opt-out is
// answered after those for its address: so no request starts once it is answered (I13).
type departures struct {
	mu   sync.Mutex
	open map[address]*departure
}

type departure struct {
	requests int
	none     chan struct{} // closed when requests is 0 again
}

// begin counts a request that is about to leave. The function that it returns ends it.
func (d *departures) begin(to address) func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = map[address]*departure{}
	}
	one := d.open[to]
	if one == nil {
		one = &departure{none: make(chan struct{})}
		d.open[to] = one
	}
	one.requests++
	return func() { d.end(to, one) }
}

func (d *departures) end(to address, one *departure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if one.requests--; one.requests == 0 {
		delete(d.open, to)
		close(one.none)
	}
}

// settle waits until what was about to leave for an address has left.
func (d *departures) settle(to address) {
	d.mu.Lock()
	one := d.open[to]
	d.mu.Unlock()
	if one == nil {
		return
	}
	select {
	case <-one.none:
	case <-time.After(departurePatience):
	}
}
