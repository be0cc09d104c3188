package twiliotest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The account that the imitation knows.
const (
	SID    = "AC00000000000000000000000000000001"
	Token  = "token-of-the-imitation-0001"
	Number = "+15550100001"
)

// Behaviour is what happens to one request to send.
type Behaviour struct {
	Reject   int      // HTTP status of a refusal; nothing is accepted
	Code     int      // Twilio's error code of the refusal
	After    string   // Retry-After of the refusal
	Then     Ending   // how the answer to an accepted message goes wrong
	Status   int      // HTTP status of Ending Error
	Price    any      // price in the answer; nil is what Twilio says
	Callback []string // statuses that are called back before the answer, in this order
}

// Ending is how the answer to an accepted message ends.
type Ending int

// The endings.
const (
	Answered Ending = iota
	Silence         // no answer until the caller gives up
	Reset           // the connection breaks
	Error           // an error of Twilio's own
	Half            // half of the body
)

// Accepted is one message that the imitation took.
type Accepted struct {
	SID, From, To, Body, Callback, Validity, Service string
	Media                                            []string
	Status, ErrorCode                                string
	Inbound                                          bool
	At                                               time.Time
}

// Fake is the imitation. It is safe for concurrent use.
type Fake struct {
	*httptest.Server
	Client *http.Client // for callbacks

	mu       sync.Mutex
	now      func() time.Time
	next     []Behaviour
	always   *Behaviour
	journal  []Accepted
	requests int
	files    map[string]file
}

type file struct {
	contentType string
	bytes       []byte
}

// New starts an imitation; the caller closes it.
func New() *Fake {
	f := &Fake{now: time.Now, Client: &http.Client{Timeout: 10 * time.Second}, files: map[string]file{}}
	mux := http.NewServeMux()
	root := "/2010-04-01/Accounts/" + SID
	mux.HandleFunc("POST "+root+"/Messages.json", f.authorised(f.create))
	mux.HandleFunc("GET "+root+"/Messages.json", f.authorised(f.list))
	mux.HandleFunc("GET "+root+"/Messages/{sid}", f.authorised(f.one))
	mux.HandleFunc("GET "+root+"/Messages/{sid}/{rest...}", f.authorised(f.media))
	mux.HandleFunc("GET "+root+".json", f.authorised(func(w http.ResponseWriter, _ *http.Request) {
		write(w, 200, map[string]any{"status": "active", "friendly_name": "Era"})
	}))
	mux.HandleFunc("GET "+root+"/IncomingPhoneNumbers.json", f.authorised(f.numbers))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		write(w, 404, map[string]any{"code": 20404, "message": "The requested resource was not found"})
	})
	f.Server = httptest.NewServer(mux)
	return f
}

// Settings are a channel's settings for this imitation.
func (f *Fake) Settings() map[string]string {
	return map[string]string{"account_sid": SID, "auth_token": Token, "number": Number, "base_url": f.URL, "rate": "1000"}
}

// Next queues behaviours for the next requests to send.
func (f *Fake) Next(b ...Behaviour) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, b...)
}

// Always sets the behaviour for requests that no queued one is for; nil accepts.
func (f *Fake) Always(b *Behaviour) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = b
}

// Journal is what was accepted so far.
func (f *Fake) Journal() []Accepted {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.journal)
}

// Requests counts the requests to send, accepted or not.
func (f *Fake) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// Receive puts a message from a person into Twilio's list, as if its webhook had been lost, and returns its id.
func (f *Fake) Receive(from, to, body string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := Accepted{SID: f.sid(), From: from, To: to, Body: body, Status: "received", Inbound: true, At: f.now()}
	f.journal = append(f.journal, a)
	return a.SID
}

// Put keeps a file that an incoming message names and returns its address.
func (f *Fake) Put(message, name, contentType string, content []byte) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := "/2010-04-01/Accounts/" + SID + "/Messages/" + message + "/Media/" + name
	f.files[path] = file{contentType, content}
	return f.URL + path
}

// SetNow sets the clock by which it dates messages.
func (f *Fake) SetNow(now func() time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = now
}

// sid makes the next id; mu is held.
func (f *Fake) sid() string { return fmt.Sprintf("SM%032d", len(f.journal)+1) }

func (f *Fake) authorised(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != SID || password != Token {
			write(w, 401, map[string]any{"code": 20003, "message": "Authenticate"})
			return
		}
		next(w, r)
	}
}

func (f *Fake) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		write(w, 400, map[string]any{"code": 21000, "message": "not a form"})
		return
	}
	b, a, ok := f.take(r.PostForm)
	if !ok {
		if b.After != "" {
			w.Header().Set("Retry-After", b.After)
		}
		write(w, b.Reject, map[string]any{"code": b.Code, "message": "refused as told"})
		return
	}
	for _, status := range b.Callback {
		_ = f.Call(a, status, "")
	}
	f.end(w, r, b, a)
}

// take decides what happens and notes it in the journal.
func (f *Fake) take(form url.Values) (Behaviour, Accepted, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	var b Behaviour
	switch {
	case len(f.next) > 0:
		b, f.next = f.next[0], f.next[1:]
	case f.always != nil:
		b = *f.always
	}
	if b.Reject != 0 {
		return b, Accepted{}, false
	}
	a := Accepted{SID: f.sid(), From: form.Get("From"), To: form.Get("To"), Body: form.Get("Body"), Media: form["MediaUrl"],
		Callback: form.Get("StatusCallback"), Validity: form.Get("ValidityPeriod"), Service: form.Get("MessagingServiceSid"),
		Status: "queued", At: f.now()}
	f.journal = append(f.journal, a)
	return b, a, true
}

