package channeltest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
)

// Patience is how long a provider without an answer is waited for.
const Patience = 500 * time.Millisecond

const customer = "+15550100042"

// Run runs every case that the provider can imitate.
func Run(t *testing.T, s Subject) {
	t.Run("the descriptor is complete", func(t *testing.T) { descriptor(t, s.Adapter.Describe()) })
	t.Run("required settings are asked for", func(t *testing.T) { required(t, s) })
	t.Run("texts arrive as they were written", func(t *testing.T) { golden(t, s) })
	t.Run("refusals and silences are told apart", func(t *testing.T) { failures(t, s) })
	t.Run("a provider that is down surely accepted nothing (I11)", func(t *testing.T) { down(t, s) })
	t.Run("a signed text comes in whole", func(t *testing.T) { inbound(t, s) })
	t.Run("a forged request leaves no trace (I4)", func(t *testing.T) { forged(t, s) })
	t.Run("a status names its attempt", func(t *testing.T) { status(t, s) })
}

func descriptor(t *testing.T, d channel.Descriptor) {
	if d.Kind == "" || d.Name == "" || d.Summary == "" || d.Guide == "" {
		t.Errorf("kind, name, summary and guide are all needed: %+v", d)
	}
	if d.Capabilities.MaxUnits <= 0 {
		t.Error("the longest text is not said")
	}
	types := []string{"text", "secret", "number", "bool", "choice", "url", "phone", "list"}
	seen := map[string]bool{}
	for _, f := range d.Settings {
		if f.Key == "" || f.Label == "" || f.Help == "" || !slices.Contains(types, f.Type) || seen[f.Key] {
			t.Errorf("setting %+v: key, label, help and a known type are needed, once each", f)
		}
		if (f.Type == "choice") != (len(f.Choices) > 0) {
			t.Errorf("setting %s: choices belong to a choice", f.Key)
		}
		if strings.Contains(f.Key, "token") || strings.Contains(f.Key, "password") {
			if f.Type != "secret" {
				t.Errorf("setting %s holds a secret and must be of that type", f.Key)
			}
		}
		seen[f.Key] = true
	}
	if !seen["rate"] {
		t.Error(`every channel has a setting "rate": segments per second of one sender`)
	}
}

func required(t *testing.T, s Subject) {
	good := s.Start(t).Account
	for _, f := range s.Adapter.Describe().Settings {
		if !f.Required || f.Default != "" {
			continue
		}
		a := good
		a.Settings = map[string]string{}
		for k, v := range good.Settings {
			if k != f.Key {
				a.Settings[k] = v
			}
		}
		if conn, err := s.Adapter.Open(a); err == nil {
			_ = conn.Close()
			t.Errorf("an account without %s was opened", f.Key)
		}
	}
}

// texts are what people write.
func texts() map[string]string {
	return map[string]string{
		"a plain text":                       "Hi John, your cart is waiting: https://era.example/c/1?a=b&c=d",
		"letters outside GSM-7":              "Grüße aus Łódź, 你好, привет",
		"emoji, also joined ones":            "🎉 👩‍👩‍👧 thanks 🛑",
		"signs that forms and markup escape": `50% off + "free" <b>&amp;</b> = ok? #1 \ ~ €`,
		"line breaks and spaces":             "one\ntwo\n\n  three",
		"a long GSM-7 text":                  strings.Repeat("All work and no play. ", 20) + "End",
		"a long text with letters":           strings.Repeat("Ünïcödé wörds ", 20) + "Ende",
	}
}

