package cases

import (
	"slices"
	"time"

	"powerline/agent"
)

// filed is T1.
func (s *step) filed(ev Filed) Verdict {
	switch {
	case s.c.State != Intake:
		return Ignored
	case s.c.ID == "" || ev.Victim.ID == "" || !ev.Taker.Fits(agent.Women):
		return Refused // only a woman registers
	}
	s.c.Victim, s.c.Adult, s.c.Offender, s.c.Contacts = ev.Victim, ev.Adult, ev.Offender, ev.Contacts
	s.c.Terms, s.c.Minor, s.c.Sealed, s.c.Triage = ev.Terms, ev.Minor, ev.Sealed, ev.Triage
	s.c = s.c.clone()
	if s.c.Offender.ID == "" {
		s.c.Offender.ID = string(taskID(s.c.ID, 0)) // opaque, and nobody's yet
	}
	s.c.Cycle = 1
	s.move("T1", Registered)
	if s.c.Minor {
		due := s.at.Add(s.r.Minor.Report)
		s.start(MinorTimer, due, 0)
		s.do(ReportChild{Due: due})
	}
	switch {
	case s.c.Sealed:
		s.raise(SealedCase)
	case s.c.Triage.Track == Undecided:
		s.start(TriageTimer, s.at.Add(s.r.TriageWithin), 0)
	default:
		s.begin("")
	}
	return Applied
}

func (s *step) triaged(ev Triaged) Verdict {
	waiting := s.c.State == Registered && !s.c.OnHold() && !s.c.InEmergency()
	switch {
	case !waiting || s.c.ForSupervisor() && s.c.Supervisor.Why != NotTriaged:
		return Ignored
	case ev.Triage.Track == Undecided:
		return Refused
	}
	s.c.Triage, s.c.Supervisor = ev.Triage, Supervisor{}
	s.begin("")
	return Applied
}

// begin takes a case to where the process starts: from Registered or
// Identifying by T3 to T5, and anew by the transition that is named.
func (s *step) begin(by string) {
	name := func(id string) string {
		if by != "" {
			return by
		}
		return id
	}
	t := s.c.Triage
	switch {
	case t.Track == ToPolice, s.c.Minor && t.Sexual, t.Complainants >= s.r.Complainants, s.c.OffenderMinor, s.c.Sealed:
		s.toStation(name("T5"), 1)
	case !t.Agrees, s.c.NoOffenderContact:
		s.c.NoOffenderContact = true
		s.c.Stage = Counselling
		s.toFeedback(name("T3b"), CounselFeedback, false, s.r.Feedback.Support)
	case len(s.c.Offender.Good()) == 0:
		s.toIdentifying(name("T4"))
	default:
		s.c.Round = 1
		s.toCounsel(name("T3"))
	}
}

// restart begins another cycle.
func (s *step) restart(by string) {
	s.newCycle()
	free := s.c.Triage.Agrees && !s.c.NoOffenderContact && !(s.c.Minor && s.c.Triage.Sexual) && !s.c.OffenderMinor && !s.c.Sealed
	switch {
	case by == "T20" && s.r.Restart == Station:
		s.toStation(by, 1)
	case by == "T20" && s.r.Restart == FFR && free && s.c.Triage.Track == Counsellable:
		s.c.Round = 1
		s.toFFR(by)
	default:
		s.begin(by)
	}
	if s.c.Cycle >= s.r.Final.RestartLimit {
		s.alert(Supervisors, AlarmRestarts)
	}
}

func (s *step) newCycle() {
	s.c.Cycle++
	s.c.Round, s.c.Level, s.c.FinalUnsures = 0, 0, 0
	s.c.Delivered = false
	s.c.Stage = ""
	s.c.Closure, s.c.ClosedAt, s.c.FinalDue = "", time.Time{}, time.Time{}
	for i := range s.c.Contacts {
		s.c.Contacts[i].Tried, s.c.Contacts[i].Counselled = false, false
	}
}

// toCounsel makes the task of warning the offender (T3, T9, T10 …).
func (s *step) toCounsel(by string) {
	s.move(by, CounselDue)
	s.c.Stage, s.c.Delivered, s.c.FinalDue = Counselling, false, time.Time{}
	s.callOffender()
}

func (s *step) callOffender() {
	if len(s.c.Offender.Good()) == 0 {
		s.toFeedback("T7", CounselFeedback, false, s.r.Feedback.NotDelivered)
		return
	}
	s.open(CallOffender, "warn", s.c.Offender, s.at)
}

