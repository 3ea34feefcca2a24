package desk

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"regexp"
	"slices"

	"powerline/call"
	"powerline/cases"
	"powerline/district"
	"powerline/internal/api"
	"powerline/internal/console"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed static
var static embed.FS

// Room is the desks' part of the console.
func Room(o Options) console.Room {
	office := newOffice(o)
	return console.Room{
		Name: "desk", Pages: sub(pages, "pages"), Static: sub(static, "static"), Words: words,
		Links: []console.Link{{Path: "/desk", Word: "desk.title", Route: "desk"}},
		Routes: []console.Route{
			{Name: "desk", Method: http.MethodGet, Pattern: "/desk", Handle: office.page},
			{Name: "desk-stream", Method: http.MethodGet, Pattern: "/desk/stream", Live: true, Handle: office.stream},
			{Name: "desk-draft", Method: http.MethodGet, Pattern: "/desk/calls/{call}/draft", Handle: office.readDraft},
			{Name: "desk-keep", Method: http.MethodPost, Pattern: "/desk/calls/{call}/draft", Handle: office.keepDraft},
			{Name: "desk-hint", Method: http.MethodGet, Pattern: "/desk/calls/{call}/hint", Handle: office.showHint},
			{Name: "desk-close", Method: http.MethodPost, Pattern: "/desk/calls/{call}/close", Changes: true, Handle: office.closeCall},
			{Name: "desk-outcome", Method: http.MethodPost, Pattern: "/desk/calls/{call}/outcome", Changes: true, Handle: office.codeOutcome},
			{Name: "desk-order", Method: http.MethodPost, Pattern: "/desk/orders", Changes: true, Handle: office.order},
		},
	}
}

func sub(all embed.FS, dir string) fs.FS {
	f, err := fs.Sub(all, dir)
	if err != nil {
		panic(err) // cannot be: the folder is compiled in
	}
	return f
}

// Page is what the template of the desk works on.
type Page struct {
	Choices
	Woman     bool
	Districts []string
	// Dispositions are of the calls that come to her.
	Dispositions []string
	Relations    []string
	Openings     []string
	Whose        []string
	Days         []string
	Contacts     []int
	Spans        []int
	// Kinds are the calls that she makes with what can come of them, Scripts what is
	// said first in each language.
	Kinds      map[cases.Kind][]cases.Outcome
	Scripts    map[cases.Kind]map[string]string
	Demeanours []cases.Demeanour
	Wants      []cases.Choice
	FollowUps  []cases.Outcome
}

func (o *office) page(r *console.Request) error {
	p := Page{
		Choices: o.Choices(), Woman: r.User.Profile.Woman, Districts: district.Names,
		Relations: relations, Openings: openings, Whose: whose, Days: days, Kinds: map[cases.Kind][]cases.Outcome{},
		Demeanours: []cases.Demeanour{cases.Denied, cases.Abusive, cases.Apologised, cases.BlamesHer},
		Wants:      []cases.Choice{cases.ChooseCounsel, cases.ChooseFFR, cases.ChooseStation, cases.ChooseOnlySupport},
		Scripts:    scriptsFor(r.User.Profile.Woman), FollowUps: cases.Outcomes(cases.AskFeedback),
	}
	for i := range Contacts {
		p.Contacts = append(p.Contacts, i+1)
	}
	for i := range spans {
		p.Spans = append(p.Spans, i+1)
	}
	p.Dispositions = dispositions(RingBack)
	if p.Woman {
		p.Dispositions = dispositions(Complaint)
	}
	for _, k := range cases.Kinds {
		if k.ToVictim() == p.Woman || k == cases.CallContact {
			p.Kinds[k] = cases.Outcomes(k)
		}
	}
	return r.Render("desk.html", p)
}