func golden(t *testing.T, s Subject) {
	for name, text := range texts() {
		t.Run(name, func(t *testing.T) {
			p, conn := s.open(t)
			out := outgoing(p, text)
			receipt, err := send(t.Context(), conn, out)
			if err != nil {
				t.Fatalf("send: %v", err)
			}
			if receipt.ProviderID == "" || receipt.Status.Rank() == 0 {
				t.Errorf("the receipt %+v names no message or no status", receipt)
			}
			if p.Journal == nil {
				return
			}
			journal := p.Journal()
			if len(journal) != 1 {
				t.Fatalf("the provider took %d messages", len(journal))
			}
			want := Accepted{From: p.Account.Number(), To: customer, Text: text, Callback: journal[0].Callback}
			if diff := cmp.Diff(want, journal[0]); diff != "" {
				t.Errorf("the message changed on its way (-want +got):\n%s", diff)
			}
		})
	}
}

func outgoing(p *Provider, text string) channel.Outgoing {
	return channel.Outgoing{Attempt: channel.AttemptOf("msg_1", 1), From: p.Account.Number(), To: customer, Text: text, Segments: 1}
}

// expected is the policy for each behaviour; a wrong one sends twice or never.
func expected(b Behaviour) channel.Policy {
	switch b {
	case AcceptThenSilence, AcceptThenReset, AcceptThenError, AcceptThenGarble:
		return channel.Unknown
	case Throttle:
		return channel.Later
	case RefuseAccount:
		return channel.Stop
	}
	return channel.Never
}

func failures(t *testing.T, s Subject) {
	all := []Behaviour{AcceptThenSilence, AcceptThenReset, AcceptThenError, AcceptThenGarble, Throttle,
		RefuseOptedOut, RefuseNumber, RefuseAccount}
	for _, b := range all {
		p, conn := s.open(t)
		if !p.can(b) {
			continue
		}
		t.Run(string(b), func(t *testing.T) {
			p.Next(b)
			ctx, cancel := context.WithTimeout(t.Context(), Patience)
			defer cancel()
			receipt, err := send(ctx, conn, outgoing(p, "Hello"))
			if err == nil {
				t.Fatalf("it counts as accepted: %+v", receipt)
			}
			var f *channel.Failure
			if !errors.As(err, &f) {
				f = &channel.Failure{Policy: channel.Unknown, Code: "unclassified"}
			}
			if f.Policy != expected(b) {
				t.Errorf("policy %d, want %d: %v", f.Policy, expected(b), err)
			}
			if f.OptedOut != (b == RefuseOptedOut) {
				t.Errorf("opted out = %v: %v", f.OptedOut, err)
			}
			if f.Code == "" {
				t.Errorf("no code: %v", err)
			}
			noSecrets(t, p, err)
		})
	}
}

func noSecrets(t *testing.T, p *Provider, err error) {
	t.Helper()
	for _, secret := range p.Secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows a secret (I39): %v", err)
		}
	}
}

func down(t *testing.T, s Subject) {
	p, conn := s.open(t)
	if p.Down == nil {
		return
	}
	p.Down()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	_, err := send(ctx, conn, outgoing(p, "Hello"))
	var f *channel.Failure
	if !errors.As(err, &f) || f.Policy != channel.Later {
		t.Errorf("want a failure to be tried later, got %v", err)
	}
	if err != nil {
		noSecrets(t, p, err)
	}
}

func inbound(t *testing.T, s Subject) {
	for name, text := range texts() {
		p, conn := s.open(t)
		got, ok := arrive(t, p, conn, text)
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if len(got.Inbound) != 1 || len(got.Statuses) != 0 {
				t.Fatalf("want one message, got %+v", got)
			}
			in := got.Inbound[0]
			if in.From != customer || in.To != p.Account.Number() || in.Text != text {
				t.Errorf("got %q from %s to %s", in.Text, in.From, in.To)
			}
			if in.ProviderID == "" || len(in.Raw) == 0 {
				t.Error("the provider's id and the raw bytes are needed")
			}
		})
	}
}

