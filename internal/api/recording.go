package api

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"time"

	"powerline/internal/postgres"
	"powerline/number"
	"powerline/recordings"
)

// Recorded tells what was recorded; nothing that it tells is audio.
type Recorded interface {
	Recording(ctx context.Context, id recordings.ID) (postgres.RecordingFile, error)
	Recordings(ctx context.Context, f postgres.RecordingsFilter) ([]postgres.RecordingFile, error)
	Gaps(ctx context.Context, id recordings.ID, since time.Time) ([]postgres.RecordingGap, error)
	NoteGap(ctx context.Context, g postgres.RecordingGap) error
}

// Recorder is the exchange that records. There is none where no engine runs.
type Recorder interface {
	// Mute lets the recording of a call hold silence, or not any more; false says
	// that nothing is recorded there now.
	Mute(ctx context.Context, callID string, mute bool) (recorded bool, err error)
}

// PauseIn says why a recording is paused.
type PauseIn struct {
	Reason string `json:"reason" doc:"one of recordings.pauseReasons"`
}

// PauseView is a recording that is paused, or goes on.
type PauseView struct {
	Recording string    `json:"recording"`
	Paused    bool      `json:"paused"`
	Until     time.Time `json:"until,omitzero" doc:"when it goes on by itself"`
}

// Exports are copies that leave the house: one asks, another agrees.
type Exports interface {
	AskExport(ctx context.Context, e postgres.Export) error
	ApproveExport(ctx context.Context, id, by string, at time.Time) (postgres.Export, error)
	Export(ctx context.Context, id string) (postgres.Export, error)
	Exports(ctx context.Context, since time.Time) ([]postgres.Export, error)
}

// Listening opens the audio of recordings. A host without an identity has none.
type Listening interface {
	Listen(ctx context.Context, id recordings.ID) (Sound, error)
}

// Sound is the plain audio of one recording.
type Sound interface {
	io.ReaderAt
	io.Closer
	Samples() int64 // of each side
	Size() int64    // of the plain WAV in bytes
	SHA256() string // of the plain WAV
}

// RecordingView is a recording without its audio.
type RecordingView struct {
	ID        string    `json:"id"`
	Call      string    `json:"call"`
	Case      string    `json:"case,omitempty"`
	Direction string    `json:"direction" doc:"inbound or outbound"`
	Kind      string    `json:"kind" doc:"category of the call, or kind of task"`
	Agent     string    `json:"agent"`
	Begun     time.Time `json:"begun"`
	Ended     time.Time `json:"ended,omitzero"`
	Seconds   float64   `json:"seconds,omitempty" doc:"how long they talked"`
	Sealed    bool      `json:"sealed" doc:"only then it can be heard"`
	Gaps      []GapView `json:"gaps,omitempty" doc:"what is missing of it; only in the view of one recording"`
}

// GapView is something that is missing of a recording.
type GapView struct {
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds,omitempty" doc:"absent if nobody knows"`
}

// RecordingList is a page of recordings.
type RecordingList struct {
	Recordings []RecordingView `json:"recordings"`
	Next       string          `json:"next,omitempty" doc:"the after of the next page, together with the from below; absent on the last page"`
	From       time.Time       `json:"from,omitzero"`
}

// NumberIn is a telephone number to search by.
type NumberIn struct {
	Number string `json:"number" doc:"of whoever called or was called"`
}

// PeaksView is what a player draws.
type PeaksView struct {
	Seconds float64   `json:"seconds"`
	Heard   []float64 `json:"heard" doc:"loudest sample of each stretch, 0 to 1: whoever called or was called"`
	Spoken  []float64 `json:"spoken" doc:"the agent"`
}

// ExportIn asks for a copy.
type ExportIn struct {
	Order string `json:"order" doc:"on which order: letters, digits, spaces, dots, slashes and hyphens; no names"`
}

// ExportView is a copy on its way.
type ExportView struct {
	ID         string    `json:"id"`
	Recording  string    `json:"recording"`
	Order      string    `json:"order" doc:"on which order it was asked for"`
	AskedBy    string    `json:"askedBy"`
	AskedAt    time.Time `json:"askedAt"`
	ApprovedBy string    `json:"approvedBy,omitempty"`
	ApprovedAt time.Time `json:"approvedAt,omitzero"`
	Until      time.Time `json:"until,omitzero" doc:"until when it can be fetched"`
}