// The words that the form offers.
var (
	relations = []string{"husband", "former-husband", "partner", "former-partner", "in-laws", "father", "brother", "relative", "neighbour", "colleague", "superior", "teacher", "classmate", "friend", "stranger"}
	openings  = []string{"courier", "bank", "school", "survey", "friend"}
	whose     = []string{"own", "shared", "husband", "family", "neighbour", "work"}
	days      = []string{"daily", "mon-fri", "mon-sat", "sat-sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

// stream pushes the State of whoever asks, and nobody else's.
func (o *office) stream(r *console.Request) error {
	id := r.User.Agent
	if err := o.Book.Refresh(r.Context(), id); err != nil {
		o.Log.Info("desk is opened with the drafts that are in memory", "agent", id, "error", err)
	}
	ctx, stop := context.WithCancel(r.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.registerWaiting(ctx, r, id)
	}()
	defer func() {
		stop()
		<-done
	}()
	return r.Stream(console.View{Name: "state", Show: func(context.Context) (any, error) { return o.state(id), nil }})
}

var (
	callForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
	caseForm = regexp.MustCompile(`^c[a-z2-7]{16}$`)
	wordForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	onceForm = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)
)

// callOfPath is the call of the address.
func callOfPath(r *console.Request) (string, error) {
	id := r.PathValue("call")
	if !callForm.MatchString(id) {
		return "", console.ErrNotFound
	}
	return id, nil
}

// written is a draft as a page gets it.
type written struct {
	Version  int64 `json:"version"`
	Form     Form  `json:"form"`
	Finished bool  `json:"finished,omitempty"`
}

// readDraft shows an agent what she has written herself.
func (o *office) readDraft(r *console.Request) error {
	id, err := callOfPath(r)
	if err != nil {
		return err
	}
	f, version, err := o.Book.Draft(r.User.Agent, id)
	switch {
	case errors.Is(err, ErrFinished):
		return r.JSON(http.StatusOK, written{Version: version, Form: Form{}, Finished: true})
	case err != nil:
		return err
	}
	return r.JSON(http.StatusOK, written{Version: version, Form: f})
}

func (o *office) keepDraft(r *console.Request) error {
	id, err := callOfPath(r)
	if err != nil {
		return err
	}
	if !r.User.Profile.Woman {
		return console.ErrNotYours
	}
	var in Entry
	if err := r.Decode(&in); err != nil {
		return err
	}
	if !onceForm.MatchString(in.Tab) || in.Base < 0 {
		return console.ErrBadInput
	}
	kept, err := o.Book.Keep(r.Context(), r.User.Agent, id, in)
	switch {
	case errors.Is(err, ErrForm):
		return console.ErrBadInput
	case errors.Is(err, ErrFinished):
		return console.Refuse(http.StatusConflict, "desk-finished")
	case errors.Is(err, ErrTooMany):
		return console.Refuse(http.StatusConflict, "desk-too-many-drafts")
	case errors.Is(err, ErrNotKept):
		return console.Refuse(http.StatusServiceUnavailable, "desk-not-kept")
	case err != nil:
		return err
	}
	return r.JSON(http.StatusOK, kept)
}

func (o *office) showHint(r *console.Request) error {
	id, err := callOfPath(r)
	if err != nil {
		return err
	}
	h, known, err := o.hint(r.Context(), r.User.Agent, r.User.Women, id)
	switch {
	case err != nil:
		return console.Refuse(http.StatusServiceUnavailable, "desk-away")
	case !known:
		return console.ErrNotFound
	}
	return r.JSON(http.StatusOK, h)
}

func (o *office) closeCall(r *console.Request) error {
	id, err := callOfPath(r)
	if err != nil {
		return err
	}
	var in Closing
	if err := r.Decode(&in); err != nil {
		return err
	}
	if !o.mayBe(r.User.Agent, r.User.Profile.Woman, id, in.What) {
		return console.ErrBadInput
	}
	done, err := o.close(r, r.User.Agent, id, in)
	if err != nil {
		return answerOf(r, err)
	}
	return r.JSON(http.StatusOK, done)
}

// answerOf makes of what was against it an answer that the page understands.
func answerOf(r *console.Request, err error) error {
	var missing *Missing
	var refused *api.Problem
	switch {
	case errors.As(err, &missing):
		return r.JSON(http.StatusUnprocessableEntity, missing)
	case errors.As(err, &refused):
		return console.Refuse(refused.Status, wordOf(refused))
	case errors.Is(err, errAway):
		return console.Refuse(http.StatusServiceUnavailable, "desk-away")
	case errors.Is(err, ErrNotKept):
		return console.Refuse(http.StatusServiceUnavailable, "desk-not-kept")
	case errors.Is(err, ErrForm):
		return console.ErrBadInput
	}
	return err
}

// wordOf is what the page says of a refusal by the API.
func wordOf(p *api.Problem) string {
	if p.Type == "urn:powerline:problem:refused" {
		return "desk-refused"
	}
	return "desk-api"
}

// codeOutcome codes what came of a call that we made, and ends the after-call work.
func (o *office) codeOutcome(r *console.Request) error {
	id, err := callOfPath(r)
	if err != nil {
		return err
	}
	var in api.OutcomeIn
	if err := r.Decode(&in); err != nil {
		return err
	}
	if !call.IsAttempt(id) {
		return console.ErrNotFound
	}
	var out api.Coded
	if err := ask(r, "/attempts/"+id+"/outcome", id, in, &out); err != nil {
		return answerOf(r, err)
	}
	o.endWrapUp(r.Context(), r.User.Agent, id)
	return r.NoContent()
}

// The wishes about herself; those about her call are words of package call.
const (
	SignOn     = "sign-on"
	SignOff    = "sign-off"
	ready      = "ready"
	pause      = "pause"
	wrapUpDone = "wrap-up-done"
	wrapUpMore = "wrap-up-extend"
)

// wishes are those that a desk may send.
var wishes = []string{
	SignOn, SignOff, ready, pause, wrapUpDone, wrapUpMore,
	"transfer-queue", "transfer-agent", "consult", "consult-complete", "consult-cancel", "conference", "transfer-112", "transfer-station",
	"hold", "unhold", "quick-end", "panic", "pause-recording", "resume-recording",
}

// wished is an order as a page sends it.
type wished struct {
	ID   string `json:"id"`
	Wish string `json:"wish"`
	Call string `json:"call,omitempty"`
	To   string `json:"to,omitempty"`
}

// order has a wish of the agent carried out. She gives orders about herself and
// about the call that she has in hand.
func (o *office) order(r *console.Request) error {
	var in wished
	if err := r.Decode(&in); err != nil {
		return err
	}
	switch {
	case !slices.Contains(wishes, in.Wish), !onceForm.MatchString(in.ID), in.To != "" && !wordForm.MatchString(in.To), in.Call != "" && !callForm.MatchString(in.Call):
		return console.ErrBadInput
	case in.Wish == pause && !slices.Contains(o.Choices().PauseReasons, in.To):
		return console.ErrBadInput
	}
	who := r.User.Agent
	err := o.Floor.Order(r.Context(), Order{ID: string(who) + "-" + in.ID, Wish: in.Wish, By: who, Call: in.Call, To: in.To})
	return orderAnswer(r, err)
}

// Refusal is a no of the engine, with nothing done: a word that the page translates.
type Refusal string

func (r Refusal) Error() string { return "refused: " + string(r) }

// refused is how the page gets it.
type refused struct {
	Word Refusal `json:"word"`
}

func orderAnswer(r *console.Request, err error) error {
	var no Refusal
	switch {
	case errors.As(err, &no):
		return r.JSON(http.StatusConflict, refused{no})
	case err != nil:
		return console.Refuse(http.StatusServiceUnavailable, "desk-not-known")
	}
	return r.NoContent()
}
