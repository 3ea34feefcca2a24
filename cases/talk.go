package cases

import (
	"slices"
	"time"
)

// attemptEnded: nobody answered. It moves no case; it can use up a task (I5).
func (s *step) attemptEnded(ev AttemptEnded) Verdict {
	t, inHand := s.c.Task(ev.Task)
	switch {
	case !inHand || t.has(ev.Attempt):
		return Ignored
	case ev.Attempt == "" || ev.Cause == Answered || !slices.Contains(Causes, ev.Cause):
		return Refused
	}
	t = s.record(t, Attempt{ID: ev.Attempt, Number: ev.Number, At: ev.Dialled, Cause: ev.Cause, Agent: s.by})
	if ev.Cause == Invalid {
		s.retire(t.Party, ev.Number)
	}
	s.again(t, nil, ev.Number, ev.Elsewhere)
	return Applied
}

// record adds an attempt to a task. Those that nobody decided do not count,
// but not for ever: a trunk that is down must come to an end as well.
func (s *step) record(t Task, a Attempt) Task {
	free := 0
	for _, other := range t.Attempts {
		if other.Free {
			free++
		}
	}
	a.At = a.At.UTC()
	a.Free = (a.Free || a.Cause.free()) && free < s.r.Limits.Free
	t.Attempts = append(t.Attempts, a)
	return t
}

// again plans the next attempt of the task after its newest one, or ends it.
// From is when somebody said that he may be called; nil leaves it to the cause.
func (s *step) again(t Task, from *time.Time, dialled string, elsewhere []time.Time) {
	if p, _, known := s.c.Party(t.Party); known {
		t.Number = choose(t, p)
	}
	if t.Number == "" {
		s.exhausted(t, NoNumber)
		return
	}
	if t.Number != dialled {
		elsewhere = nil // they are of another number; Check will know
	}
	due, more := time.Time{}, false
	if from == nil {
		due, more = s.r.TryAgain(t, elsewhere)
	} else {
		due, more = s.r.schedule(t, from.UTC(), elsewhere, nil)
	}
	if !more {
		s.exhausted(t, Exhausted)
		return
	}
	t.Due = due
	s.put(t)
}

// retire marks a number as bad for a party of this case.
func (s *step) retire(party, number string) {
	for _, p := range s.parties() {
		if p.ID != party {
			continue
		}
		for i := range p.Numbers {
			if p.Numbers[i].Print == number && !p.Numbers[i].Bad {
				p.Numbers[i].Bad = true
				s.do(Retire{Party: party, Number: number})
			}
		}
	}
}

func (s *step) parties() []*Party {
	all := []*Party{&s.c.Victim, &s.c.Adult, &s.c.Offender}
	for i := range s.c.Contacts {
		all = append(all, &s.c.Contacts[i])
	}
	return all
}

// contact is the contact of that id, to be changed.
func (s *step) contact(id string) *Party {
	for i := range s.c.Contacts {
		if s.c.Contacts[i].ID == id {
			return &s.c.Contacts[i]
		}
	}
	return &Party{}
}

// exhausted ends a task that reached nobody. It never counts as an answer.
func (s *step) exhausted(t Task, end TaskEnd) {
	s.shut(t.ID, end)
	switch t.Kind {
	case CallOffender:
		s.toFeedback("T7", CounselFeedback, false, s.r.Feedback.NotDelivered)
		return
	case CallContact:
		s.contact(t.Party).Tried = true
		s.nextContact()
		return
	case AskAgain:
		s.release()
		return
	case Recontact:
		s.alert(Supervisors, AlarmDanger)
		s.afterEmergency()
		return
	case FollowUp:
		s.welfare()
		return
	}
	switch {
	case t.Pull:
		s.raise(DidNotRing)
	case end == NoNumber:
		s.raise(WrongVictimNumber)
	case t.Kind == AskFinal:
		s.raise(FinalNotReached)
	case t.Kind == AskChoice:
		s.raise(ChoiceNotReached)
	default:
		s.pause()
	}
}

// pause is T23: after a set of attempts in vain, a pause and one more; then a
// supervisor. Nothing advances and nothing closes because she was not reached.
func (s *step) pause() {
	s.c.Sets++
	if s.c.Sets >= s.r.Feedback.Sets {
		s.raise(NotReached)
		return
	}
	s.loop("T23")
	s.ask(AskFeedback, "not-reached", s.at.Add(s.r.Feedback.Pause))
}

