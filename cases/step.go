package cases

import (
	"slices"
	"time"

	"powerline/agent"
)

// remembered is how many event ids a case keeps. An older one comes back as
// Stale, because its version is long past, so none is ever applied twice.
const remembered = 16

// Step is the case after the event, what to do about it, and what became of
// the event. It reads no clock and does no I/O; the case that was handed in
// stays as it was. With any verdict but Applied it is also the case returned.
//
// An event is looked up among the remembered ones first, so that a sender who
// never heard that his event was applied learns it; only then is its version
// compared (I11).
func (r Rules) Step(c Case, ev Event) (Case, []Effect, Verdict) {
	switch {
	case ev.ID == "" || ev.What == nil:
		return c, nil, Refused
	case slices.Contains(c.Seen, ev.ID):
		return c, nil, Twice
	case ev.Version != c.Version:
		return c, nil, Stale
	}
	s := &step{r: r, c: c.clone(), at: ev.At.UTC(), by: ev.By}
	verdict := s.take(ev.What)
	if verdict != Applied {
		return c, nil, verdict
	}
	if s.unreached && s.c.State.Open() && !s.c.frozen() {
		s.raise(WelfareCheck)
	}
	s.c.Version++
	s.c.Seen = append(s.c.Seen, ev.ID)
	s.c.Seen = s.c.Seen[max(0, len(s.c.Seen)-remembered):]
	return s.c, s.effects, Applied
}

// step is one step in the making.
type step struct {
	r       Rules
	c       Case
	at      time.Time
	by      agent.ID
	effects []Effect
	// unreached: a suicidal person was not; a supervisor gets the case when the
	// rest of the step is done.
	unreached bool
}

func (s *step) take(what What) Verdict {
	if ev, ok := what.(Filed); ok {
		return s.filed(ev)
	}
	if s.c.State == Intake {
		return Ignored
	}
	switch ev := what.(type) {
	case Triaged:
		return s.triaged(ev)
	case AttemptEnded:
		return s.attemptEnded(ev)
	case Spoken:
		return s.spoken(ev)
	case Called:
		return s.called(ev)
	case Expired:
		return s.expired(ev)
	case TimeUp:
		return s.timeUp(ev)
	case Found:
		return s.found(ev)
	case PoliceReported:
		return s.policeReported()
	case ChildReported:
		return s.childReported()
	case HelpConfirmed:
		return s.helpConfirmed()
	case CareCleared:
		return s.careCleared()
	case Vetoed:
		return s.vetoed()
	case TermsChanged:
		return s.termsChanged(ev)
	case Decided:
		return s.decided(ev)
	}
	return Ignored
}

func (s *step) do(e Effect) { s.effects = append(s.effects, e) }

func (s *step) alert(to Ear, why Alarm) { s.do(Alert{To: to, Why: why}) }

// move goes along a transition. What the ladder had in hand is called off, and
// the counts of the state begin anew.
func (s *step) move(id string, to State) {
	from := s.c.State
	s.clearLadder()
	if from == Identifying && to != Identifying {
		s.shutAll(Identify, CalledOff)
	}
	s.c.State, s.c.Since = to, s.at
	s.c.Unsure, s.c.Refusals, s.c.Sets = 0, 0, 0
	s.do(Moved{By: id, From: from, To: to})
}

// loop goes along a transition that leads back into the state: the counts go on.
func (s *step) loop(id string) {
	s.clearLadder()
	s.do(Moved{By: id, From: s.c.State, To: s.c.State})
}

// clearLadder calls off the tasks of the ladder and stops its timers.
func (s *step) clearLadder() {
	for _, t := range slices.Clone(s.c.Tasks) {
		if t.Kind.ofLadder() {
			s.shut(t.ID, CalledOff)
		}
	}
	s.c.Timers = slices.DeleteFunc(s.c.Timers, func(t Timer) bool { return t.Name.ofLadder() })
}

// shut ends a task that is in hand.
func (s *step) shut(id TaskID, end TaskEnd) {
	i := slices.IndexFunc(s.c.Tasks, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return
	}
	s.do(Shut{Task: id, Kind: s.c.Tasks[i].Kind, End: end})
	s.c.Tasks = slices.Delete(s.c.Tasks, i, i+1)
}

func (s *step) shutAll(k Kind, end TaskEnd) {
	for _, t := range slices.Clone(s.c.Tasks) {
		if t.Kind == k {
			s.shut(t.ID, end)
		}
	}
}

// put stores a task in hand that has changed.
func (s *step) put(t Task) {
	for i := range s.c.Tasks {
		if s.c.Tasks[i].ID == t.ID {
			s.c.Tasks[i] = t
			s.do(Change{Task: t})
			return
		}
	}
}

