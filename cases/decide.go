package cases

import (
	"slices"
)

// decided is what a supervisor decides. She may do much, but not resolve a
// case, not call an offender whom the law of the ladder protects her from
// calling, and not let a counsellor take her own feedback.
func (s *step) decided(ev Decided) Verdict {
	if s.c.State == Closed && ev.Do != ReopenCase {
		return Ignored
	}
	switch ev.Do {
	case Resume:
		return s.decidedResume()
	case ToCounsel, ToFFR, ToStation:
		return s.decidedStage(ev.Do)
	case AskHer:
		return s.decidedAsk()
	case Close:
		return s.decidedClose(ev.Closure)
	case HoldBack:
		if s.c.frozen() {
			return Refused
		}
		s.raise(Held)
		return Applied
	case ReopenCase:
		if s.c.State != Closed {
			return Ignored
		}
		s.restart("T25")
		return Applied
	case Reassign:
		return s.decidedReassign(ev)
	case Reschedule:
		return s.decidedReschedule(ev)
	}
	return Refused
}

func (s *step) decidedResume() Verdict {
	if !s.c.ForSupervisor() {
		return Ignored
	}
	s.c.Supervisor = Supervisor{}
	s.c.Sets, s.c.Unsure, s.c.Refusals = 0, 0, 0
	following := slices.ContainsFunc(s.c.Tasks, func(t Task) bool { return t.Kind == FollowUp })
	if s.c.InCare() && !following && len(s.followed().Good()) > 0 {
		s.c.SuicideCare.Missed = 0
		s.follow("resumed", s.at)
	}
	switch {
	case s.c.InEmergency() && s.c.Emergency.Confirmed:
		s.ask(Recontact, "resumed", s.at)
	case s.c.InEmergency():
		s.start(EmergencyTimer, s.at.Add(s.r.Danger.Confirm), 0)
	case s.c.OnHold() && s.at.Before(s.c.Hold.Until):
		s.ask(AskAgain, "resumed", s.at)
	case s.c.OnHold():
		s.release()
	default:
		s.resume()
	}
	return Applied
}

func (s *step) decidedStage(do Decision) Verdict {
	unconfirmed := s.c.InEmergency() && !s.c.Emergency.Confirmed
	protected := s.c.NoOffenderContact || s.c.OffenderMinor || s.c.Minor && s.c.Triage.Sexual || s.c.InEmergency()
	switch {
	case unconfirmed || s.c.OnHold():
		return Refused
	case do != ToStation && protected:
		return Refused // I1
	case do == ToCounsel && len(s.c.Offender.Good()) == 0:
		return Refused
	}
	s.c.Supervisor, s.c.Emergency = Supervisor{}, Emergency{}
	switch do {
	case ToCounsel:
		s.c.Round++
		s.toCounsel("F-supervisor")
	case ToFFR:
		s.toFFR("F-supervisor")
	case ToStation:
		level := 1
		if s.c.Stage == Station {
			level = s.c.Level + 1
		}
		s.toStation(s.signs(), level)
	}
	return Applied
}

// signs: the dossier of a case in which nobody was warned goes out with a
// supervisor's word (T10).
func (s *step) signs() string {
	if s.c.State == CounselFeedback && !s.c.Delivered {
		return "T10"
	}
	return "F-supervisor"
}

func (s *step) decidedAsk() Verdict {
	switch {
	case s.c.OnHold() || s.c.InEmergency():
		return Refused
	case !s.c.State.AsksHer() && s.c.State != FinalFeedback:
		return Refused
	case !s.c.ForSupervisor():
		return Ignored // the question is in hand
	}
	return s.decidedResume()
}

func (s *step) decidedClose(why Closure) Verdict {
	unreached := []Concern{FinalNotReached, NotReached, DidNotRing, WrongVictimNumber, ChoiceNotReached, NobodyToAsk, NoWindow}
	switch {
	case s.c.InEmergency() || s.c.OnHold():
		return Refused
	case why == Unreached && !slices.Contains(unreached, s.c.Supervisor.Why):
		return Refused // a supervisor may not call unreached whom nobody tried
	case why != Unreached && why != NotOurs && why != Duplicate && why != Hoax:
		return Refused // I4
	case why == Unreached && s.c.State == FinalFeedback:
		s.close("T22", why)
	default:
		s.close("F-supervisor", why)
	}
	return Applied
}

func (s *step) decidedReassign(ev Decided) Verdict {
	t, inHand := s.c.Task(ev.Task)
	switch {
	case !inHand:
		return Ignored
	case ev.Agent != "" && slices.Contains(t.Excluded, ev.Agent):
		return Refused // I7
	}
	t.Only = ev.Agent
	s.put(t)
	return Applied
}

func (s *step) decidedReschedule(ev Decided) Verdict {
	t, inHand := s.c.Task(ev.Task)
	switch {
	case !inHand:
		return Ignored
	case t.Kind == AskFinal && ev.Due.Before(s.c.FinalDue), ev.Due.Before(s.at):
		return Refused // I3
	case !t.NotAfter.IsZero() && !ev.Due.Before(t.NotAfter):
		return Refused
	}
	due, ever := t.Window.NextOpen(ev.Due)
	if !ever && t.Kind.Dialled() {
		return Refused
	}
	if !ever {
		due = ev.Due.UTC()
	}
	t.Due = due
	s.put(t)
	return Applied
}