func (s *step) expired(ev Expired) Verdict {
	t, inHand := s.c.Task(ev.Task)
	if !inHand || t.NotAfter.IsZero() || s.at.Before(t.NotAfter) {
		return Ignored
	}
	s.exhausted(t, Exhausted)
	return Applied
}

// spoken: somebody answered. This is what moves cases.
func (s *step) spoken(ev Spoken) Verdict {
	t, inHand := s.c.Task(ev.Task)
	switch {
	case !inHand && ev.Outcome.grave():
		return s.grave(ev.Outcome)
	case !inHand || t.has(ev.Attempt):
		return Ignored
	case ev.Attempt == "" || !t.Kind.Allows(ev.Outcome):
		return Refused
	case t.Kind.Verdict() && !ev.Outcome.grave() && (slices.Contains(t.Excluded, s.by) || slices.Contains(s.c.Counsellors, s.by)):
		return Refused // I7
	case t.Kind == AskFinal && !ev.Outcome.grave() && ev.Dialled.Before(s.c.FinalDue):
		return Refused // I3
	}
	t = s.record(t, Attempt{
		ID: ev.Attempt, Number: ev.Number, At: ev.Dialled, Cause: Answered, Outcome: ev.Outcome, Agent: s.by,
		Free: ev.Outcome == DoubtsPolice,
	})
	switch t.Kind {
	case CallOffender:
		return s.spokenOffender(t, ev)
	case CallContact:
		return s.spokenContact(t, ev)
	}
	return s.spokenVictim(t, ev)
}

func (s *step) spokenOffender(t Task, ev Spoken) Verdict {
	other := func(after time.Duration) { // by another officer
		t.Excluded = append(t.Excluded, s.by)
		from := s.at.Add(after)
		s.again(t, &from, ev.Number, ev.Elsewhere)
	}
	switch ev.Outcome {
	case Warned:
		s.counselled(s.by)
		s.shut(t.ID, Done)
		s.toFeedback("T6", CounselFeedback, true, s.r.Feedback.After)
	case HungUpFirst, ClaimsFault:
		other(s.r.Retry.HungUp)
	case AbusiveNoWarning:
		if outcomesOf(t, AbusiveNoWarning) > 1 {
			s.shut(t.ID, Done)
			s.raise(AbusiveTwice)
			break
		}
		other(s.r.Retry.HungUp)
	case CallbackRequested, OtherPerson:
		from := s.at.Add(s.r.Retry.NoAnswer)
		if ev.Said.CallAt.After(s.at) {
			from = ev.Said.CallAt
		}
		s.again(t, &from, ev.Number, ev.Elsewhere)
	case DoubtsPolice:
		from := s.at.Add(s.r.Retry.Doubts)
		s.again(t, &from, ev.Number, ev.Elsewhere)
	case WrongNumber:
		s.retire(t.Party, ev.Number)
		s.again(t, &s.at, ev.Number, ev.Elsewhere)
	case ThreatensVictim:
		s.shut(t.ID, Done)
		return s.retaliation()
	case Distressed:
		s.shut(t.ID, Done)
		s.alert(Counsellors, AlarmDistressed)
		s.raise(OffenderDistressed)
	case MinorOffender:
		s.shut(t.ID, Done)
		s.c.OffenderMinor = true
		s.do(ReportChild{Offender: true})
		s.raise(OffenderMinor)
	}
	return Applied
}

// outcomesOf counts the attempts of the task that had the outcome.
func outcomesOf(t Task, o Outcome) int {
	n := 0
	for _, a := range t.Attempts {
		if a.Outcome == o {
			n++
		}
	}
	return n
}

func (s *step) spokenContact(t Task, ev Spoken) Verdict {
	p := s.contact(t.Party)
	switch ev.Outcome {
	case WrongNumber:
		s.retire(t.Party, ev.Number)
		s.again(t, &s.at, ev.Number, ev.Elsewhere)
		return Applied
	case SidesWithHim:
		s.alert(Supervisors, AlarmSides)
		p.Counselled = true
	case Counselled:
		p.Counselled = true
	case LivesWithHer:
		p.Tried, p.Approved = true, false
		s.shut(t.ID, Done)
		s.raise(VictimsHousehold)
		return Applied
	}
	if p.Counselled {
		s.counselled(s.by)
	}
	p.Tried = true
	s.shut(t.ID, Done)
	s.nextContact()
	return Applied
}

