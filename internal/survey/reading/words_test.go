package reading_test

import "strings"

// The functions here write numbers as the three languages do, by their own rules, so that the reader is held against
// something that it was not made from.

func english(n int) string {
	small := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	switch {
	case n >= 1_000_000:
		return "one million"
	case n >= 1000:
		return strings.TrimSpace(english(n/1000) + " thousand " + rest(n%1000, english))
	case n >= 100:
		return strings.TrimSpace(small[n/100] + " hundred " + rest(n%100, func(n int) string { return "and " + english(n) }))
	case n >= 20 && n%10 > 0:
		return tens[n/10] + "-" + small[n%10]
	case n >= 20:
		return tens[n/10]
	}
	return small[n]
}

func german(n int) string {
	small := strings.Fields("null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn")
	tens := strings.Fields("- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
	joined := func(n int) string {
		if n == 1 {
			return "ein"
		}
		return german(n)
	}
	switch {
	case n >= 1_000_000:
		return "eine Million"
	case n >= 1000:
		return joined(n/1000) + "tausend" + rest(n%1000, german)
	case n >= 100:
		return joined(n/100) + "hundert" + rest(n%100, german)
	case n >= 20 && n%10 > 0:
		return joined(n%10) + "und" + tens[n/10]
	case n >= 20:
		return tens[n/10]
	}
	return small[n]
}

func spanish(n int) string {
	small := strings.Fields("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve")
	tens := strings.Fields("- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa")
	hundreds := strings.Fields("- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")
	switch {
	case n >= 1_000_000:
		return "un millón"
	case n >= 2000:
		return strings.TrimSpace(shortOne(spanish(n/1000)) + " mil " + rest(n%1000, spanish))
	case n >= 1000:
		return strings.TrimSpace("mil " + rest(n%1000, spanish))
	case n == 100:
		return "cien"
	case n > 100:
		return strings.TrimSpace(hundreds[n/100] + " " + rest(n%100, spanish))
	case n >= 30 && n%10 > 0:
		return tens[n/10] + " y " + small[n%10]
	case n >= 30:
		return tens[n/10]
	}
	return small[n]
}

// shortOne is a number before "mil": veintiún mil, treinta y un mil.
func shortOne(words string) string {
	if stem, ok := strings.CutSuffix(words, "veintiuno"); ok {
		return stem + "veintiún"
	}
	if stem, ok := strings.CutSuffix(words, "uno"); ok {
		return stem + "un"
	}
	return words
}

func rest(n int, say func(int) string) string {
	if n == 0 {
		return ""
	}
	return say(n)
}