// ExportList are copies that were asked for, the newest first.
type ExportList struct {
	Exports []ExportView `json:"exports"`
}

// exportsLast is how long an approved copy can be fetched, exportsShown how far back
// the list of copies goes.
const (
	exportsLast  = 24 * time.Hour
	exportsShown = 90 * 24 * time.Hour
)

var recordingRoutes = []route{
	{Method: "GET", Path: "/recordings", Name: "listRecordings", Roles: may(agents, supervisors), Out: RecordingList{}, Query: recordingParameters,
		Doc: "Lists recordings by beginning, without audio. An agent sees her own conversations only.", act: act(listRecordings)},
	{Method: "POST", Path: "/recordings/search", Name: "searchRecordings", Roles: may(supervisors), Out: RecordingList{},
		Doc: "Finds recordings by telephone number. A POST, so that it stands in no address.", act: takes(searchRecordings)},
	{Method: "GET", Path: "/recordings/{recording}", Name: "readRecording", Roles: may(agents, supervisors), Out: RecordingView{},
		Doc: "Reads what is known of a recording. An agent reads her own.", act: act(readRecording)},
	{Method: "GET", Path: "/recordings/{recording}/audio", Name: "hearRecording", Roles: may(agents, supervisors), Purpose: true, Address: true, Heard: true, Out: "",
		Query: []parameter{purposeParameter, {Name: "channels", Doc: "stereo has whoever called on the left and the agent on the right", Words: []string{"stereo", "mono"}}},
		Doc:   "The audio as a 16-bit WAV, with ranges. The purpose stands in the audit before the first byte. An agent hears her own conversations.", act: act(hear)},
	{Method: "GET", Path: "/recordings/{recording}/peaks", Name: "recordingPeaks", Roles: may(agents, supervisors), Purpose: true, Heard: true, Out: PeaksView{},
		Query: []parameter{{Name: "stretches", Doc: "how many: 400 unless given, 4000 at most"}},
		Doc:   "The loudness of both sides over time, for drawing. It is audited as hearing is.", act: act(peaks)},
	{Method: "POST", Path: "/recordings/{recording}/pause", Name: "pauseRecording", Roles: may(agents, supervisors), Changes: true, Heard: true, Out: PauseView{},
		Doc: "Lets a recording under way hold silence, for a reason. The gap is marked, and it goes on by itself after a while. An agent pauses her own.", act: takes(pauseRecording)},
	{Method: "POST", Path: "/recordings/{recording}/resume", Name: "resumeRecording", Roles: may(agents, supervisors), Changes: true, Heard: true, Out: PauseView{},
		Doc: "Lets a paused recording go on.", act: act(resumeRecording)},
	{Method: "POST", Path: "/recordings/{recording}/exports", Name: "askExport", Roles: may(supervisors), Changes: true, Heard: true, Status: 201, Out: ExportView{},
		Doc: "Asks for a copy that leaves the house. Another supervisor must approve it.", act: takes(askExport)},
	{Method: "GET", Path: "/exports", Name: "listExports", Roles: may(supervisors, auditors), Out: ExportList{},
		Doc: "Lists the copies that were asked for within ninety days, and who approved them.", act: act(listExports)},
	{Method: "POST", Path: "/exports/{export}/approval", Name: "approveExport", Roles: may(supervisors), Changes: true, Heard: true, Out: ExportView{},
		Doc: "Approves a copy that another supervisor has asked for.", act: act(approveExport)},
	{Method: "GET", Path: "/exports/{export}/audio", Name: "fetchExport", Roles: may(supervisors), Purpose: true, Address: true, Heard: true, Out: "", Query: []parameter{purposeParameter},
		Doc: "The recording byte for byte as it was sealed, for who asked, for a day after the approval. Its SHA-256 is in the header Repr-Digest-SHA256.", act: act(fetchExport)},
}

var recordingParameters = []parameter{
	{Name: "case", Doc: "only those of a case"}, {Name: "call", Doc: "only those of a call or an attempt"}, {Name: "agent", Doc: "only those of an agent"},
	{Name: "kind", Doc: "only those of a category or a kind of task"},
	{Name: "from", Doc: "begun at this moment or later, such as 2026-11-23T09:00:00Z"}, {Name: "to", Doc: "begun before this moment"},
	{Name: "after", Doc: "only those behind this id; together with from, both of the page before"}, {Name: "limit", Doc: "at most so many: 100 unless given, 1000 at most"},
}

