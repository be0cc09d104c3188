package segment

import (
	"slices"

	"parley/internal/clock"
	"parley/internal/people"
)

// The states of consent that a definition asks for. They are what the ledger says of the address that Parley would write
// to: the first one that is verified, else the first.
const (
	isGranted     = "granted"     // agreed, and can be reached
	isPending     = "pending"     // asked to confirm, and there is still time
	isRevoked     = "revoked"     // opted out, here or at the provider
	isUnreachable = "unreachable" // could not be reached, whatever was agreed
	isNone        = "none"        // nothing was said, or asked in vain, or there is no address
)

// consentLeaf asks where the address stands.
type consentLeaf struct {
	key consentKey
	is  string
}

func (c *compiler) consent(n Node) leaf {
	l := &consentLeaf{consentKey{people.Medium(n.Name), people.Purpose(n.Purpose)}, n.Is}
	if l.key.medium != people.SMS && l.key.medium != people.MailBox {
		c.fail(n.Path+".consent", "use sms or email")
	}
	if !slices.Contains(people.Purposes(), l.key.purpose) {
		c.fail(n.Path+".purpose", "use marketing, cart, loyalty, transactional or support")
	}
	if !slices.Contains([]string{isGranted, isPending, isRevoked, isUnreachable, isNone}, n.Is) {
		c.fail(n.Path+".is", "use granted, pending, revoked, unreachable or none")
	}
	return l
}

// state is the one state that a standing is in at a moment.
func (c consent) state(now clock.Time) string {
	switch {
	case c.status == people.Revoked || c.status == people.Blocked:
		return isRevoked
	case c.unreachable:
		return isUnreachable
	case c.status == people.Awaiting && now <= c.pendingUntil:
		return isPending
	case c.status == people.Granted:
		return isGranted
	}
	return isNone
}

// changes is when a question that waits for an answer runs out.
func (c consent) changes(now clock.Time) clock.Time {
	if c.state(now) == isPending {
		return c.pendingUntil + micro
	}
	return never
}

func (l *consentLeaf) eval(p *Person, m moment) (bool, clock.Time) {
	c := p.consents[l.key]
	return c.state(m.now) == l.is, c.changes(m.now)
}

func (l *consentLeaf) reads(wanted) {}

func (l *consentLeaf) explain() string {
	what := string(l.key.purpose) + " by " + map[people.Medium]string{people.SMS: "text", people.MailBox: "e-mail"}[l.key.medium]
	switch l.is {
	case isGranted:
		return "agreed to " + what
	case isPending:
		return "were asked about " + what + " and have not answered yet"
	case isRevoked:
		return "opted out of " + what
	case isUnreachable:
		return "cannot be reached for " + what
	}
	return "never agreed to " + what
}
