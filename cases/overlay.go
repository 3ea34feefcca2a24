package cases

import (
	"slices"
	"time"
)

// grave is what was heard and must be acted upon, whatever is in hand.
func (s *step) grave(o Outcome) Verdict {
	switch o {
	case InDanger:
		return s.danger()
	case Suicidal:
		return s.care()
	case ThreatensVictim:
		return s.retaliation()
	}
	return Ignored
}

// reopen brings a closed case back for what cannot wait.
func (s *step) reopen() {
	if s.c.State == Closed {
		s.newCycle()
		s.move("T25", Registered)
	}
}

// danger: the call taker stays with her and brings 112 in; the ladder stands
// still until 112 has confirmed contact and she was spoken to again.
func (s *step) danger() Verdict {
	s.reopen()
	s.clearLadder()
	s.c.Danger, s.c.Emergency = true, Emergency{Since: s.at}
	s.c.Hold, s.c.Supervisor = Hold{}, Supervisor{}
	s.start(EmergencyTimer, s.at.Add(s.r.Danger.Confirm), 0)
	s.alert(Emergency112, AlarmDanger)
	s.alert(Supervisors, AlarmDanger)
	return Applied
}

func (s *step) helpConfirmed() Verdict {
	if !s.c.InEmergency() || s.c.Emergency.Confirmed {
		return Ignored
	}
	s.c.Emergency.Confirmed = true
	s.c.Supervisor = Supervisor{}
	s.clearLadder()
	s.ask(Recontact, "after-danger", s.at.Add(s.r.Danger.Recontact))
	return Applied
}

// afterEmergency: she was spoken to, or could not be. The police get the case.
func (s *step) afterEmergency() {
	s.c.Emergency, s.c.Supervisor = Emergency{}, Supervisor{}
	s.toStation("F-danger", max(1, s.c.Level))
}

// retaliation skips what is left of the ladder below the station.
func (s *step) retaliation() Verdict {
	s.c.Danger = true
	s.alert(Supervisors, AlarmRetaliation)
	if s.c.InEmergency() {
		return Applied // the station follows it anyway
	}
	s.reopen()
	s.c.Hold, s.c.Supervisor = Hold{}, Supervisor{}
	s.toStation("F-retaliation", max(1, s.c.Level))
	return Applied
}

// care: a counsellor takes over. The ladder goes on beside it, but nobody
// speaks with the offender before the counsellor has no objection.
func (s *step) care() Verdict {
	s.shutAll(FollowUp, CalledOff)
	s.c.SuicideCare = Care{Since: s.at, Step: 1}
	s.alert(Counsellors, AlarmSuicidal)
	s.alert(Supervisors, AlarmSuicidal)
	s.follow("suicidal", s.at.Add(s.r.Care.Earliest))
	return Applied
}

// follow makes the counsellor's next call. A child who has nobody safe to be
// asked is followed up all the same: she spoke with us.
func (s *step) follow(why Why, due time.Time) {
	p := s.followed()
	if s.c.Terms.Dialable() && (len(p.Good()) == 0 || len(s.r.HoursOf(FollowUp, s.c.Terms)) == 0) {
		s.alert(Supervisors, AlarmSuicidal)
		s.unreached = true
		return
	}
	s.open(FollowUp, why, p, due)
}

func (s *step) followed() Party {
	if p, known := s.speaker(); known {
		return p
	}
	return s.c.Victim
}

// suicidalInCall: the question of the call waits, the ladder does not stop.
func (s *step) suicidalInCall(t Task) Verdict {
	if t.Kind == FollowUp {
		return s.care()
	}
	s.shut(t.ID, Done)
	s.care()
	switch t.Kind {
	case AskFeedback:
		s.ask(AskFeedback, "suicidal", s.at.Add(s.r.Feedback.Again))
	case AskFinal:
		s.ask(AskFinal, "suicidal", s.at.Add(s.r.Feedback.Again))
	case AskChoice:
		s.ask(AskChoice, "suicidal", s.at.Add(s.r.Feedback.Again))
	case AskAgain:
		s.release() // nobody withdraws in this state
	case Recontact:
		s.afterEmergency()
	}
	return Applied
}