// view is what whoever asks may see; whose case it was is for supervisors.
func (r *request) view(f postgres.RecordingFile) RecordingView {
	if r.token.Access != postgres.AccessSupervisor {
		f.Case = ""
	}
	v := RecordingView{
		ID: string(f.ID), Call: f.Call, Case: f.Case, Direction: f.Direction, Kind: f.What, Agent: f.Agent, Begun: f.Begun.UTC(), Sealed: f.Seq > 0,
	}
	if f.End != nil {
		v.Ended, v.Seconds = f.End.Ended.UTC(), f.End.Bridged.Seconds()
	}
	return v
}

// mayHear is the one place that says who may know of a recording and hear it: a
// supervisor every one, an agent what she has said herself. The table of routes
// has asked for the role already.
func (r *request) mayHear(f postgres.RecordingFile) error {
	if r.token.Access == postgres.AccessSupervisor || r.token.Access == postgres.AccessAgent && f.Agent != "" && f.Agent == string(r.token.Agent) {
		return nil
	}
	return fault(http.StatusForbidden, "not-yours", "this conversation was another agent's: ask a supervisor")
}

// recording reads the one that the address names, if whoever asks may hear it.
func (r *request) recording() (postgres.RecordingFile, error) {
	return r.heardBy(recordings.ID(r.PathValue("recording")))
}

func (r *request) heardBy(id recordings.ID) (postgres.RecordingFile, error) {
	unknown := fault(http.StatusNotFound, "no-recording", "no recording has this id")
	if !id.Valid() {
		return postgres.RecordingFile{}, unknown
	}
	f, err := r.Store.Recording(r.Context(), id)
	if err != nil {
		return f, orElse(err, postgres.ErrNoRecording, unknown)
	}
	return f, r.mayHear(f)
}