func (s *step) toIdentifying(by string) {
	s.move(by, Identifying)
	s.c.FinalDue = time.Time{}
	s.start(IdentifyTimer, s.at.Add(s.r.Identify.Within), 0)
	s.open(Identify, "number-unknown", Party{}, s.at)
	s.alert(CyberCell, AlarmIdentify)
}

// toFeedback ends a stage: she is asked, once (I2).
func (s *step) toFeedback(by string, to State, delivered bool, after time.Duration) {
	s.move(by, to)
	s.c.Delivered = delivered
	s.c.FinalDue = time.Time{}
	why := Why("after-stage")
	if !delivered {
		why = "not-delivered"
	}
	s.ask(AskFeedback, why, s.at.Add(after))
}

func (s *step) toFFR(by string) {
	s.move(by, FFRDue)
	s.c.Stage, s.c.Delivered, s.c.FinalDue = FFR, false, time.Time{}
	s.nextContact()
}

// nextContact turns to the next contact whom she approved, or ends the stage.
func (s *step) nextContact() {
	tried, counselled := 0, false
	for _, p := range s.c.Contacts {
		if p.Tried {
			tried++
		}
		counselled = counselled || p.Counselled
	}
	if next, ok := s.untried(); ok && tried < s.r.FFR.Max {
		s.open(CallContact, "family-and-friends", next, s.at)
		return
	}
	if counselled {
		s.toFeedback("T12", FFRFeedback, true, s.r.Feedback.After)
	} else {
		s.toFeedback("T13", FFRFeedback, false, s.r.Feedback.NotDelivered)
	}
}

// untried is the first contact whom she approved, who can be called and has
// not been tried in this cycle.
func (s *step) untried() (Party, bool) {
	for _, p := range s.c.Contacts {
		if p.Approved && !p.Tried && len(p.Good()) > 0 {
			return p, true
		}
	}
	return Party{}, false
}

// toStation sends a dossier to the office of the level.
func (s *step) toStation(by string, level int) {
	s.move(by, StationOpen)
	if s.c.Sealed {
		level = max(level, min(District.level(), s.r.Station.MaxLevel)) // not to his own station
	}
	if level > s.r.Station.MaxLevel {
		level = s.r.Station.MaxLevel
		s.alert(Supervisors, AlarmTopLevel)
	}
	s.c.Stage, s.c.Level, s.c.Delivered, s.c.FinalDue = Station, level, true, time.Time{}
	s.c.Sent, s.c.SentAt, s.c.Reported = true, s.at, false
	s.do(Dossier{Office: Offices[level-1], Level: level})
	s.start(StationTimer, s.at.Add(s.r.Station.Within), 0)
	s.remindFrom(0)
}

func (s *step) remindFrom(nth int) {
	if nth >= len(s.r.Station.Reminders) {
		s.stop(ReminderTimer)
		return
	}
	s.start(ReminderTimer, s.c.SentAt.Add(s.r.Station.Reminders[nth].After), nth)
}

// toWatch starts the 30 days (T8, T14, T16, T21).
func (s *step) toWatch(by string) {
	s.move(by, Watch)
	s.c.FinalDue = s.c.LastFeedback.Add(s.r.Final.After)
	s.start(FinalTimer, s.c.FinalDue, 0)
}

// toFinal is T17.
func (s *step) toFinal() {
	s.move("T17", FinalFeedback)
	s.ask(AskFinal, "30-days", s.at)
}

// close ends the case. The follow-up of a suicidal person and the report on a
// child go on, unless there never was a case.
func (s *step) close(by string, why Closure) {
	s.move(by, Closed)
	s.c.Closure, s.c.ClosedAt, s.c.FinalDue = why, s.at, time.Time{}
	s.c.Hold, s.c.Supervisor, s.c.Emergency = Hold{}, Supervisor{}, Emergency{}
	s.stop(ReminderTimer)
	if why == Hoax || why == Duplicate || why == NotOurs {
		s.stop(MinorTimer)
		s.shutAll(FollowUp, CalledOff)
		s.c.SuicideCare = Care{}
	}
}

// advance is what "still harassed" does, by the stage last tried: T9, T10,
// T14, T16, or all of them as T18 out of Watch.
func (s *step) advance(said Said, news bool) {
	id := func(name string) string {
		if s.c.State == Watch {
			return "T18"
		}
		return name
	}
	switch {
	case s.c.Stage == Station:
		s.toStation(id("T16"), s.c.Level+1)
	case s.c.NoOffenderContact:
		s.offer(said.Choice)
	case s.c.Stage == FFR:
		s.toStation(id("T14"), 1)
	case s.c.OffenderMinor:
		s.toStation(id("T10"), 1)
	case s.c.Delivered && s.c.Round < s.r.MaxRounds && len(s.c.Offender.Good()) > 0:
		s.c.Round++
		s.toCounsel(id("T9"))
	case s.c.Delivered:
		s.toFFR(id("T9"))
	case news:
		s.c.Round = max(1, s.c.Round)
		s.toCounsel(id("T10"))
	default:
		if _, ok := s.untried(); ok {
			s.toFFR(id("T10"))
			return
		}
		if s.c.State == Watch {
			s.move("T18", CounselFeedback)
			s.c.FinalDue = time.Time{}
		}
		s.raise(SignStation)
	}
}

