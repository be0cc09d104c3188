package offer

import "strings"

// Fetch is what is known about a request for a link.
type Fetch struct {
	Method    string
	UserAgent string
	Purpose   string // Purpose, Sec-Purpose or X-Moz header
}

// machines are words in the user agents of programs that fetch a link before or instead of a person: previews of
// messengers and mail programs, search engines, scanners, libraries. Apple's Messages names facebookexternalhit and
// Twitterbot while it makes a preview, so those two cover it.
const machines = "facebookexternalhit twitterbot facebot whatsapp/ telegrambot slackbot slack-imgproxy discordbot linkedinbot " +
	"skypeuripreview msteams googlebot google-read-aloud google-pagerenderer googleimageproxy google-safety bingbot bingpreview " +
	"applebot yandexbot duckduckbot baiduspider pinterestbot redditbot embedly iframely bitlybot vkshare snapchat " +
	"barracuda proofpoint mimecast safelinks urldefense zscaler symantec forcepoint virustotal " +
	"curl/ wget/ python-requests python-urllib aiohttp httpx/ go-http-client okhttp java/ libwww axios node-fetch headlesschrome phantomjs " +
	"bot/ crawler spider preview"

// human says whether a fetch is a person who followed the link, and if not, why not.
func (f Fetch) human() (bool, string) {
	agent := strings.ToLower(f.UserAgent)
	switch {
	case f.Method != "GET":
		return false, "only looked (" + f.Method + ")"
	case strings.Contains(strings.ToLower(f.Purpose), "prefetch") || strings.Contains(strings.ToLower(f.Purpose), "preview"):
		return false, "fetched ahead by the browser"
	case agent == "":
		return false, "no browser named itself"
	}
	for _, word := range strings.Fields(machines) {
		if strings.Contains(agent, word) {
			return false, "preview or bot (" + strings.TrimRight(word, "/") + ")"
		}
	}
	return true, ""
}