func listRecordings(r *request) (any, error) {
	p := r.params()
	f := postgres.RecordingsFilter{
		Call: p.text("call"), Case: p.text("case"), Agent: p.text("agent"), Kind: p.word("kind"), From: p.instant("from"), To: p.instant("to"),
		After: recordings.ID(p.text("after")), Limit: int(p.count("limit", 1000)),
	}
	if f.After != "" && (!f.After.Valid() || f.From.IsZero()) {
		p.fail("after", "want the id of a recording, and its from beside it")
	}
	if f.Case != "" && r.token.Access != postgres.AccessSupervisor {
		p.fail("case", "is for supervisors")
	}
	if p.err != nil {
		return nil, p.err
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	if r.token.Access == postgres.AccessAgent {
		f.Agent = string(r.token.Agent)
	}
	return r.listOf(f)
}

// instant is a parameter that is a moment, to the microsecond.
func (p *params) instant(name string) time.Time {
	text := p.text(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		p.fail(name, "want a moment such as 2026-11-23T09:00:00Z")
	}
	return at
}

func (r *request) listOf(f postgres.RecordingsFilter) (any, error) {
	all, err := r.Store.Recordings(r.Context(), f)
	if err != nil {
		return nil, err
	}
	list := RecordingList{Recordings: []RecordingView{}}
	for _, one := range all {
		list.Recordings = append(list.Recordings, r.view(one))
	}
	if n := len(all); f.Limit > 0 && n == f.Limit {
		list.Next, list.From = string(all[n-1].ID), all[n-1].Begun.UTC()
	}
	return list, nil
}

func searchRecordings(r *request, in NumberIn) (any, error) {
	if r.Fingerprint == nil {
		return nil, fault(http.StatusServiceUnavailable, "no-keys", "this host cannot search by number: it has no fingerprint key")
	}
	n, err := number.Parse(in.Number)
	if err != nil {
		return nil, field("number", "want a telephone number of India")
	}
	return r.listOf(postgres.RecordingsFilter{Number: r.Fingerprint(n), Limit: 1000})
}

func readRecording(r *request) (any, error) {
	f, err := r.recording()
	if err != nil {
		return nil, err
	}
	v := r.view(f)
	gaps, err := r.Store.Gaps(r.Context(), f.ID, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, g := range gaps {
		v.Gaps = append(v.Gaps, GapView{Why: g.Why, At: g.At.UTC(), Seconds: g.Missing.Seconds()})
	}
	return v, nil
}

// listen opens the audio, after the audit has its row: who cannot be written
// down hears nothing.
func (r *request) listen(f postgres.RecordingFile, action string, detail map[string]any) (Sound, error) {
	switch {
	case r.Listening == nil:
		return nil, fault(http.StatusServiceUnavailable, "no-identity", "this host opens no recordings: ask the one that has recordings.identityFile")
	case f.Seq == 0:
		return nil, fault(http.StatusConflict, "not-sealed", "it is not sealed yet: wait a minute")
	}
	if err := r.deed(action, string(f.ID), detail); err != nil {
		return nil, err
	}
	sound, err := r.Listening.Listen(r.Context(), f.ID)
	if errors.Is(err, recordings.ErrShredded) || errors.Is(err, recordings.ErrNoObject) {
		return nil, fault(http.StatusGone, "no-audio", "its audio was destroyed or removed: only its rows are left")
	}
	return sound, err
}

// deed writes what is done to a recording, by whom and what for.
func (r *request) deed(action, subject string, detail map[string]any) error {
	by := postgres.By{Actor: r.actor(), At: r.Wall().UTC(), Why: r.purpose}
	d, err := by.Deed(action, subject, detail)
	if err != nil {
		return err
	}
	return r.Store.Audit(r.Context(), d)
}

func hear(r *request) (any, error) {
	p := r.params()
	channels := oneOf(p, "channels", []string{"stereo", "mono"})
	if p.err != nil {
		return nil, p.err
	}
	f, err := r.recording()
	if err != nil {
		return nil, err
	}
	s, err := r.listen(f, "recording-heard", rangeAsked(r))
	if err != nil {
		return nil, err
	}
	player := recordings.NewPlayer(s, min(s.Samples(), recordings.LongestPlayed), channels == "mono")
	return reply{kind: "audio/wav", stream: io.NewSectionReader(player, 0, player.Size()), done: s.Close}, nil
}

// rangeAsked is which part was asked for, as far as it has the usual form.
func rangeAsked(r *request) map[string]any {
	if text := r.Header.Get("Range"); usualRange.MatchString(text) {
		return map[string]any{"range": text}
	}
	return nil
}

var usualRange = regexp.MustCompile(`^bytes=[0-9]{0,12}-[0-9]{0,12}$`)

func peaks(r *request) (any, error) {
	p := r.params()
	stretches := cmp.Or(int(p.count("stretches", 4000)), 400)
	if p.err != nil {
		return nil, p.err
	}
	f, err := r.recording()
	if err != nil {
		return nil, err
	}
	s, err := r.listen(f, "recording-drawn", nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	heard, spoken, err := recordings.Peaks(r.Context(), s, s.Samples(), stretches)
	return PeaksView{Seconds: recordings.Length(s.Samples()).Seconds(), Heard: heard, Spoken: spoken}, err
}

// muted writes first what is about to be missing, or no longer is, and then asks
// the exchange. What it refuses is written as over.
func (r *request) muted(f postgres.RecordingFile, why string, mute bool) error {
	switch {
	case r.Recorder == nil:
		return fault(http.StatusServiceUnavailable, "no-recorder", "no engine runs beside this API")
	case f.End != nil || f.Seq > 0:
		return fault(http.StatusConflict, "over", "this conversation is over")
	}
	note := func(ctx context.Context, why string) error {
		return r.Store.NoteGap(ctx, postgres.RecordingGap{ID: f.ID, Why: why, At: r.Wall().UTC(), Call: f.Call, Detail: "by " + r.actor()})
	}
	if mute {
		if err := note(r.Context(), why); err != nil {
			return err
		}
	}
	recorded, err := r.Recorder.Mute(r.Context(), f.Call, mute)
	if err == nil && !recorded {
		err = fault(http.StatusConflict, "over", "nothing is recorded there now")
	}
	if !mute && err == nil || mute && err != nil {
		err = errors.Join(err, note(context.WithoutCancel(r.Context()), recordings.WhyResumed))
	}
	return err
}

func pauseRecording(r *request, in PauseIn) (any, error) {
	if !slices.Contains(r.PauseReasons, in.Reason) {
		return nil, field("reason", "want one of "+list(r.PauseReasons))
	}
	f, err := r.recording()
	if err != nil {
		return nil, err
	}
	if err := r.muted(f, recordings.WhyPaused+"-"+in.Reason, true); err != nil {
		return nil, err
	}
	// Nobody may be left unrecorded because somebody forgot.
	time.AfterFunc(r.PauseAtMost, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), r.Timeout)
		defer cancel()
		late := *r
		late.Request = r.WithContext(ctx)
		if f, err := r.Store.Recording(ctx, f.ID); err == nil && f.End == nil {
			if err := late.muted(f, "", false); err != nil {
				r.Log.Warn("a paused recording could not be made to go on", "recording", f.ID, "error", err)
			}
		}
	})
	return PauseView{Recording: string(f.ID), Paused: true, Until: r.Wall().Add(r.PauseAtMost).UTC()}, nil
}