// spokenVictim handles what any call to her can bring, then what its kind asks.
func (s *step) spokenVictim(t Task, ev Spoken) Verdict {
	news := s.hear(ev.Said)
	switch {
	case t.Kind == FollowUp && (ev.Outcome == InDanger || ev.Said.Retaliation || ev.Said.Duress):
		return s.followUpAlarmed(t, ev)
	case ev.Outcome == InDanger:
		s.shut(t.ID, Done)
		return s.danger()
	case ev.Outcome == Suicidal:
		return s.suicidalInCall(t)
	case ev.Said.Retaliation && t.Kind == Recontact:
		s.alert(Supervisors, AlarmRetaliation)
		s.shut(t.ID, Done)
		s.afterEmergency()
		return Applied
	case ev.Said.Retaliation:
		s.shut(t.ID, Done)
		return s.retaliation()
	case ev.Said.Duress:
		s.shut(t.ID, Done)
		s.raise(Duress)
		return Applied
	}
	switch ev.Outcome {
	case UnsafeNow:
		from := s.at.Add(s.r.Retry.Rejected)
		if ev.Said.CallAt.After(s.at) {
			from = ev.Said.CallAt
		}
		s.again(t, &from, ev.Number, ev.Elsewhere)
	case OtherPerson: // one attempt that day (C4)
		from := midnight(s.at, 1)
		s.again(t, &from, ev.Number, ev.Elsewhere)
	case WrongNumber:
		s.retire(t.Party, ev.Number)
		s.stranger(t)
	default:
		return s.answer(t, ev, news)
	}
	return Applied
}

// stranger: her number is somebody else's now. He is asked nothing, and a
// supervisor looks for her.
func (s *step) stranger(t Task) {
	switch t.Kind {
	case FollowUp, AskAgain, Recontact:
		s.exhausted(t, NoNumber)
	default:
		s.shut(t.ID, NoNumber)
		s.raise(WrongVictimNumber)
	}
}

// answer is what she says to the question of the call.
func (s *step) answer(t Task, ev Spoken, news bool) Verdict {
	switch t.Kind {
	case AskFeedback, AskFinal:
		s.shut(t.ID, Done)
		return s.verdict(t.Kind, ev.Outcome, ev.Said, news)
	case AskChoice:
		return s.choice(t, ev)
	case AskAgain:
		return s.reasked(t, ev)
	case Recontact:
		s.shut(t.ID, Done)
		s.afterEmergency()
		return Applied
	case FollowUp:
		return s.followedUp(t, ev.Outcome)
	}
	return Ignored
}

// verdict is hers on a stage, or the final one.
func (s *step) verdict(k Kind, o Outcome, said Said, news bool) Verdict {
	if o == Withdraws {
		return s.withdraw(said)
	}
	if o == Refuses {
		s.c.Refusals++
		if s.c.Refusals > 1 {
			s.raise(RefusesFeedback)
			return Applied
		}
		o = UnsureOutcome
	}
	s.c.LastFeedback = s.at
	switch {
	case o == Satisfied:
		s.c.Danger = false
		s.toWatch(map[State]string{CounselFeedback: "T8", FFRFeedback: "T14", StationFeedback: "T16"}[s.c.State])
	case o == StillHarassed:
		s.advance(said, news)
	case o == Positive:
		s.close("T19", Resolved)
	case o == Negative:
		s.restart("T20")
	case k == AskFeedback:
		s.unsure(s.r.Feedback.Again)
	default:
		s.c.FinalUnsures++
		s.toWatch("T21")
		if s.c.FinalUnsures > s.r.Final.MaxUnsure {
			s.raise(FinalUnsure)
		}
	}
	return Applied
}