// followedUp is what the counsellor heard.
func (s *step) followedUp(t Task, o Outcome) Verdict {
	s.counselled(s.by)
	s.shut(t.ID, Done)
	last := len(s.r.Care.After)
	if o != UnreachedByUs {
		s.c.SuicideCare.Missed = 0
	}
	switch {
	case o == UnreachedByUs:
		s.welfare()
	case o == Safe && s.c.SuicideCare.Step >= last:
		s.c.SuicideCare = Care{}
	case o == Safe:
		s.c.SuicideCare.Step++
		s.follow("next", s.at.Add(s.r.Care.After[s.c.SuicideCare.Step-1]))
	default: // ongoing, or she does not want to say: the second interval again
		s.c.SuicideCare.Step = min(2, last)
		s.follow("ongoing", s.at.Add(s.r.Care.After[s.c.SuicideCare.Step-1]))
	}
	return Applied
}

// followUpAlarmed: what a counsellor hears moves the ladder as well, and her
// own calls go on.
func (s *step) followUpAlarmed(t Task, ev Spoken) Verdict {
	s.counselled(s.by)
	s.shut(t.ID, Done)
	switch {
	case ev.Outcome == InDanger:
		s.danger()
	case ev.Said.Retaliation:
		s.retaliation()
	case s.c.State.Open() && !s.c.frozen():
		s.raise(Duress)
	}
	s.c.SuicideCare.Step = min(2, len(s.r.Care.After))
	s.follow("alarmed", s.at.Add(s.r.Care.After[0]))
	return Applied
}

// maxMissed follow-ups in vain, one after the other, are enough: a phone that
// rings every day for ever helps nobody.
const maxMissed = 3

// welfare: a suicidal person is not reached. Only a supervisor may send 112;
// the counsellor tries on meanwhile.
func (s *step) welfare() {
	s.alert(Supervisors, AlarmSuicidal)
	s.unreached = true
	s.c.SuicideCare.Missed++
	if s.c.SuicideCare.Missed >= maxMissed || len(s.followed().Good()) == 0 {
		return // the supervisor's word begins it again
	}
	s.c.SuicideCare.Step = min(2, len(s.r.Care.After))
	s.follow("not-reached", s.at.Add(s.r.Care.After[0]))
}

func (s *step) careCleared() Verdict {
	if !s.c.InCare() || s.c.SuicideCare.Cleared {
		return Ignored
	}
	s.c.SuicideCare.Cleared = true
	return Applied
}

// withdraw is the first half of T24: nothing touches the offender any more,
// and in a while another woman asks whether she means it.
func (s *step) withdraw(said Said) Verdict {
	impossible := s.c.Minor || s.c.Sent && s.c.Triage.Track == ToPolice
	switch {
	case s.c.OnHold() || s.c.InEmergency() || !s.c.State.Open():
		return Ignored
	case !said.Verified || impossible:
		if impossible {
			s.alert(Supervisors, AlarmWithdrawal)
		}
		if len(s.c.Next()) == 0 { // said in a call whose question is still open
			s.resumeLater()
		}
		return Applied
	}
	s.c.Hold = Hold{Since: s.at, Until: s.at.Add(s.r.Hold.For), By: s.by, Concern: s.c.Supervisor.Why}
	s.c.Supervisor = Supervisor{}
	s.clearLadder()
	s.ask(AskAgain, "withdrawal", s.at.Add(s.r.Hold.Reask))
	return Applied
}

// resumeLater asks the open question again, not at once.
func (s *step) resumeLater() {
	switch {
	case s.c.State.AsksHer():
		s.unsure(s.r.Feedback.Again)
	case s.c.State == FinalFeedback:
		s.ask(AskFinal, "again", s.at.Add(s.r.Feedback.Again))
	default:
		s.resume()
	}
}

// release ends the hold without a withdrawal.
func (s *step) release() {
	concern := s.c.Hold.Concern
	s.c.Hold = Hold{}
	s.clearLadder()
	if concern != NoConcern {
		s.raise(concern)
		return
	}
	s.resume()
}

// reasked is the second half of T24.
func (s *step) reasked(t Task, ev Spoken) Verdict {
	switch {
	case ev.Outcome == ConfirmsWish && ev.Said.Verified:
		s.shut(t.ID, Done)
		s.close("T24", Withdrawn)
	case ev.Outcome == GoesOn, ev.Outcome == Refuses:
		s.shut(t.ID, Done)
		s.release()
	default: // she was not alone
		from := s.at.Add(s.r.Retry.NoAnswer)
		s.again(t, &from, ev.Number, ev.Elsewhere)
	}
	return Applied
}

// calledOnHold: she rings before she was asked again.
func (s *step) calledOnHold(ev Called) Verdict {
	switch ev.Outcome {
	case ConfirmsWish:
		if s.by == s.c.Hold.By || !ev.Said.Verified {
			return Refused
		}
		s.close("T24", Withdrawn)
		return Applied
	case GoesOn, StillHarassed, Negative:
		s.hear(ev.Said)
		s.c.Supervisor = Supervisor{}
		s.release()
		return Applied
	}
	return Ignored
}

