package smpp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"parley/internal/channel"
	"parley/internal/errs"
)

// errNoEvidence is the answer to Find when the carrier cannot tell: SMPP finds a message only by the carrier's id, which
// an attempt without an answer does not have.
var errNoEvidence = errs.New(errs.Unavailable, "no_evidence",
	"The carrier cannot say what became of this message. It stays unknown until a receipt comes or a person decides.")

// Find asks the carrier with query_sm. It never says "surely not accepted": a carrier forgets messages, too.
func (c *conn) Find(ctx context.Context, try channel.Tried) (*channel.StatusUpdate, bool, error) {
	if try.ProviderID == "" {
		return nil, false, errNoEvidence
	}
	s, failure := c.pick(ctx)
	if failure != nil {
		return nil, false, failure
	}
	a, err := s.ask(ctx, querySM, func(dst []byte) []byte {
		dst = appendText(dst, c.book.raw(try.ProviderID))
		return addressOf(c.sender(try.From), c.options.source).append(dst)
	})
	if err != nil {
		return nil, false, fmt.Errorf("query the carrier: %w", err)
	}
	if a.Status != statusOK {
		return nil, false, errors.Join(errNoEvidence, a.Status.failure())
	}
	q, err := parseQueryReply(a.Body)
	if err != nil {
		return nil, false, fmt.Errorf("read the carrier's answer: %w", err)
	}
	status, words, ok := stateText(q.State)
	if !ok {
		return nil, false, errNoEvidence
	}
	update := &channel.StatusUpdate{Attempt: try.Attempt, ProviderID: try.ProviderID, Status: status, Text: words}
	if q.Error != 0 {
		update.ProviderCode = strconv.Itoa(int(q.Error))
		update.OptedOut = c.options.meansOptOut(update.ProviderCode)
	}
	return update, true, nil
}

// sender is the sender of a message: its own or the account's.
func (c *conn) sender(from string) string {
	if from == "" {
		return c.options.number
	}
	return from
}

// Check tries the settings: on the session that is open, else on one made for the purpose.
func (c *conn) Check(ctx context.Context) []channel.Check {
	for _, l := range c.senders {
		if s, _ := l.session(); s != nil && s.open() {
			return append([]channel.Check{c.connected("Parley is connected to " + c.options.address + "." + l.named())}, c.alive(ctx, s))
		}
	}
	l := newLink(c.options, c.account.Dial, c.senders[0].command)
	l.serve = func(s *session, h header, _ []byte) { s.served(h, statusTemporary) } // nobody would store it
	s, peer, err := l.connect(ctx)
	if err != nil {
		return []channel.Check{c.refused(err)}
	}
	defer s.close()
	l.note(s, peer, nil)
	return []channel.Check{c.connected("The carrier at " + c.options.address + " let Parley in." + l.named()), c.alive(ctx, s)}
}

func (c *conn) connected(detail string) channel.Check {
	return channel.Check{Key: "login", Title: "Login", OK: true, Detail: detail}
}

func (c *conn) refused(err error) channel.Check {
	check := channel.Check{Key: "login", Title: "Login", Detail: err.Error(),
		Fix: "Check host, port and TLS, and that the carrier allows connections from this machine's address."}
	var f *channel.Failure
	if errors.As(err, &f) {
		check.Detail = f.Text + " (" + f.ProviderCode + ")"
		check.Fix = "Check system id, password and system type, and how many sessions the carrier allows."
	}
	return check
}

func (c *conn) alive(ctx context.Context, s *session) channel.Check {
	check := channel.Check{Key: "alive", Title: "Carrier answers", OK: true, Detail: "The carrier answered enquire_link."}
	if a, err := s.ask(ctx, enquireLink, nil); err != nil || a.Status != statusOK {
		check.OK = false
		check.Detail = "The carrier did not answer enquire_link."
		check.Fix = "Ask the carrier whether its service is up."
	}
	return check
}

// named tells the carrier's own system id, if it gave one.
func (l *link) named() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.peer == "" {
		return ""
	}
	return fmt.Sprintf(" It calls itself %q.", l.peer)
}

// Join puts the parts of one long text together: the units of one sender with the same Concat.Ref, in any order, with
// copies. complete is false while parts are missing; the text then has what there is.
func (c *conn) Join(parts []channel.Inbound) (whole channel.Inbound, complete bool) {
	return join(parts, c.options.alphabet)
}

// meansOptOut says whether the account's settings list the err of a receipt as that of an opted-out person.
func (o *options) meansOptOut(code string) bool {
	return code != "" && slices.ContainsFunc(o.optOutCodes, func(listed string) bool { return canonical(listed) == canonical(code) })
}

// markOptOut makes a refusal with a listed status that of an opted-out person.
func (o *options) markOptOut(f *channel.Failure, st status) {
	if slices.Contains(o.optOutStatuses, st) {
		f.Policy, f.Code, f.OptedOut = channel.Never, "opted_out", true
		f.Text = "This person opted out of messages from this sender at the carrier."
	}
}
