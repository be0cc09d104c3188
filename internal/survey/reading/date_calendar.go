package reading

import (
	"slices"
	"strconv"
	"strings"
)

// monthDate reads a date with the name of its month: "June 3rd 1990", "the third of June", "3. Juni", "3 de junio".
func (t *text) monthDate(_ Question, i int) (dated, bool) {
	if months, end, ok := t.monthAt(i); ok {
		at := t.skipSigns(t.over(t.lang.of, end), ".,")
		if at < len(t.ts) && t.lang.fillers[Date].single(t.ts[at].word) && !t.isDay(at) {
			at++ // June the 3rd
		}
		if n, end, ok := t.dayAt(at); ok && !(figuresAt(t.ts, at, 4, 4)) {
			return t.withYear(months, n, end)
		}
		return dated{}, false
	}
	n, end, ok := t.dayAt(i)
	if !ok {
		return dated{}, false
	}
	end = t.skipSigns(end, "-/,")
	end = t.over(t.lang.of, end)
	months, end, ok := t.monthAt(end)
	if !ok {
		return dated{}, false
	}
	return t.withYear(months, n, end)
}

func (t *text) isDay(i int) bool {
	_, _, ok := t.dayAt(i)
	return ok
}

// single says whether a word is a phrase of its own.
func (p phrases) single(word string) bool {
	for _, candidate := range p[word] {
		if len(candidate.words) == 1 {
			return true
		}
	}
	return false
}

// over skips one of the phrases, if one stands there.
func (t *text) over(p phrases, i int) int {
	if _, end, ok := p.at(t.ts, i); ok {
		return end
	}
	return i
}

func (t *text) skipSigns(i int, signs string) int {
	for i < len(t.ts) && t.ts[i].kind == sign && strings.Contains(signs, t.ts[i].word) {
		i++
	}
	return i
}

// withYear takes the year that follows a day and month, if one does.
func (t *text) withYear(months []int, number, end int) (dated, bool) {
	d := dated{to: end}
	at := t.skipSigns(end, ".,-/")
	at = t.over(t.lang.of, at)
	year, after, ok := t.yearAt(at)
	if ok {
		d.to = after
	}
	why := Why("")
	if len(months) > 1 {
		why = Misspelled
	}
	for _, month := range months {
		d.days = append(d.days, day{year: year, month: month, day: number, why: why})
	}
	return d, true
}

// monthAt is the month that stands at i: one, or several when a slip could mean either.
func (t *text) monthAt(i int) (months []int, end int, ok bool) {
	if i >= len(t.ts) || t.ts[i].kind != letters {
		return nil, 0, false
	}
	word := t.ts[i].word
	end = t.skipSigns(i+1, ".")
	if month, known := t.lang.months[word]; known {
		return []int{month}, end, true
	}
	if t.known(word) {
		return nil, 0, false
	}
	for n := 1; n <= slips(word); n++ {
		for name, month := range t.lang.months {
			if len(name) >= 4 && distance(word, name) == n && !slices.Contains(months, month) {
				months = append(months, month)
			}
		}
		if len(months) > 0 && n > 1 || len(months) > 1 {
			break
		}
	}
	slices.Sort(months)
	return months, end, len(months) > 0 && len(months) <= 2
}

// known says whether a word has a meaning of its own, so that it is no slip of another.
func (t *text) known(word string) bool {
	_, number := t.lang.numbers[word]
	_, ordinal := t.lang.ordinals[word]
	_, weekday := t.lang.weekdays[word]
	_, unit := t.lang.units[word]
	return number || ordinal || weekday || unit || t.lang.fillers[Date].single(word) || t.lang.next.single(word) || t.lang.dayPhrases.single(word)
}

// dayAt reads the number of a day: 3, 3rd, 3., third, twenty-first, tres.
func (t *text) dayAt(i int) (number, end int, ok bool) {
	if i >= len(t.ts) {
		return 0, 0, false
	}
	if figuresAt(t.ts, i, 1, 2) {
		number, _ = strconv.Atoi(t.ts[i].word)
		end = i + 1
		if t.glued(end) && t.ts[end].kind == letters {
			if !t.lang.suffixes[t.ts[end].word] {
				_, month := t.lang.months[t.ts[end].word]
				return number, end, month && number >= 1 && number <= 31 // 3jun
			}
			end++
		}
		return number, t.skipSigns(end, "."), number >= 1 && number <= 31
	}
	if number, end, ok = t.ordinalAt(i); ok {
		return number, end, number <= 31
	}
	n, ok := t.wordsAt(i)
	if !ok || n.values[0] != float64(int(n.values[0])) || n.values[0] < 1 || n.values[0] > 31 {
		return 0, 0, false
	}
	return int(n.values[0]), n.end, true
}

// ordinalAt reads an ordinal in words.
func (t *text) ordinalAt(i int) (number, end int, ok bool) {
	if i >= len(t.ts) || t.ts[i].kind != letters {
		return 0, 0, false
	}
	word := t.ts[i].word
	if n, known := t.lang.ordinals[word]; known {
		return n, i + 1, true
	}
	if tens, known := t.lang.numbers[word]; known && (tens == 20 || tens == 30) {
		at := t.skipSigns(i+1, "-")
		if at < len(t.ts) && t.lang.ordinals[t.ts[at].word] > 0 && t.lang.ordinals[t.ts[at].word] < 10 {
			return int(tens) + t.lang.ordinals[t.ts[at].word], at + 1, true
		}
	}
	for ending := range t.lang.endings {
		stem, cut := strings.CutSuffix(word, ending)
		parts, known := t.lang.parts(stem)
		var s sum
		if cut && known && s.addAll(parts, false, t.lang.UnitFirst) && s.hundreds == 0 && s.total == 0 && s.low >= 1 && whole(s.low) {
			return int(s.low), i + 1, true
		}
	}
	return 0, 0, false
}