// vetoed: no contact with the offender any more.
func (s *step) vetoed() Verdict {
	if s.c.NoOffenderContact || !s.c.State.Open() {
		return Ignored
	}
	s.c.NoOffenderContact, s.c.Triage.Agrees = true, false
	if !s.c.frozen() && (s.c.State == CounselDue || s.c.State == FFRDue) {
		s.resume()
	}
	return Applied
}

// found: the cyber cell has a number (T4 → T3).
func (s *step) found(ev Found) Verdict {
	var prints []string
	for _, n := range ev.Offender.Numbers {
		if !n.Bad {
			prints = append(prints, n.Print)
		}
	}
	if s.c.State != Identifying || !s.hear(Said{Numbers: prints}) {
		return Ignored
	}
	s.c.Triage.Complainants = max(s.c.Triage.Complainants, ev.Complainants)
	if !s.c.frozen() {
		s.begin("")
	}
	return Applied
}

func (s *step) policeReported() Verdict {
	if !s.c.Sent || s.c.Reported || s.c.State == Closed {
		return Ignored
	}
	s.c.Reported = true
	s.stop(ReminderTimer)
	if s.c.State == StationOpen && !s.c.frozen() {
		s.toFeedback("T15", StationFeedback, true, s.r.Feedback.After)
	}
	return Applied
}

func (s *step) childReported() Verdict {
	if _, runs := s.c.Timer(MinorTimer); !runs {
		return Ignored
	}
	s.stop(MinorTimer)
	return Applied
}

// timeUp: a timer of the case is due. One that does not run any more, or is
// not due yet, says nothing; so none fires twice or early, however late or
// often it is sent.
func (s *step) timeUp(ev TimeUp) Verdict {
	t, runs := s.c.Timer(ev.Timer)
	if !runs || s.at.Before(t.Due) {
		return Ignored
	}
	s.stop(t.Name)
	switch t.Name {
	case TriageTimer:
		s.raise(NotTriaged)
	case IdentifyTimer:
		s.ask(AskChoice, "not-found", s.at)
	case StationTimer:
		s.toFeedback("T15", StationFeedback, true, s.r.Station.Asked)
	case FinalTimer:
		s.toFinal()
	case EmergencyTimer:
		s.alert(Supervisors, AlarmUnconfirmed)
		s.start(EmergencyTimer, s.at.Add(s.r.Danger.Confirm), t.Step+1)
	case ReminderTimer:
		s.do(Remind{Office: s.r.Station.Reminders[t.Step].To, Step: t.Step})
		s.remindFrom(t.Step + 1)
	case MinorTimer:
		s.alert(Supervisors, AlarmChildOverdue)
		s.start(MinorTimer, s.at.Add(s.r.Minor.Report), t.Step+1)
	}
	return Applied
}

// termsChanged applies to the calls in hand as well.
func (s *step) termsChanged(ev TermsChanged) Verdict {
	s.c.Terms = ev.Terms
	s.c.Terms.Windows = slices.Clone(ev.Terms.Windows)
	if ev.Adult.ID != "" {
		s.c.Adult = ev.Adult
		s.c.Adult.Numbers = slices.Clone(ev.Adult.Numbers)
	}
	if ev.Number != "" {
		s.rungAt(ev.Number)
	}
	for _, t := range slices.Clone(s.c.Tasks) {
		if !t.Kind.ToVictim() {
			continue
		}
		if t.Pull && s.c.Terms.Dialable() && t.Kind == AskFeedback {
			t.NotAfter = time.Time{} // it was the limit of her own call
		}
		if p, _, known := s.c.Party(t.Party); known {
			t.Number = choose(t, p)
		}
		t = s.fit(t)
		switch concern := unfit(t, t.Kind); {
		case t.Pull || concern == NoConcern:
			s.put(t)
		case t.Kind.ofLadder():
			s.raise(concern)
		default:
			s.shut(t.ID, CalledOff)
			s.unreached = true
		}
	}
	return Applied
}

// rungAt puts a number first among those of whoever is asked.
func (s *step) rungAt(print string) {
	whose := &s.c.Victim
	if p, known := s.speaker(); known && p.ID == s.c.Adult.ID {
		whose = &s.c.Adult
	}
	numbers := []Number{{Print: print}}
	for _, n := range whose.Numbers {
		if n.Print != print {
			numbers = append(numbers, n)
		}
	}
	whose.Numbers = numbers
}
