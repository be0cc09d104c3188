package gsm

// Encoding is how a text is written in the parts.
type Encoding string

// The two encodings a text message is counted in.
const (
	GSM7 Encoding = "GSM-7"
	UCS2 Encoding = "UCS-2"
)

// Limits says how many units fit a text of one part and each part of a longer one: septets for GSM-7, UTF-16 units
// for UCS-2. It is a property of the route. A field below 2, the longest character, means the usual value.
type Limits struct {
	GSMSingle  int `json:"gsm_single"`
	GSMPart    int `json:"gsm_part"`
	UCS2Single int `json:"ucs2_single"`
	UCS2Part   int `json:"ucs2_part"`
}

// Standard is what a part carries beside the usual header with an 8-bit reference.
func Standard() Limits { return Limits{160, 153, 70, 67} }

// TollFree is what a part carries to the US and Canada from a toll-free number, or beside a 16-bit reference.
func TollFree() Limits { return Limits{160, 152, 70, 66} }

// Size is what a text takes on the wire.
type Size struct {
	Encoding Encoding  `json:"encoding"`
	Units    int       `json:"units"`    // septets or UTF-16 units, without headers
	Segments int       `json:"segments"` // parts, which is what is paid for; 0 for an empty text
	Culprits []Culprit `json:"culprits,omitempty"`
}

// Part is one part of a text.
type Part struct {
	Text  string
	Units int
}

// Count is the size of the text with the characters that keep it from being GSM-7, in their order. It allocates
// nothing when there are none.
func Count(text string, limits Limits) Size {
	size := Measure(text, limits)
	if size.Encoding == UCS2 {
		size.Culprits = culprits(text)
	}
	return size
}

// Measure is Count without the culprits: for sending, where nobody reads them. It never allocates.
func Measure(text string, limits Limits) Size {
	limits = limits.orStandard()
	if units, segments, ok := measure(text, septets, limits.GSMSingle, limits.GSMPart); ok {
		return Size{Encoding: GSM7, Units: units, Segments: segments}
	}
	units, segments, _ := measure(text, utf16Units, limits.UCS2Single, limits.UCS2Part)
	return Size{Encoding: UCS2, Units: units, Segments: segments}
}

// Split cuts the text into its parts, each a slice of the text; none for an empty text. A character that takes two
// units goes whole to the next part.
func Split(text string, limits Limits) []Part {
	limits = limits.orStandard()
	if Writable(text) {
		return split(text, septets, limits.GSMSingle, limits.GSMPart)
	}
	return split(text, utf16Units, limits.UCS2Single, limits.UCS2Part)
}

// SplitUCS2 is Split for a carrier that must be sent UCS-2 although GSM-7 could write the text.
func SplitUCS2(text string, limits Limits) []Part {
	limits = limits.orStandard()
	return split(text, utf16Units, limits.UCS2Single, limits.UCS2Part)
}

func split(text string, width func(rune) int, single, capacity int) []Part {
	units, segments, _ := measure(text, width, single, capacity) // every character has a width
	if segments <= 1 {
		if text == "" {
			return nil
		}
		return []Part{{Text: text, Units: units}}
	}
	parts := make([]Part, 0, segments)
	start, units := 0, 0
	for i, r := range text {
		w := width(r)
		if units+w > capacity {
			parts = append(parts, Part{Text: text[start:i], Units: units})
			start, units = i, 0
		}
		units += w
	}
	return append(parts, Part{Text: text[start:], Units: units})
}

// measure fills parts of the given capacity greedily; ok is false at the first character of no width.
func measure(text string, width func(rune) int, single, capacity int) (units, segments int, ok bool) {
	room := 0
	for _, r := range text {
		w := width(r)
		if w == 0 {
			return 0, 0, false
		}
		if room < w {
			segments++
			room = capacity
		}
		room -= w
		units += w
	}
	if units > 0 && units <= single {
		segments = 1
	}
	return units, segments, true
}

// utf16Units is how many UTF-16 units a character takes: 1, or 2 for a surrogate pair.
func utf16Units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

func (l Limits) orStandard() Limits {
	s := Standard()
	for _, f := range []struct {
		value *int
		usual int
	}{{&l.GSMSingle, s.GSMSingle}, {&l.GSMPart, s.GSMPart}, {&l.UCS2Single, s.UCS2Single}, {&l.UCS2Part, s.UCS2Part}} {
		if *f.value < 2 {
			*f.value = f.usual
		}
	}
	return l
}