// choice is T4: he was not found in time.
func (s *step) choice(t Task, ev Spoken) Verdict {
	switch ev.Outcome {
	case ChoosesStation:
		s.shut(t.ID, Done)
		s.toStation("T4", 1)
	case ChoosesWait:
		s.shut(t.ID, Done)
		if len(s.c.Offender.Good()) > 0 {
			s.begin("") // she knew a number after all
			break
		}
		s.start(IdentifyTimer, s.at.Add(s.r.Identify.Within), 0)
	case Withdraws:
		s.shut(t.ID, Done)
		if s.withdraw(ev.Said) != Applied {
			s.start(IdentifyTimer, s.at.Add(s.r.Identify.Within), 0)
		}
	default: // refuses to say: asked again tomorrow
		from := s.at.Add(s.r.Retry.Rejected)
		s.again(t, &from, ev.Number, ev.Elsewhere)
	}
	return Applied
}

// called: she rang us. The word of a woman who calls is never lost for the
// reason that nobody expected it.
func (s *step) called(ev Called) Verdict {
	o := ev.Outcome
	if o == InDanger || o == Suicidal || ev.Said.Retaliation {
		s.hear(ev.Said)
		if o != InDanger && o != Suicidal {
			return s.retaliation()
		}
		return s.grave(o)
	}
	if slices.Contains(s.c.Counsellors, s.by) && slices.Contains([]Outcome{Satisfied, Positive, UnsureOutcome, Refuses, ConfirmsWish}, o) {
		return Refused // I7: another woman takes this down
	}
	switch {
	case s.c.State == Closed:
		return s.calledAfterClosure(ev)
	case s.c.OnHold():
		return s.calledOnHold(ev)
	case s.c.InEmergency():
		if !s.c.Emergency.Confirmed || o != Safe && o != Ongoing {
			return Ignored
		}
		s.afterEmergency()
		return Applied
	case o == Withdraws && !ev.Said.Verified:
		return Refused // the code word first, and nobody beside her
	case o == Withdraws:
		s.hear(ev.Said)
		return s.withdraw(ev.Said)
	}
	return s.calledOnLadder(ev)
}

// calledOnLadder: her call can be the answer that a task, or a supervisor who
// could not reach her, waits for.
func (s *step) calledOnLadder(ev Called) Verdict {
	o, state := ev.Outcome, s.c.State
	kept := s.c.Supervisor.Why == Duress || s.c.Supervisor.Why == Held
	news := s.hear(ev.Said)
	switch {
	case kept:
	case state.AsksHer() && slices.Contains([]Outcome{Satisfied, StillHarassed, UnsureOutcome, Refuses}, o):
		return s.calledVerdict(AskFeedback, o, ev.Said, news)
	case state == FinalFeedback && slices.Contains([]Outcome{Positive, Negative, UnsureOutcome, Refuses}, o):
		return s.calledVerdict(AskFinal, o, ev.Said, news)
	case state == FinalFeedback && o == StillHarassed:
		return s.calledVerdict(AskFinal, Negative, ev.Said, news)
	case state == Watch && (o == StillHarassed || o == Negative):
		s.c.Supervisor, s.c.LastFeedback = Supervisor{}, s.at
		s.advance(ev.Said, news)
		return Applied
	case state == Identifying && !s.c.ForSupervisor() && news:
		s.begin("")
		return Applied
	case state == Identifying && o == ChoosesStation:
		s.c.Supervisor = Supervisor{}
		s.toStation("T4", 1)
		return Applied
	}
	if news || len(ev.Said.Contacts) > 0 {
		return Applied // what she said is kept; the ladder goes on as it was
	}
	return Ignored
}

// calledVerdict takes her word in place of the task in hand.
func (s *step) calledVerdict(k Kind, o Outcome, said Said, news bool) Verdict {
	s.c.Supervisor = Supervisor{}
	s.shutAll(k, Done)
	return s.verdict(k, o, said, news)
}

// calledAfterClosure is T25, and T22 for those whom we never reached.
func (s *step) calledAfterClosure(ev Called) Verdict {
	if ev.Outcome != StillHarassed && ev.Outcome != Negative {
		return Ignored
	}
	if s.c.Closure != Unreached && s.at.After(s.c.ClosedAt.Add(s.r.Reopen.Within)) {
		s.do(Link{})
		return Applied
	}
	s.hear(ev.Said)
	s.restart("T25")
	return Applied
}