// arrive brings a text in by whichever way the adapter has.
func arrive(t *testing.T, p *Provider, conn channel.Conn, text string) (channel.Intake, bool) {
	switch {
	case p.Inbound != nil:
		got, err := conn.(channel.WebhookReceiver).Receive(t.Context(), p.Inbound(customer, text))
		if err != nil {
			t.Fatalf("receive: %v", err)
		}
		return got, true
	case p.Arrive != nil:
		return listen(t, p, conn.(channel.Listener), text), true
	}
	return channel.Intake{}, false
}

// listen collects the parts of one text from a connection.
func listen(t *testing.T, p *Provider, l channel.Listener, text string) channel.Intake {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := make(chan channel.Intake, 64)
	ended := make(chan error, 1)
	go func() {
		ended <- l.Listen(ctx, func(_ context.Context, in channel.Intake) error { got <- in; return nil })
	}()
	p.Arrive(customer, text)
	whole := channel.Intake{}
	for {
		select {
		case in := <-got:
			if join(&whole, in) {
				cancel()
				<-ended
				return whole
			}
		case err := <-ended:
			t.Fatalf("the connection ended before the text came in: %v", err)
		case <-ctx.Done():
			t.Fatal("the text did not come in")
		}
	}
}

// join adds what came in and says whether the text is whole.
func join(whole *channel.Intake, in channel.Intake) bool {
	for _, m := range in.Inbound {
		if len(whole.Inbound) == 0 {
			whole.Inbound = append(whole.Inbound, m)
		} else {
			whole.Inbound[0].Text += m.Text
		}
		if m.Concat == nil || m.Concat.Seq == m.Concat.Total {
			return true
		}
	}
	return false
}

func forged(t *testing.T, s Subject) {
	p, conn := s.open(t)
	if p.Inbound == nil {
		return
	}
	changes := map[string]func(*channel.WebhookRequest){
		"one byte of the body":     func(r *channel.WebhookRequest) { r.Body[len(r.Body)-1] ^= 1 },
		"one more byte":            func(r *channel.WebhookRequest) { r.Body = append(r.Body, '1') },
		"another address":          func(r *channel.WebhookRequest) { r.PublicURL += "x" },
		"no signature":             func(r *channel.WebhookRequest) { r.Header = http.Header{"Content-Type": r.Header["Content-Type"]} },
		"an empty signature":       func(r *channel.WebhookRequest) { blank(r.Header) },
		"no body":                  func(r *channel.WebhookRequest) { r.Body = nil },
		"a parameter too many":     func(r *channel.WebhookRequest) { r.Body = append(r.Body, "&OptOutType=STOP"...) },
		"the signature of another": func(r *channel.WebhookRequest) { r.Header = p.Inbound(customer, "another text").Header },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			req := p.Inbound(customer, "Hello")
			change(&req)
			got, err := conn.(channel.WebhookReceiver).Receive(t.Context(), req)
			if !errors.Is(err, channel.ErrForged) {
				t.Errorf("want ErrForged, got %v", err)
			}
			if diff := cmp.Diff(channel.Intake{}, got); diff != "" {
				t.Errorf("something of it remains:\n%s", diff)
			}
		})
	}
}

func blank(h http.Header) {
	for name := range h {
		if name != "Content-Type" {
			h.Set(name, "")
		}
	}
}

func status(t *testing.T, s Subject) {
	p, conn := s.open(t)
	if p.Status == nil {
		return
	}
	attempt := channel.AttemptOf("msg_1", 1)
	for _, want := range []channel.Status{channel.StatusSent, channel.StatusDelivered, channel.StatusFailed} {
		got, err := conn.(channel.WebhookReceiver).Receive(t.Context(), p.Status(attempt, "their-id", string(want), ""))
		if err != nil {
			t.Fatalf("receive the status %s: %v", want, err)
		}
		if len(got.Statuses) != 1 || len(got.Inbound) != 0 {
			t.Fatalf("want one status, got %+v", got)
		}
		if u := got.Statuses[0]; u.Attempt != attempt || u.ProviderID != "their-id" || u.Status != want {
			t.Errorf("got %+v, want %s of %s", u, want, attempt)
		}
	}
}