// yearAt reads a year: 1990, '90, nineteen ninety, mil novecientos noventa. Two figures are given as they are, and
// '00 as -100, because 0 is no year.
func (t *text) yearAt(i int) (year, end int, ok bool) {
	switch {
	case figuresAt(t.ts, i, 4, 4):
		year, _ = strconv.Atoi(t.ts[i].word)
		return year, i + 1, year >= 1800 && year <= 2199
	case figuresAt(t.ts, i, 2, 2):
		if t.glued(i+1) && t.ts[i+1].kind == letters {
			return 0, 0, false // 2pm
		}
		year, _ = strconv.Atoi(t.ts[i].word)
		if year == 0 {
			year = -100
		}
		return year, i + 1, true
	}
	n, ok := t.wordsAt(i)
	if !ok {
		return 0, 0, false
	}
	first := n.values[0]
	if first >= 1800 && first <= 2199 && whole(first) {
		return int(first), n.end, true
	}
	if first < 18 || first > 21 || !whole(first) {
		return 0, 0, false
	}
	rest, ok := t.wordsAt(t.skipSigns(n.end, "-")) // nineteen ninety
	if !ok || rest.values[0] < 10 || rest.values[0] > 99 || !whole(rest.values[0]) {
		return 0, 0, false
	}
	return int(first)*100 + int(rest.values[0]), rest.end, true
}

// figureDate reads dates in figures: 3/6, 3.6.90, 2026-06-03, 3 6 1990.
func (t *text) figureDate(_ Question, i int) (dated, bool) {
	if !figuresAt(t.ts, i, 1, 4) || i > 0 && t.ts[i].glued && t.ts[i-1].kind == letters {
		return dated{}, false
	}
	parts, at, mark := []string{t.ts[i].word}, i+1, ""
	for len(parts) < 3 && at < len(t.ts) {
		next := at
		for next < len(t.ts) && next-at < 2 && t.ts[next].kind == sign && strings.Contains("/.-", t.ts[next].word) {
			next++
		}
		here := ""
		if next > at {
			here = t.ts[at].word
		}
		if !figuresAt(t.ts, next, 1, 4) || len(parts) > 1 && here != mark {
			break
		}
		mark, parts, at = here, append(parts, t.ts[next].word), next+1
	}
	if len(parts) < 2 || mark == "" && len(parts) < 3 || t.glued(at) && t.ts[at].kind == letters {
		return dated{}, false
	}
	d := dated{to: at}
	if mark == "." {
		d.to = t.skipSigns(at, ".")
	}
	d.days = t.ordered(parts, mark)
	return d, len(d.days) > 0 || len(parts) == 3 || mark == "/" || mark == "." // 30/2 is a date, though there is no such day
}

// ordered puts day, month and year in the order of the person's country. A dot is written where the day comes first.
func (t *text) ordered(parts []string, mark string) []day {
	n := make([]int, len(parts))
	for i, p := range parts {
		n[i], _ = strconv.Atoi(p)
	}
	if len(parts[0]) == 4 {
		if len(n) == 3 && len(parts[1]) <= 2 && len(parts[2]) <= 2 {
			return existing(day{year: n[0], month: n[1], day: n[2]})
		}
		return nil
	}
	year := 0
	if len(parts) == 3 {
		year = n[2]
		if len(parts[2]) <= 2 && year == 0 {
			year = -100
		}
		if len(parts[2]) == 3 || len(parts[2]) == 1 {
			return nil
		}
	}
	if len(parts[0]) > 2 || len(parts[1]) > 2 {
		return nil
	}
	dayFirst, monthFirst := day{year: year, month: n[1], day: n[0]}, day{year: year, month: n[0], day: n[1]}
	order := byCountry(t.lang.DateOrder, t.country)
	switch {
	case n[0] == n[1]:
		return existing(dayFirst)
	case order == "dmy":
		return preferred(dayFirst, monthFirst)
	case order == "mdy" && mark != ".":
		return preferred(monthFirst, dayFirst)
	case mark == ".":
		return existing(dayFirst, monthFirst)
	}
	return existing(monthFirst, dayFirst)
}

// preferred is the first reading, or the second when only that one exists.
func preferred(first, second day) []day {
	if days := existing(first); days != nil {
		return days
	}
	return existing(second)
}

// existing keeps readings whose month and day can be.
func existing(days ...day) []day {
	var out []day
	for _, d := range days {
		if real(0, d.month, d.day) {
			out = append(out, d)
		}
	}
	return out
}

// joinedDate reads eight or six figures without signs: 03061990, 030690. Six are confirmed.
func (t *text) joinedDate(_ Question, i int) (dated, bool) {
	if !figuresAt(t.ts, i, 6, 8) || len(t.ts[i].word) == 7 || len(plain(t.ts)) > 1 && !figuresAt(t.ts, i, 8, 8) {
		return dated{}, false
	}
	w := t.ts[i].word
	parts := []string{w[:2], w[2:4], w[4:]}
	days := t.ordered(parts, "")
	if year, _ := strconv.Atoi(w[:4]); len(w) == 8 && year >= 1800 && year <= 2199 {
		if iso := t.ordered([]string{w[:4], w[4:6], w[6:]}, ""); iso != nil {
			days = iso
		}
	}
	if len(w) == 6 {
		for n := range days {
			days[n].why = Doubtful
		}
	}
	return dated{to: i + 1, days: days}, len(days) > 0
}
