package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/channel/twilio/twiliotest"
)

// httpSink is a carrier that takes every message at once.
func httpSink(ctx context.Context, _ task) (figures, error) {
	sink := &twiliotest.Sink{}
	err := listen(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			sink.ServeHTTP(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"messages":[]}`) // the back-fill asks what came in
	}))
	return figures{"taken": float64(sink.Taken()), "cpu": float64(ownCPU().Microseconds()) / max(1, float64(sink.Taken()))}, err
}

// echoServer answers a JSON body with itself: the floor of what comes in.
func echoServer(ctx context.Context, _ task) (figures, error) {
	err := listen(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	return figures{}, err
}

// listen serves on a free port, says which, and goes on until ctx ends.
func listen(ctx context.Context, h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// bareClient posts to the sink with net/http and nothing else: the floor of a hand-over.
func bareClient(ctx context.Context, t task) (figures, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: t.Window}}
	address := t.Carrier + "/2010-04-01/Accounts/" + twiliotest.SID + "/Messages.json"
	const form = "To=%2B12125550100&From=%2B15550100001&Body=Hi+Maria%2C+the+new+coats+are+in.+See+yours%3A+https%3A%2F%2Fgo.fashion.example%2F12345+Reply+STOP+to+opt+out."
	var next, failed atomic.Int64
	var group sync.WaitGroup
	m := begin(0)
	for range t.Window {
		group.Go(func() {
			for next.Add(1) <= int64(t.Count) {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
				if err != nil {
					failed.Add(1)
					return
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.SetBasicAuth(twiliotest.SID, twiliotest.Token)
				resp, err := client.Do(req)
				if err != nil {
					failed.Add(1)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	group.Wait()
	if failed.Load() > 0 {
		return nil, fmt.Errorf("%d requests failed", failed.Load())
	}
	return m.end(t.Count), nil
}
