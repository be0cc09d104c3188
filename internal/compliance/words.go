package compliance

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is what an inbound text means for consent.
type Kind string

// The kinds of meaning. Review means that a reasonable person might read a revocation: marketing stops at once and a
// person decides.
const (
	None   Kind = "none"
	Stop   Kind = "stop"
	Start  Kind = "start"
	Help   Kind = "help"
	Yes    Kind = "yes"
	Review Kind = "review"
)

// Intent is the reading of one inbound text.
type Intent struct {
	Kind       Kind   `json:"kind"`
	Matcher    string `json:"matcher,omitempty"`    // the rule that matched, kept as evidence: "per_se:stop", "phrase:en.remove_me"
	Confidence int    `json:"confidence,omitempty"` // percent; a fixed figure per sort of rule, for the order of a review queue
}

// WordContext is what is known about the thread when a text arrives.
type WordContext struct {
	Language           string   // of the person, a hint: "es", "pt-BR"; empty when not known
	DoubleOptInPending bool     // an opt-in waits for YES; only then does YES mean anything
	ProviderOptOut     string   // what the provider made of it: STOP, START, HELP or empty
	JoinKeywords       []string // words that join one of the brand's programs
}

// maxRunes bounds the text that is read. Of a longer one the beginning and the end count: people write "stop" in
// either, and mail puts its quotations between.
const (
	maxHead = 1600
	maxTail = 400
)

// lexicon is data/words.json, compiled.
type lexicon struct {
	always   map[string]bool // opt-out words anywhere
	alone    map[string]bool // opt-out words as the whole text; holds always
	short    map[string]bool // of these, the English ones to ask about in a text of a few words
	polite   map[string]bool // courtesy around any of them
	around   map[string]bool // what people put around STOP, but not around CANCEL
	courtesy map[string]bool // both

	start, help, yes, tapbacks map[string]bool

	notTypos, negators, negatedThrough map[string]bool

	hinted  []hintedWord
	aliases map[string]string
	begins  map[string]bool // the first words of aliases of two
	phrases []phrase

	ascii [utf8.RuneSelf]string // fold of each ASCII character
}

type hintedWord struct {
	Word      string   `json:"word"`
	Languages []string `json:"languages"` // in which the word alone is an opt-out
	Otherwise Kind     `json:"otherwise"` // what it is in any other
}

// Classify reads an inbound text before any other reader does. A revocation wins over everything, whoever saw it:
// we, or the provider. It never fails, and takes time linear in the text, of which it reads 2000 characters.
func (r *Rules) Classify(text string, ctx WordContext) Intent {
	in := r.words.read(text, ctx)
	switch strings.ToUpper(strings.TrimSpace(ctx.ProviderOptOut)) {
	case "STOP":
		return Intent{Stop, "provider:stop", 100}
	case "START":
		// Twilio takes a bare YES for START; without a pending opt-in it is not one.
		words := r.words.tokens(text)
		if in.Kind == None && !(len(words) > 0 && r.words.only(words, r.words.yes, nil)) {
			return Intent{Start, "provider:start", 100}
		}
	case "HELP":
		if in.Kind == None {
			return Intent{Help, "provider:help", 100}
		}
	}
	return in
}

func (l *lexicon) read(text string, ctx WordContext) Intent {
	tokens := l.tokens(l.unquote(cut(text)))
	words := slices.DeleteFunc(slices.Clone(tokens), func(t string) bool { return t == boundary })
	if len(words) == 0 {
		return Intent{Kind: None}
	}
	if in := l.perSe(words, ctx.Language); in.Kind != None {
		return in
	}
	meant := l.sentence(tokens)
	if meant.Kind == Review && shouts(text) {
		meant = Intent{Stop, "shouted:stop", 85}
	}
	if meant.Kind == Stop {
		return meant
	}
	joined := strings.Join(words, "")
	for _, keyword := range ctx.JoinKeywords {
		if key := strings.Join(l.tokens(keyword), ""); key != "" && key == joined {
			return Intent{Start, "join:" + key, 100}
		}
	}
	switch {
	case l.only(words, l.start, l.polite):
		return Intent{Start, "per_se:start", 100}
	case l.only(words, l.help, l.polite):
		return Intent{Help, "per_se:help", 100}
	case ctx.DoubleOptInPending && l.only(words, l.yes, l.polite):
		return Intent{Yes, "per_se:yes", 100}
	}
	return meant
}

// shouts says whether a text begins with STOP in capitals and goes on in small letters: "STOP who is this".
func shouts(text string) bool {
	rest, found := strings.CutPrefix(strings.TrimSpace(text), "STOP ")
	return found && rest != strings.ToUpper(rest)
}

// perSe finds texts that are an opt-out word and nothing else but courtesy, spelled roughly right.
func (l *lexicon) perSe(words []string, language string) Intent {
	joined := strings.Join(words, "")
	for _, whole := range []string{joined, squeeze(joined)} {
		if l.alone[whole] {
			return Intent{Stop, "per_se:" + whole, 100}
		}
	}
	core := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return l.polite[w] })
	core = slices.Compact(core)
	switch {
	case len(core) == 0:
		return Intent{Kind: None}
	case l.only(core, l.always, l.around):
		return Intent{Stop, "per_se:" + firstOf(core, l.always), 98}
	case l.only(core, l.alone, nil):
		return Intent{Stop, "per_se:" + core[0], 97}
	case len(core) > 1:
		return Intent{Kind: None}
	}
	if in := l.hint(core[0], language); in.Kind != None {
		return in
	}
	return l.typo(core[0])
}

