package supervisor

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"powerline/internal/api"
	"powerline/internal/console"
)

type recordingsPage struct {
	shown
	List     api.RecordingList
	Filter   url.Values
	Day      string
	Next     string
	Searched bool
	Wrong    string
}

var recordingFilters = []string{"case", "call", "agent", "kind", "after", "from", "to"}

// recordings lists conversations, without a sound; a day unless somebody asks for
// something else.
func (r *room) recordings(q *console.Request) error {
	page := recordingsPage{shown: shown{q}, Filter: handOn(q.URL.Query(), recordingFilters...), Day: q.URL.Query().Get("day")}
	if page.Day == "" && len(page.Filter) == 0 {
		page.Day = dayOf(q.Now).Format(time.DateOnly)
	}
	if page.Day != "" && page.Filter.Get("from") == "" {
		day, err := time.ParseInLocation(time.DateOnly, page.Day, india)
		if err != nil {
			return console.ErrBadInput
		}
		page.Filter.Set("from", day.UTC().Format(time.RFC3339))
		page.Filter.Set("to", day.AddDate(0, 0, 1).UTC().Format(time.RFC3339))
	}
	if err := explained(r.ask(q, question{method: http.MethodGet, path: "/recordings", query: page.Filter}, &page.List), &page.Wrong); err != nil {
		return err
	}
	if page.List.Next != "" {
		next := handOn(page.Filter, recordingFilters...)
		next.Set("after", page.List.Next)
		next.Set("from", page.List.From.UTC().Format(time.RFC3339Nano))
		next.Set("day", page.Day)
		page.Next = "/recordings?" + next.Encode()
	}
	return q.Render("recordings.html", page)
}

// recordingsSearch finds by a telephone number, which stands in no address.
func (r *room) recordingsSearch(q *console.Request) error {
	number, err := q.Form("number")
	if err != nil {
		return err
	}
	page := recordingsPage{shown: shown{q}, Filter: url.Values{}, Searched: true}
	err = r.ask(q, question{method: http.MethodPost, path: "/recordings/search", in: api.NumberIn{Number: strings.TrimSpace(number)}}, &page.List)
	if err := explained(err, &page.Wrong); err != nil {
		return err
	}
	return q.Render("recordings.html", page)
}

type recordingPage struct {
	shown
	api.RecordingView
	Purposes []string
	Wrong    string
}

// recording is the page of one; its script asks for a purpose before a sound.
func (r *room) recording(q *console.Request) error { return r.showRecording(q, "") }

func (r *room) showRecording(q *console.Request, wrong string) error {
	page := recordingPage{shown: shown{q}, Purposes: purposes, Wrong: wrong}
	if err := r.ask(q, question{method: http.MethodGet, path: "/recordings/" + url.PathEscape(q.PathValue("recording"))}, &page.RecordingView); err != nil {
		return err
	}
	return q.Render("recording.html", page)
}
