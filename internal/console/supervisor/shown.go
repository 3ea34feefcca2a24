package supervisor

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"powerline/internal/console"
)

// shown is what every page of the room needs to put values into words. Pages
// embed it.
type shown struct{ q *console.Request }

// Say is the text of a word of ours, such as a state, in the reader's language;
// the word itself where there is no text, as for a category of the configuration.
func (s shown) Say(prefix, word string) string {
	if word == "" {
		return ""
	}
	key := "super." + prefix + "." + word
	if text := s.q.T(key); text != key {
		return text
	}
	return word
}

// Texts are what a page's script puts into words: those of the room that begin so,
// and the console's own for the state of the connection.
func (s shown) Texts(prefixes ...string) map[string]string {
	out := map[string]string{}
	for key := range words {
		for _, prefix := range prefixes {
			if strings.HasPrefix(key, prefix) {
				out[key] = s.q.T(key)
			}
		}
	}
	for _, state := range []string{"live", "lost", "opened", "ended"} {
		out["console.live."+state] = s.q.T("console.live." + state)
	}
	return out
}

// At is a moment by India's clock.
func (shown) At(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(india).Format("2006-01-02 15:04:05")
}

// Minute is At without the seconds.
func (shown) Minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(india).Format("2006-01-02 15:04")
}

// Length is how long something was, such as 12:05 or 1:02:03.
func (shown) Length(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if d >= time.Hour {
		return fmt.Sprintf("%d:%02d:%02d", d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d:%02d", d/time.Minute, d%time.Minute/time.Second)
}

// Float is for Length.
func (shown) Float(n int) float64 { return float64(n) }

// Seconds is a duration as the number that a field holds.
func (shown) Seconds(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), "0"), ".")
}

// Key is a new idempotency key, for a form.
func (shown) Key() string { return rand.Text() }

// In reports whether a list holds a word.
func (shown) In(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// Put is a cell of a report in the reader's language.
func (s shown) Put(c Cell) string {
	if c.Word != "" {
		prefix, word, _ := strings.Cut(c.Word, ".")
		return s.Say(prefix, word)
	}
	return c.Text
}

// T is a text, or the key's own words where it names something outside: a
// standard.
func (s shown) T(key string) string {
	if strings.HasPrefix(key, "super.") {
		return s.q.T(key)
	}
	return key
}
