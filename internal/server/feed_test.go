package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/server"
	"parley/internal/server/servertest"
)

// listener reads a change stream.
type listener struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
}

// listen opens a stream on a running server. It gives up after a while, so that a missing event fails the test.
func listen(t *testing.T, c *servertest.Client, address, query string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	r := c.Request(ctx, "GET", "http://"+address+"/api/v1/feed"+query, nil)
	r.RequestURI = ""
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &listener{t: t, answer: answer, lines: bufio.NewScanner(answer.Body)}
}

// next is the next event as "name id data", or "end".
func (l *listener) next() string {
	l.t.Helper()
	var name, number, data string
	for l.lines.Scan() {
		line := l.lines.Text()
		switch field, value, _ := strings.Cut(line, ": "); {
		case line == "" && data != "":
			return strings.TrimSpace(name + " " + number + " " + data)
		case field == "event":
			name = value
		case field == "id":
			number = value
		case field == "data":
			data = value
		}
	}
	return "end"
}

func (l *listener) want(want string) {
	l.t.Helper()
	if got := l.next(); got != want {
		l.t.Fatalf("heard %q, want %q", got, want)
	}
}

// heard is the JSON of an event that happen made.
func heard(seq int) string {
	return fmt.Sprintf(`%d {"seq":%d,"at":"2025-11-14T08:00:00Z","topic":"message.added","person_id":"per_1","body":{"n":%d}}`, seq, seq, seq)
}

type streaming struct {
	*servertest.Bench
	address string
	n       map[id.Workspace]int
}