// start sets a timer; the one of that name, if any, is replaced.
func (s *step) start(name TimerName, due time.Time, nth int) {
	s.stop(name)
	s.c.Timers = append(s.c.Timers, Timer{Name: name, Due: due.UTC(), Step: nth})
}

func (s *step) stop(name TimerName) {
	s.c.Timers = slices.DeleteFunc(s.c.Timers, func(t Timer) bool { return t.Name == name })
}

// raise lets the case wait for a supervisor.
func (s *step) raise(why Concern) {
	s.clearLadder()
	s.c.Supervisor = Supervisor{Why: why, Since: s.at}
	s.do(Raised{Why: why})
}

// counselled remembers who counselled in this case, and keeps her from the
// questions that are in hand already (I7).
func (s *step) counselled(id agent.ID) {
	if id == "" || slices.Contains(s.c.Counsellors, id) {
		return
	}
	s.c.Counsellors = append(s.c.Counsellors, id)
	for _, t := range slices.Clone(s.c.Tasks) {
		if t.Kind.Verdict() {
			t.Excluded = append(slices.Clone(t.Excluded), id)
			s.put(t)
		}
	}
}

// open makes a task for a party, from the given moment on.
func (s *step) open(k Kind, why Why, p Party, due time.Time) {
	s.c.Minted++
	t := Task{ID: taskID(s.c.ID, s.c.Minted), Kind: k, Why: why, Party: p.ID, Made: s.at, Due: due.UTC()}
	switch {
	case k == Identify:
	case k == CallOffender:
		t.Pool, t.Officer = agent.MaleOfficers, true
	case k == CallContact:
		t.Pool, t.Officer = agent.MaleOfficers, true
		if p.Woman && s.r.FFR.WomenForWomen {
			t.Pool = agent.Women
		}
	default:
		t.Pool, t.Counsellor = agent.Women, k == FollowUp
	}
	if k.Verdict() {
		t.Excluded = slices.Clone(s.c.Counsellors)
		if k == AskAgain {
			t.Excluded = append(t.Excluded, s.c.Hold.By)
		}
	}
	switch {
	case k == Recontact || k == FollowUp:
		t.Priority = Critical
	case k == AskAgain || k == AskChoice:
		t.Priority = Urgent
	case s.c.Danger:
		t.Priority = Sooner
	}
	t.NotAfter = s.notAfter(k, due)
	t.Number = choose(t, p)
	t = s.fit(t)
	if k.Dialled() && k.ofLadder() && !t.Pull {
		if concern := unfit(t, k); concern != NoConcern {
			s.raise(concern)
			return
		}
	}
	s.c.Tasks = append(s.c.Tasks, t)
	s.do(Open{Task: t})
}

// unfit says why a task could never be dialled: such a one would lie in the
// way for ever, so a supervisor gets the case at once.
func unfit(t Task, k Kind) Concern {
	switch {
	case t.Number == "" && k.ToVictim():
		return WrongVictimNumber
	case len(t.Window) == 0:
		return NoWindow
	}
	return NoConcern
}

// notAfter is when a task of the kind that is due then ends untold.
func (s *step) notAfter(k Kind, due time.Time) time.Time {
	switch k {
	case AskFinal:
		return due.Add(time.Duration(s.r.Limits.FinalDays) * day).UTC()
	case AskAgain:
		return s.c.Hold.Until
	case Recontact:
		return due.Add(s.r.Danger.Give).UTC()
	case FollowUp:
		if s.c.SuicideCare.Step == 1 {
			return s.at.Add(s.r.Care.After[0])
		}
		return due.Add(s.r.Care.After[0]).UTC()
	}
	return time.Time{}
}

// fit applies her terms to a task: window, opening, whether she is rung at all.
// The due time moves to where the window is open.
func (s *step) fit(t Task) Task {
	t.Window = s.r.HoursOf(t.Kind, s.c.Terms)
	if t.Kind.ToVictim() {
		t.Opening, t.Language = s.c.Terms.Opening, s.c.Terms.Language
		t.Pull = !s.c.Terms.Dialable()
		if t.Pull && t.NotAfter.IsZero() {
			t.NotAfter = t.Due.Add(s.r.Feedback.PullWait)
		}
	}
	if opens, ever := t.Window.NextOpen(t.Due); ever && !t.Pull {
		t.Due = opens
	}
	return t
}

// speaker is who is asked for her verdicts: she, or the safe adult of a child
// who did not call herself.
func (s *step) speaker() (Party, bool) {
	if s.c.Minor && !s.c.Triage.CalledHerself {
		return s.c.Adult, s.c.Adult.ID != ""
	}
	return s.c.Victim, true
}

// ask opens a task for her.
func (s *step) ask(k Kind, why Why, due time.Time) {
	p, known := s.speaker()
	if !known {
		s.raise(NobodyToAsk)
		return
	}
	s.open(k, why, p, due)
}