func (f *Fake) end(w http.ResponseWriter, r *http.Request, b Behaviour, a Accepted) {
	answer := resource(a)
	if b.Price != nil {
		answer["price"] = b.Price
	}
	switch b.Then {
	case Silence:
		<-r.Context().Done()
	case Reset:
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	case Error:
		write(w, b.Status, map[string]any{"code": 20500, "message": "An internal server error has occurred"})
	case Half:
		whole, err := json.Marshal(answer)
		if err != nil {
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
		w.WriteHeader(201)
		_, _ = w.Write(whole[:len(whole)/2])
	default:
		write(w, 201, answer)
	}
}

func (f *Fake) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page, err := strconv.Atoi(q.Get("Page"))
	if err != nil {
		page = 0
	}
	size, err := strconv.Atoi(q.Get("PageSize"))
	if err != nil {
		size = 50
	}
	var all []map[string]any
	journal := f.Journal()
	slices.Reverse(journal)
	for _, a := range journal {
		day := a.At.UTC().Format(time.DateOnly)
		if (q.Get("To") == "" || q.Get("To") == a.To) && (q.Get("From") == "" || q.Get("From") == a.From) && day >= q.Get("DateSent>") {
			all = append(all, resource(a))
		}
	}
	start := min(page*size, len(all))
	end := min(start+size, len(all))
	answer := map[string]any{"messages": all[start:end], "next_page_uri": nil}
	if end < len(all) {
		q.Set("Page", strconv.Itoa(page+1))
		answer["next_page_uri"] = r.URL.Path + "?" + q.Encode()
	}
	write(w, 200, answer)
}

func (f *Fake) one(w http.ResponseWriter, r *http.Request) {
	sid := strings.TrimSuffix(r.PathValue("sid"), ".json")
	for _, a := range f.Journal() {
		if a.SID == sid {
			write(w, 200, resource(a))
			return
		}
	}
	write(w, 404, map[string]any{"code": 20404, "message": "The requested resource was not found"})
}

func (f *Fake) media(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if folder, ok := strings.CutSuffix(r.URL.Path, ".json"); ok {
		list := []map[string]any{}
		for path, file := range f.files {
			if name, in := strings.CutPrefix(path, folder+"/"); in {
				list = append(list, map[string]any{"sid": name, "content_type": file.contentType})
			}
		}
		write(w, 200, map[string]any{"media_list": list})
		return
	}
	file, ok := f.files[r.URL.Path]
	if !ok {
		write(w, 404, map[string]any{"code": 20404})
		return
	}
	w.Header().Set("Content-Type", file.contentType)
	_, _ = w.Write(file.bytes)
}

func (f *Fake) numbers(w http.ResponseWriter, r *http.Request) {
	list := []map[string]any{}
	if r.URL.Query().Get("PhoneNumber") == Number {
		list = append(list, map[string]any{"phone_number": Number, "sms_url": "https://parley.example/hooks/era/sms"})
	}
	write(w, 200, map[string]any{"incoming_phone_numbers": list})
}

// Call calls back with a status of a message, signed.
func (f *Fake) Call(a Accepted, status, code string) error {
	form := url.Values{"MessageSid": {a.SID}, "MessageStatus": {status}, "SmsStatus": {status}, "To": {a.To}, "From": {a.From},
		"AccountSid": {SID}}
	if code != "" {
		form.Set("ErrorCode", code)
	}
	f.mark(a.SID, status, code)
	return f.Post(a.Callback, form)
}

func (f *Fake) mark(sid, status, code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.journal {
		if f.journal[i].SID == sid {
			f.journal[i].Status, f.journal[i].ErrorCode = status, code
		}
	}
}

// Post posts a signed form to an address, as Twilio does.
func (f *Fake) Post(address string, form url.Values) error {
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("twiliotest: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", Sign(Token, address, form))
	resp, err := f.Client.Do(req)
	if err != nil {
		return fmt.Errorf("twiliotest: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("twiliotest: the webhook answered %s", resp.Status)
	}
	return nil
}

// Sign is Twilio's signature of a form posted to an address. It is written apart from the adapter's own check, so that
// one may judge the other.
func Sign(token, address string, form url.Values) string {
	var pairs []string
	for name, values := range form {
		for _, v := range values {
			pairs = append(pairs, name+v)
		}
	}
	slices.Sort(pairs)
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address + strings.Join(pairs, "")))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func resource(a Accepted) map[string]any {
	direction, media := "outbound-api", strconv.Itoa(len(a.Media))
	if a.Inbound {
		direction = "inbound"
	}
	m := map[string]any{"sid": a.SID, "status": a.Status, "direction": direction, "from": a.From, "to": a.To, "body": a.Body,
		"num_media": media, "num_segments": "1", "price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil,
		"date_created": a.At.UTC().Format(time.RFC1123Z), "date_sent": nil, "account_sid": SID, "messaging_service_sid": nil}
	if a.Inbound {
		m["date_sent"] = m["date_created"]
	}
	if code, err := strconv.Atoi(a.ErrorCode); err == nil {
		m["error_code"] = code
	}
	return m
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
