package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/day"
)

func run(t *testing.T, hours float64) *day.Result {
	t.Helper()
	c := config.Default()
	p := day.Weekday()
	p.CallsPerDay = hours
	for i := range p.Outbound {
		p.Outbound[i].Attempts = 20
	}
	r, err := day.Run(t.Context(), day.Options{Profile: &p, Seed: 1, Policy: &c.Routing, Ladder: cases.DefaultRules()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The page needs nothing else, is well formed, and says what was played.
func TestThePage(t *testing.T) {
	var page bytes.Buffer
	runs := []Run{{"as it is", run(t, 300)}, {"inbound=x2 <b>", run(t, 600)}}
	err := Page{Title: "A day", Lead: "Two days.", Made: time.Unix(0, 0), Runs: runs}.Write(&page)
	if err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, want := range []string{"inbound=x2 &lt;b&gt;", "≥ 90 (NENA)", "Service level", "domestic-violence", "occupancy of counsellor"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "%!", "NaN"} {
		if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org", ""), bad) {
			t.Errorf("the page has %q in it", bad)
		}
	}
	if n := strings.Count(text, "<svg"); n != 6 {
		t.Errorf("%d plots, want 6", n)
	}
	for _, svg := range strings.Split(text, "<svg")[1:] {
		svg, _, _ = strings.Cut("<svg"+svg, "</figure>")
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAMissedAimIsMarked(t *testing.T) {
	rows := Rows([]Run{{"none", &day.Result{Days: 1}}, {"some", run(t, 300)}})
	for _, row := range rows {
		if row.Name == "all: answered within 15 s, %" && (row.Met[0] || !row.Met[1] || row.Values[0] != "0.0") {
			t.Errorf("%+v", row)
		}
	}
}
