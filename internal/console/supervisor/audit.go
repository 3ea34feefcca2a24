package supervisor

import (
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"powerline/internal/console"
	"powerline/internal/postgres"
)

type auditPage struct {
	shown
	Deeds  []postgres.Deed
	Filter url.Values
	Next   string
	// Checked says what a verification found.
	Checked *checked
}

type checked struct {
	Rows   int64
	Head   string
	Broken int64
	Why    string
}

var auditFilters = []string{"by", "action", "subject", "from", "to"}

// auditLimit is how many rows a page has.
const auditLimit = 100

// audit is who did what to what, the newest first.
func (r *room) audit(q *console.Request) error { return r.showAudit(q, nil) }

func (r *room) showAudit(q *console.Request, found *checked) error {
	page := auditPage{shown: shown{q}, Filter: handOn(q.URL.Query(), auditFilters...), Checked: found}
	before, err := countOf(q.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	f := postgres.DeedFilter{By: page.Filter.Get("by"), Action: page.Filter.Get("action"), Subject: page.Filter.Get("subject"), Before: before, Limit: auditLimit}
	for name, into := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		if day := page.Filter.Get(name); day != "" {
			if *into, err = time.ParseInLocation(time.DateOnly, day, india); err != nil {
				return console.ErrBadInput
			}
		}
	}
	if !f.To.IsZero() {
		f.To = f.To.AddDate(0, 0, 1)
	}
	if page.Deeds, err = r.Store.FindDeeds(q.Context(), f); err != nil {
		return err
	}
	if n := len(page.Deeds); n == auditLimit {
		next := handOn(page.Filter, auditFilters...)
		next.Set("before", strconv.FormatInt(page.Deeds[n-1].Seq, 10))
		page.Next = "/audit?" + next.Encode()
	}
	return q.Render("audit.html", page)
}

// auditVerify computes the chain again.
func (r *room) auditVerify(q *console.Request) error {
	rows, head, err := r.Store.VerifyAudit(q.Context())
	found := &checked{Rows: rows, Head: hex.EncodeToString(head)}
	var broken *postgres.BrokenAudit
	switch {
	case errors.As(err, &broken):
		found = &checked{Broken: broken.Seq, Why: strings.TrimSpace(broken.Why)}
	case err != nil:
		return err
	}
	return r.showAudit(q, found)
}
