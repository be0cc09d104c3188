package faulttest

import (
	"sync"
	"sync/atomic"
)

// each does something n times, a few at once.
func each(n, atOnce int, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, atOnce) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
