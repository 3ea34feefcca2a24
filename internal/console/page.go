package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed pages/*.html
var ownPages embed.FS

//go:embed static
var ownStatic embed.FS

// Page is what templates work on.
type Page struct {
	User     User
	Language Language
	// Data is what the handler gave.
	Data any
	// Links are the navigation, Here the path of this page.
	Links []Link
	Here  string
	// Provider: one may sign in by the identity provider.
	Provider bool

	request *Request
}

// T is a text in the language of the reader.
func (p Page) T(key string, args ...any) string { return p.request.T(key, args...) }

// Texts gives the texts whose keys begin so, and those of the connection's state,
// for <script type="application/json" id="texts">.
func (p Page) Texts(prefixes ...string) map[string]string {
	all := map[string]string{}
	for _, prefix := range append(prefixes, "console.live.") {
		maps.Copy(all, p.request.console.words.Starting(p.Language, prefix))
	}
	return all
}

// Static is the address of a room's file: "desk/desk.js".
func (p Page) Static(file string) string { return p.request.console.static.address(file) }

// SignedIn reports whether somebody is.
func (p Page) SignedIn() bool { return p.User.ID != "" }

// May reports whether the reader may use a route.
func (p Page) May(route string) bool { return May(p.User.Role, route) }

// Linked reports whether the navigation of the reader leads to a path.
func (p Page) Linked(path string) bool {
	return slices.ContainsFunc(p.Links, func(l Link) bool { return l.Path == path })
}

// OtherLanguage is the one to change to.
func (p Page) OtherLanguage() Language {
	if p.Language == Hindi {
		return English
	}
	return Hindi
}

func (r *Request) page(room string, data any) Page {
	p := Page{User: r.User, Language: r.Language, Data: data, Here: r.URL.Path, Provider: r.console.provider != nil, request: r}
	for _, one := range r.console.rooms {
		for _, l := range one.Links {
			if May(r.User.Role, l.Route) && l.Screen == (r.User.Role == Display) {
				p.Links = append(p.Links, l)
			}
		}
	}
	return p
}

// parsePages makes each page of each room with the layout around it.
func parsePages(rooms []Room) (map[string]*template.Template, error) {
	pages := map[string]*template.Template{}
	layout, err := template.New("").ParseFS(ownPages, "pages/_*.html")
	if err != nil {
		return nil, fmt.Errorf("console: layout: %w", err)
	}
	for _, room := range rooms {
		if room.Pages == nil || room.Name == ownRoom {
			continue
		}
		if parts, _ := fs.Glob(room.Pages, "_*.html"); len(parts) == 0 {
			continue
		}
		if layout, err = layout.ParseFS(room.Pages, "_*.html"); err != nil {
			return nil, fmt.Errorf("console: parts of pages of %s: %w", room.Name, err)
		}
	}
	for _, room := range rooms {
		if room.Pages == nil {
			continue
		}
		shared, err := layout.Clone()
		if err != nil {
			return nil, fmt.Errorf("console: pages of %s: %w", room.Name, err)
		}
		names, err := fs.Glob(room.Pages, "*.html")
		if err != nil {
			return nil, fmt.Errorf("console: pages of %s: %w", room.Name, err)
		}
		for _, name := range names {
			if strings.HasPrefix(name, "_") {
				continue
			}
			one, err := shared.Clone()
			if err == nil {
				one, err = one.ParseFS(room.Pages, name)
			}
			if err != nil {
				return nil, fmt.Errorf("console: page %s of %s: %w", name, room.Name, err)
			}
			pages[room.Name+"/"+name] = one
		}
	}
	return pages, nil
}

// static serves the rooms' files below an address that names their content, so
// that browsers may keep them.
type static struct {
	prefix string
	files  map[string]file
}

type file struct {
	kind string
	body []byte
}

// kinds of file that are served; anything else is a mistake.
var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
	".woff2": "font/woff2", ".json": "application/json", ".wav": "audio/wav", ".txt": "text/plain; charset=utf-8",
}

func readStatic(rooms []Room) (*static, error) {
	s := &static{files: map[string]file{}}
	digest := sha256.New()
	for _, room := range rooms {
		if room.Static == nil {
			continue
		}
		err := fs.WalkDir(room.Static, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			kind, known := kinds[path.Ext(name)]
			if !known {
				return errors.New("no kind is known for " + name)
			}
			body, err := fs.ReadFile(room.Static, name)
			if err != nil {
				return err
			}
			s.files[room.Name+"/"+name] = file{kind, body}
			fmt.Fprintf(digest, "%s/%s %d\n", room.Name, name, len(body))
			digest.Write(body)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("console: files of %s: %w", room.Name, err)
		}
	}
	s.prefix = "/static/" + hex.EncodeToString(digest.Sum(nil)[:8]) + "/"
	return s, nil
}

func (s *static) address(name string) string { return s.prefix + name }

// ServeHTTP answers for paths below /static/.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, current := strings.CutPrefix(r.URL.Path, s.prefix)
	f, known := s.files[name]
	if !current || !known {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(f.body)
}
