package console

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Language is one of the console's.
type Language string

// The languages.
const (
	Hindi   Language = "hi"
	English Language = "en"
)

// Text is what a key says in each language; %s and the like take arguments.
type Text struct{ En, Hi string }

// Catalogue is the texts of a room, by key. A key is a word of the room, a dot,
// and what it says: "desk.ready".
type Catalogue map[string]Text

// T is a text in a language. A key that is not there comes back itself; a test
// sees to it that no page does that.
func (c Catalogue) T(l Language, key string, args ...any) string {
	t, known := c[key]
	text := t.Hi
	if l == English {
		text = t.En
	}
	switch {
	case !known:
		return key
	case len(args) > 0:
		return fmt.Sprintf(text, args...)
	}
	return text
}

// Starting gives the texts whose keys begin so, for a script of the page.
func (c Catalogue) Starting(l Language, prefix string) map[string]string {
	out := map[string]string{}
	for key := range c {
		if strings.HasPrefix(key, prefix) {
			out[key] = c.T(l, key)
		}
	}
	return out
}

// join puts the rooms' texts into one catalogue; a key that stands twice is an error.
func join(rooms []Room) (Catalogue, error) {
	all := Catalogue{}
	for _, room := range rooms {
		for key := range room.Words {
			if _, twice := all[key]; twice {
				return nil, fmt.Errorf("console: the text %s of %s stands twice", key, room.Name)
			}
		}
		maps.Copy(all, room.Words)
	}
	return all, nil
}

const languageCookie = "language"

// languageOf is what somebody chose, else what her browser asks for, else Hindi.
func languageOf(r *http.Request) Language {
	if c, err := r.Cookie(languageCookie); err == nil {
		switch l := Language(c.Value); l {
		case Hindi, English:
			return l
		}
	}
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "en") {
		return English
	}
	return Hindi
}

// chooseLanguage remembers the choice in the browser.
func (c *Console) chooseLanguage(r *Request) error {
	text, err := r.Form("language")
	if err != nil {
		return err
	}
	if l := Language(text); l != Hindi && l != English {
		return ErrBadInput
	}
	http.SetCookie(r.Writer, &http.Cookie{
		Name: languageCookie, Value: text, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: c.TLS, SameSite: http.SameSiteStrictMode,
	})
	return r.SeeOther(back(r))
}

// back is the page that the form stood on, if it was one of ours.
func back(r *Request) string {
	path := r.PostForm.Get("back")
	if _, pattern := r.console.mux.Handler(&http.Request{Method: http.MethodGet, URL: r.URL.JoinPath("/").ResolveReference(parsePath(path)), Host: r.Host}); pattern == "" {
		return "/"
	}
	return parsePath(path).Path
}