func resumeRecording(r *request) (any, error) {
	f, err := r.recording()
	if err != nil {
		return nil, err
	}
	return PauseView{Recording: string(f.ID)}, r.muted(f, "", false)
}

var orderForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ./-]{0,79}$`)

// person is who asks, as a human being: a token of nobody cannot be one of two.
func (r *request) person() (string, error) {
	if r.token.Agent == "" {
		return "", fault(http.StatusForbidden, "no-person", "an export needs two persons: use a token that belongs to one")
	}
	return string(r.token.Agent), nil
}

func viewOfExport(e postgres.Export) ExportView {
	v := ExportView{ID: e.ID, Recording: string(e.Recording), Order: e.Order, AskedBy: e.AskedBy, AskedAt: e.AskedAt.UTC(), ApprovedBy: e.ApprovedBy}
	if e.ApprovedBy != "" {
		v.ApprovedAt, v.Until = e.ApprovedAt.UTC(), e.ApprovedAt.Add(exportsLast).UTC()
	}
	return v
}

func listExports(r *request) (any, error) {
	all, err := r.Store.Exports(r.Context(), r.Wall().UTC().Add(-exportsShown))
	if err != nil {
		return nil, err
	}
	list := ExportList{Exports: []ExportView{}}
	for _, e := range all {
		list.Exports = append(list.Exports, viewOfExport(e))
	}
	return list, nil
}

func askExport(r *request, in ExportIn) (any, error) {
	who, err := r.person()
	if err != nil {
		return nil, err
	}
	if !orderForm.MatchString(in.Order) {
		return nil, field("order", "want the reference of an order: at most 80 letters, digits, spaces, dots, slashes and hyphens")
	}
	f, err := r.recording()
	if err != nil {
		return nil, err
	}
	e := postgres.Export{ID: "x" + opaque("export", r.key), Recording: f.ID, Order: in.Order, AskedBy: who, AskedAt: r.Wall().UTC()}
	if err := r.Store.AskExport(r.Context(), e); err != nil {
		return nil, err
	}
	return viewOfExport(e), nil
}

var unknownExport = fault(http.StatusNotFound, "no-export", "no export has this id")

func approveExport(r *request) (any, error) {
	who, err := r.person()
	if err != nil {
		return nil, err
	}
	e, err := r.Store.ApproveExport(r.Context(), r.PathValue("export"), who, r.Wall().UTC())
	if errors.Is(err, postgres.ErrNotAllowed) {
		return nil, fault(http.StatusForbidden, "two-persons", "another person than the one who asked must approve it, once")
	}
	if err != nil {
		return nil, orElse(err, postgres.ErrNoRecording, unknownExport)
	}
	return viewOfExport(e), nil
}

func fetchExport(r *request) (any, error) {
	if p := r.params(); p.err != nil {
		return nil, p.err
	}
	e, err := r.Store.Export(r.Context(), r.PathValue("export"))
	if err != nil {
		return nil, orElse(err, postgres.ErrNoRecording, unknownExport)
	}
	who, err := r.person()
	switch {
	case err != nil:
		return nil, err
	case e.AskedBy != who:
		return nil, fault(http.StatusForbidden, "not-yours", "another person has asked for it")
	case e.ApprovedBy == "":
		return nil, fault(http.StatusForbidden, "two-persons", "nobody has approved it yet")
	case r.Wall().After(e.ApprovedAt.Add(exportsLast)):
		return nil, fault(http.StatusGone, "over", "its time is over: ask again")
	}
	f, err := r.heardBy(e.Recording)
	if err != nil {
		return nil, err
	}
	s, err := r.listen(f, "recording-exported", map[string]any{"export": e.ID})
	if err != nil {
		return nil, err
	}
	r.answer.Header().Set("Content-Disposition", `attachment; filename="`+string(f.ID)+`.wav"`)
	r.answer.Header().Set("Repr-Digest-SHA256", s.SHA256())
	return reply{kind: "audio/wav", stream: io.NewSectionReader(s, 0, s.Size()), done: s.Close}, nil
}