// offer is T3b: nobody may speak with him, and she chooses what is done.
func (s *step) offer(choice Choice) {
	id := "T3b"
	if s.c.State == Watch {
		id = "T18"
	}
	switch choice {
	case ChooseStation:
		s.toStation(id, 1)
		return
	case ChooseCounsel, ChooseFFR:
		if s.c.OffenderMinor || s.c.Minor && s.c.Triage.Sexual {
			break // she may wish it, the law does not
		}
		s.c.NoOffenderContact, s.c.Triage.Agrees = false, true
		switch {
		case choice == ChooseFFR:
			s.toFFR(id)
		case len(s.c.Offender.Good()) == 0:
			s.toIdentifying(id)
		default:
			s.c.Round = max(1, s.c.Round)
			s.toCounsel(id)
		}
		return
	}
	if s.c.State == Watch {
		s.toFeedback("T18", CounselFeedback, false, s.r.Feedback.Support)
		return
	}
	s.unsure(s.r.Feedback.Support)
}

// unsure is T11: she is asked again, until a supervisor looks.
func (s *step) unsure(after time.Duration) {
	s.c.Unsure++
	if s.c.Unsure >= s.r.Feedback.MaxUnsure {
		s.raise(TooUnsure)
		return
	}
	s.loop("T11")
	s.ask(AskFeedback, "again", s.at.Add(after))
}

// resume makes the next thing of the state at hand anew, after an overlay that
// had taken its place.
func (s *step) resume() {
	c := &s.c
	barred := c.NoOffenderContact || c.OffenderMinor || c.Minor && c.Triage.Sexual
	switch {
	case c.State == Registered && c.Triage.Track == Undecided:
		s.start(TriageTimer, s.at.Add(s.r.TriageWithin), 0)
	case c.State == Registered:
		s.begin("")
	case c.State == Identifying && (len(c.Offender.Good()) > 0 || c.NoOffenderContact):
		s.begin("")
	case c.State == Identifying:
		s.resumeIdentifying()
	case c.State == CounselDue && barred:
		s.toFeedback("F-veto", CounselFeedback, false, s.r.Feedback.Support)
	case c.State == FFRDue && barred:
		s.toFeedback("F-veto", FFRFeedback, false, s.r.Feedback.Support)
	case c.State == CounselDue:
		s.callOffender()
	case c.State == FFRDue:
		s.nextContact()
	case c.State.AsksHer():
		s.ask(AskFeedback, "resumed", s.at)
	case c.State == StationOpen && c.Reported:
		s.toFeedback("T15", StationFeedback, true, s.r.Feedback.After)
	case c.State == StationOpen:
		s.start(StationTimer, c.SentAt.Add(s.r.Station.Within), 0)
	case c.State == Watch:
		s.start(FinalTimer, c.FinalDue, 0)
	case c.State == FinalFeedback:
		s.ask(AskFinal, "resumed", s.at)
	}
}

func (s *step) resumeIdentifying() {
	if due := s.c.Since.Add(s.r.Identify.Within); s.at.Before(due) {
		s.start(IdentifyTimer, due, 0)
		return
	}
	s.ask(AskChoice, "resumed", s.at)
}

// hear takes in what she said besides the outcome: further numbers of the
// offender, contacts. It reports whether a number was new.
func (s *step) hear(said Said) (news bool) {
	for _, print := range said.Numbers {
		known := slices.ContainsFunc(s.c.Offender.Numbers, func(n Number) bool { return n.Print == print })
		if print != "" && !known {
			s.c.Offender.Numbers = append(s.c.Offender.Numbers, Number{Print: print})
			news = true
		}
	}
	for _, p := range said.Contacts {
		i := slices.IndexFunc(s.c.Contacts, func(have Party) bool { return have.ID == p.ID })
		switch {
		case p.ID == "":
		case i < 0:
			p.Numbers = slices.Clone(p.Numbers)
			s.c.Contacts = append(s.c.Contacts, p)
		default:
			s.c.Contacts[i].Approved = p.Approved
		}
	}
	return news
}