func stream(t *testing.T, d *db.DB, change func(o *server.Options)) *streaming {
	b := servertest.New(t, d, func(b *servertest.Bench, o *server.Options) {
		o.SessionCheck = 20 * time.Millisecond
		if change != nil {
			change(o)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = o.Feed.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
	})
	address, _ := start(t, b)
	return &streaming{b, address, map[id.Workspace]int{}}
}

// happen appends events to the workspace.
func (s *streaming) happen(ws id.Workspace, count int) {
	s.TB.Helper()
	err := s.DB.Tx(context.Background(), func(tx *db.Tx) error {
		for i := range count {
			body := map[string]int{"n": s.n[ws] + i + 1}
			if err := s.Feed.AppendTx(context.Background(), tx, feed.Event{Workspace: ws, Topic: "message.added", Person: "per_1", Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.TB.Fatal(err)
	}
	s.n[ws] += count
}

func TestAStreamHasNoGapAfterAReconnect(t *testing.T) { // I25
	s := stream(t, dbtest.SQLite(t), nil)
	mine, theirs := s.Workspace("Mine"), s.Workspace("Theirs")
	me := s.As(mine.ID, org.Agent)
	s.happen(mine.ID, 3)
	s.happen(theirs.ID, 5)

	l := listen(t, me, s.address, "?since=1")
	if got := l.answer.Header.Get("Content-Type"); got != "text/event-stream" || l.answer.StatusCode != 200 {
		t.Fatalf("%d %s", l.answer.StatusCode, got)
	}
	l.want(heard(2))
	l.want(heard(3))
	l.want(`ready 3 {"seq":3}`)
	s.happen(mine.ID, 1)
	l.want(heard(4))
	l.answer.Body.Close()

	s.happen(theirs.ID, 1)
	s.happen(mine.ID, 600) // more than is read at once
	l = listen(t, me.With("Last-Event-ID", "4"), s.address, "?since=1")
	for seq := 5; seq <= 604; seq++ {
		l.want(heard(seq))
	}
	l.want(`ready 604 {"seq":604}`)
	l = listen(t, me, s.address, "")
	l.want(`ready 604 {"seq":604}`)
	s.happen(mine.ID, 1)
	l.want(heard(605))
}

func TestAStreamThatIsTooFarBehindIsToldToStartOver(t *testing.T) { // I25
	s := stream(t, dbtest.SQLite(t), func(o *server.Options) {})
	w := s.Workspace("Era")
	s.happen(w.ID, 2)
	l := listen(t, s.As(w.ID, org.Agent), s.address, "?since=99")
	l.want(`resync 2 {"seq":2}`)
	l.want(`ready 2 {"seq":2}`)
	s.happen(w.ID, 1)
	l.want(heard(3))
	for _, bad := range []string{"?since=x", "?since=-1"} {
		if a := s.As(w.ID, org.Agent).Do("GET", "/api/v1/feed"+bad, nil); a.Status != 422 {
			t.Errorf("%s: %d", bad, a.Status)
		}
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) { // I33, ST-9
	s := stream(t, dbtest.SQLite(t), nil)
	w := s.Workspace("Era")
	boss, ana := s.As(w.ID, org.Owner), s.As(w.ID, org.Agent)
	key := s.Key(w.ID, org.ConversationRead)
	streams := map[string]*listener{}
	for name, c := range map[string]*servertest.Client{"boss": boss, "ana": ana, "key": key} {
		streams[name] = listen(t, c, s.address, "")
		streams[name].want(`ready 0 {"seq":0}`)
	}
	if a := boss.Do("PATCH", "/api/v1/members/"+string(ana.Member.ID), `{"disabled":true}`); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	streams["ana"].want("end")
	var keys struct{ Items []struct{ ID string } }
	boss.Do("GET", "/api/v1/api-keys", nil).JSON(t, &keys)
	if a := boss.Do("DELETE", "/api/v1/api-keys/"+keys.Items[0].ID, nil); a.Status != 204 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	streams["key"].want("end")
	s.happen(w.ID, 1)
	streams["boss"].want(heard(1))
}

func TestAStreamShowsThatItLives(t *testing.T) {
	s := stream(t, dbtest.SQLite(t), func(o *server.Options) { o.Heartbeat = 10 * time.Millisecond })
	l := listen(t, s.As(s.Workspace("Era").ID, org.Agent), s.address, "")
	l.want(`ready 0 {"seq":0}`)
	for l.lines.Scan() {
		if strings.HasPrefix(l.lines.Text(), ":") {
			return
		}
	}
	t.Error("no heartbeat came")
}

func TestStreamsAreBounded(t *testing.T) { // I25, I40
	s := stream(t, dbtest.SQLite(t), func(o *server.Options) { o.FeedClients = 2 })
	me := s.As(s.Workspace("Era").ID, org.Agent)
	first := listen(t, me, s.address, "")
	first.want(`ready 0 {"seq":0}`)
	listen(t, me, s.address, "").want(`ready 0 {"seq":0}`)
	if third := listen(t, me, s.address, ""); third.answer.StatusCode != 503 {
		t.Errorf("got %d", third.answer.StatusCode)
	}
	first.answer.Body.Close()
	for {
		again := listen(t, me, s.address, "")
		if again.answer.StatusCode == 200 {
			return
		}
	}
}

func TestAStalledClientIsCutOffAndFreesItsPlace(t *testing.T) { // I25
	s := stream(t, dbtest.SQLite(t), func(o *server.Options) { o.FeedClients, o.WriteWait = 1, 50*time.Millisecond })
	w := s.Workspace("Era")
	me := s.As(w.ID, org.Agent)
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := me.Request(t.Context(), "GET", "http://"+s.address+"/api/v1/feed", nil)
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("got %q %v", line, err)
	}
	// From here on the client takes nothing. The events are more than what the machine's buffers hold.
	large := strings.Repeat("x", 64<<10)
	for range 300 {
		err := s.DB.Tx(t.Context(), func(tx *db.Tx) error {
			return s.Feed.AppendTx(t.Context(), tx, feed.Event{Workspace: w.ID, Topic: "message.added", Body: large})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for {
		if l := listen(t, me, s.address, ""); l.answer.StatusCode == 200 {
			return
		}
	}
}

func TestAStopEndsStreams(t *testing.T) {
	b := servertest.New(t, dbtest.SQLite(t), nil)
	address, stop := start(t, b)
	l := listen(t, b.As(b.Workspace("Era").ID, org.Agent), address, "")
	l.want(`ready 0 {"seq":0}`)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	l.want("end")
	if log := b.Log.String(); strings.Contains(log, "cut off") {
		t.Error("the stream held the stop up")
	}
}

func TestAnEventOnTheStreamIsTheEventOfTheFeed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := stream(t, d, nil)
		w := s.Workspace("Era")
		s.happen(w.ID, 1)
		l := listen(t, s.As(w.ID, org.Viewer), s.address, "?since=0")
		_, data, _ := strings.Cut(l.next(), " ")
		var e struct {
			Seq    int64     `json:"seq"`
			Topic  string    `json:"topic"`
			Person id.Person `json:"person_id"`
			Body   struct{ N int }
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil || e.Seq != 1 || e.Topic != "message.added" || e.Person != "per_1" || e.Body.N != 1 {
			t.Errorf("got %s %v", data, err)
		}
	})
}
