package softphone

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"powerline/agent"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/console"
)

// Phones makes browsers telephones; *acd.Engine is one.
type Phones interface {
	LendBrowserPhone(ctx context.Context, id agent.ID) (acd.BrowserPhone, error)
	ReturnBrowserPhone(ctx context.Context, id agent.ID) error
	Config() config.Config
}

//go:embed pages/*.html
var pages embed.FS

//go:embed static
var static embed.FS

// Origins are where a page must be allowed to connect to, besides the console.
func Origins(a config.Asterisk) []string {
	if !a.BrowserPhones.Allowed {
		return nil
	}
	return []string{a.BrowserPhones.Origin()}
}

// Room is the softphone's part of the console.
func Room(phones Phones) console.Room {
	r := room{phones}
	var links []console.Link
	if phones.Config().Asterisk.BrowserPhones.Allowed {
		links = []console.Link{{Path: "/softphone", Word: "softphone.title", Route: "softphone-page"}}
	}
	return console.Room{
		Name: "softphone",
		Routes: []console.Route{
			{Name: "softphone-page", Method: http.MethodGet, Pattern: "/softphone", Handle: r.page},
			{Name: "softphone-lend", Method: http.MethodPost, Pattern: "/softphone/lend", Changes: true, Handle: r.lend},
			{Name: "softphone-return", Method: http.MethodPost, Pattern: "/softphone/return", Changes: true, Handle: r.giveBack},
		},
		Links:  links,
		Pages:  inside(pages, "pages"),
		Static: inside(static, "static"),
		Words:  words,
	}
}

func inside(files embed.FS, dir string) fs.FS {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the directory is named in this file
	}
	return sub
}

type room struct{ phones Phones }

func (rm room) page(r *console.Request) error { return r.Render("softphone.html", nil) }

// account is what a page needs to be a telephone.
type account struct {
	User     string `json:"user"`
	Password string `json:"password"`
	URL      string `json:"url"`
	// Silence is after how many milliseconds without a word the socket is gone.
	Silence int64 `json:"silence"`
}

func (rm room) lend(r *console.Request) error {
	phone, err := rm.phones.LendBrowserPhone(r.Context(), r.User.Agent)
	if err != nil {
		return refusal(err)
	}
	a := rm.phones.Config().Asterisk
	return r.JSON(http.StatusOK, account{
		User: phone.User, Password: phone.Password.Reveal(), URL: a.BrowserPhones.URL, Silence: silence(a).Milliseconds(),
	})
}

// silence allows two of Asterisk's questions to be lost.
func silence(a config.Asterisk) time.Duration { return 3*a.QualifyEvery + a.QualifyTimeout }

func (rm room) giveBack(r *console.Request) error {
	if err := rm.phones.ReturnBrowserPhone(r.Context(), r.User.Agent); err != nil {
		return refusal(err)
	}
	return r.NoContent()
}

func refusal(err error) error {
	var no acd.PhoneRefusal
	if errors.As(err, &no) {
		return console.Refuse(http.StatusConflict, string(no))
	}
	return err
}