// hint reads words that are an opt-out in one language and everyday in another.
func (l *lexicon) hint(word, language string) Intent {
	for _, h := range l.hinted {
		if h.Word != word {
			continue
		}
		if len(language) >= 2 && slices.Contains(h.Languages, strings.ToLower(language[:2])) {
			return Intent{Stop, "per_se:" + word, 90}
		}
		if h.Otherwise == Review {
			return Intent{Review, "hint:" + word, 50}
		}
	}
	return Intent{Kind: None}
}

// typo forgives one slip in a short word and two in a long one, unless the slip makes another word.
func (l *lexicon) typo(word string) Intent {
	if len(word) < 4 || len(word) > 14 || l.notTypos[word] || l.polite[word] || l.start[word] {
		return Intent{Kind: None}
	}
	for _, target := range []string{"stop", "stopall", "unsubscribe", "cancel", "remove", "revoke", "quit"} {
		slips := 1
		if len(target) > 8 {
			slips = 2
		}
		if distance(word, target) <= slips {
			return Intent{Stop, "typo:" + target, 90}
		}
	}
	return Intent{Kind: None}
}

// sentence looks for phrases, then for opt-out words that no phrase explains.
func (l *lexicon) sentence(tokens []string) Intent {
	taken := make([]bool, len(tokens))
	best := Intent{Kind: None}
	for _, p := range l.phrases {
		for i := range tokens {
			if in := l.apply(p, tokens, taken, i); in.Kind == Stop || in.Kind == Review && best.Kind == None {
				best = in
			}
		}
		if best.Kind == Stop {
			return best
		}
	}
	if rest := l.rest(tokens, taken); rest.Kind == Stop || best.Kind == None {
		return rest
	}
	return best
}

// apply takes the words that the phrase covers at i, so that no later phrase reads them again.
func (l *lexicon) apply(p phrase, tokens []string, taken []bool, i int) Intent {
	if taken[i] || tokens[i] == boundary || p.starts != nil && !p.starts[tokens[i]] {
		return Intent{Kind: None}
	}
	for _, pattern := range p.patterns {
		end, ok := match(pattern, tokens, taken, i)
		if !ok {
			continue
		}
		negated := !p.firm && l.negated(tokens, i)
		for j := i; j < end; j++ {
			taken[j] = true
		}
		if negated || p.kind == None {
			return Intent{Kind: None}
		}
		confidence := 95
		if p.kind == Review {
			confidence = 50
		}
		return Intent{p.kind, "phrase:" + p.name, confidence}
	}
	return Intent{Kind: None}
}

// negated says whether a negation stands right before i, or one small word earlier: "don't stop", "don't ever stop".
func (l *lexicon) negated(tokens []string, i int) bool {
	if i > 0 && l.negators[tokens[i-1]] {
		return true
	}
	return i > 1 && l.negatedThrough[tokens[i-1]] && l.negators[tokens[i-2]]
}

// rest judges opt-out words outside every phrase. Alone in their clause or at the end they are a revocation;
// anywhere else a person decides. END, QUIT, CANCEL and REMOVE count only in a text of a few words.
func (l *lexicon) rest(tokens []string, taken []bool) Intent {
	out := Intent{Kind: None}
	words, from := 0, 0
	for i := 0; i <= len(tokens); i++ {
		if i < len(tokens) && tokens[i] != boundary {
			if !l.polite[tokens[i]] {
				words++
			}
			continue
		}
		clause := tokens[from:i]
		if !slices.Contains(taken[from:i], true) && l.only(clause, l.always, l.courtesy) {
			return Intent{Stop, "clause:" + firstOf(clause, l.always), 85}
		}
		if l.only(clause, l.short, l.polite) {
			out = Intent{Review, "clause:" + firstOf(clause, l.short), 50}
		}
		from = i + 1
	}
	last := len(tokens) - 1
	for last > 0 && (tokens[last] == boundary || l.polite[tokens[last]]) {
		last--
	}
	for i, t := range tokens {
		switch {
		case taken[i] || l.negated(tokens, i):
		case l.always[t] && i == last && t != stopSign:
			return Intent{Stop, "final:" + t, 85}
		case l.always[t], l.short[t] && words <= 3:
			out = Intent{Review, "word:" + t, 50}
		}
	}
	return out
}

// only says whether the words are of the set, courtesy aside, and at least one is.
func (l *lexicon) only(words []string, set, courtesy map[string]bool) bool {
	found := false
	for _, w := range words {
		if set[w] {
			found = true
		} else if !courtesy[w] && w != boundary {
			return false
		}
	}
	return found
}

func firstOf(words []string, set map[string]bool) string {
	for _, w := range words {
		if set[w] {
			return w
		}
	}
	return ""
}
