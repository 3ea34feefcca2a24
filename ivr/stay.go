package ivr

import (
	"math"
	"time"
)

// stay decides what is said to a waiting caller and when. It reads no clock and
// plays nothing: KeepCompany asks it.
type stay struct {
	company  Company
	waiting  Waiting
	language string
	reader   reader
	last     Press

	// silent: she has chosen nothing yet, so a key may have to speak for her.
	silent bool
	// asked: the silent prompt was begun, so every key is a plea from now on.
	asked bool
	// spoke and danger are each told once; pleaded keys are confirmed once.
	spoke, danger, pleaded bool
	// crisis: she hears no figures, and comfort more often.
	crisis bool

	// nobody is what was known last, news that she has not yet heard it.
	nobody, news bool

	// quietSince is when the last announcement ended; the others say when the
	// next of their kind is due.
	quietSince time.Time
	announceAt time.Time
	silentAt   time.Time
	nobodySaid time.Time
	// toldPosition and toldWait are what she was told last; they never rise.
	toldPosition, toldWait int
}

func newStay(c Company, now time.Time) *stay {
	s := &stay{
		company: c, waiting: c.Waiting, language: c.Answer.Language, last: c.Answer.Last,
		silent:       !c.Answer.Chose && !c.Answer.Danger,
		danger:       c.Answer.Danger,
		crisis:       c.Answer.Danger || c.Answer.Category == c.Menu.Crisis && c.Menu.Crisis != "",
		quietSince:   now.Add(-c.Waiting.Gap),
		announceAt:   now.Add(c.Waiting.First),
		silentAt:     now.Add(c.Waiting.SilentAfter),
		toldPosition: math.MaxInt, toldWait: math.MaxInt,
	}
	if s.language == "" {
		s.language = c.Menu.Language
	}
	if s.last.Key == "*" {
		s.reader.star = s.last.At
	}
	if c.Answer.Spoke {
		s.heard(now)
	}
	return s
}

// first is what she hears at once.
func (s *stay) first(now time.Time) []string {
	if prompts := s.due(now, false); len(prompts) > 0 {
		return prompts
	}
	if s.company.Resumed {
		return nil
	}
	return present(s.waiting.Connecting)
}

// due is what is to be said now; nothing while something is being said, or too
// soon after it. Nobody comes before silence, silence before a figure; the news
// that nobody is there interrupts whatever is being said.
func (s *stay) due(now time.Time, speaking bool) []string {
	place := s.look()
	switch {
	case place.Nobody && s.news && now.Sub(s.nobodySaid) >= newsAgain:
		s.news, s.nobodySaid = false, now
		return present(s.waiting.Nobody)
	case speaking || now.Sub(s.quietSince) < s.waiting.Gap:
		return nil
	case place.Nobody && now.Sub(s.nobodySaid) >= s.waiting.NobodyEvery:
		s.nobodySaid = now
		return present(s.waiting.Nobody)
	case s.silent && !now.Before(s.silentAt):
		s.silentAt, s.asked = now.Add(s.waiting.SilentEvery), true
		return present(s.waiting.Silent)
	case place.Nobody || now.Before(s.announceAt):
		return nil
	case s.crisis:
		s.announceAt = now.Add(s.waiting.CrisisEvery)
		return present(s.waiting.CrisisComfort)
	}
	s.announceAt = now.Add(s.waiting.Every)
	if figures := s.figures(place); len(figures) > 0 {
		return figures
	}
	return present(s.waiting.Comfort)
}

// newsAgain keeps an agent who comes and goes from turning the news that nobody
// is there into a stammer.
const newsAgain = 10 * time.Second

// look asks for the place and notices when the last agent went.
func (s *stay) look() Place {
	if s.company.Place == nil {
		return Place{}
	}
	place := s.company.Place()
	s.news = place.Nobody && (s.news || !s.nobody)
	s.nobody = place.Nobody
	return place
}

// figures is the position and the wait in prompts, as far as each is known and
// not above what she was told before.
func (s *stay) figures(place Place) []string {
	var prompts []string
	if n := place.Position; n >= 1 && n <= s.waiting.MaxPosition && n <= s.toldPosition {
		s.toldPosition = n
		prompts = s.waiting.sayPosition(n)
	}
	if place.Wait <= 0 {
		return prompts
	}
	if minutes := s.waiting.step(place.Wait); minutes > 0 && minutes <= s.toldWait {
		s.toldWait = minutes
		prompts = append(prompts, s.waiting.wait(minutes))
	}
	return prompts
}

// heard is her voice, told once. What a machine takes for a voice may be the
// noise around a woman who cannot speak; so the voice puts the silent prompt
// off and does not cancel it.
func (s *stay) heard(now time.Time) []Sign {
	s.silentAt = now.Add(s.waiting.SilentEvery)
	if s.spoke {
		return nil
	}
	s.spoke = true
	return []Sign{{Kind: Spoke}}
}

// press takes a key: what it tells, and the prompt that confirms it.
func (s *stay) press(key string, now time.Time) (signs []Sign, reply string) {
	within := s.company.Menu.Danger
	if s.asked {
		within = s.waiting.PairWithin
	}
	pair := s.last.pressed(key, now, within)
	whole := s.reader.read(key, now)
	if s.asked {
		signs, reply = s.plead(key)
	}
	switch chosen := s.company.Menu.Keys[whole]; {
	case pair && !s.danger:
		s.danger, s.crisis, s.silent = true, true, false
		return append(signs, Sign{Kind: Danger, Key: key, Category: s.company.Menu.Crisis}), s.waiting.DangerHeard
	case s.nobody && key == s.waiting.EmergencyKey:
		return append(signs, Sign{Kind: Emergency, Key: key}), s.waiting.EmergencyHeard
	case chosen.Language != "":
		s.language, s.silent = chosen.Language, false
		return append(signs, Sign{Kind: ChoseLanguage, Key: whole, Language: chosen.Language}), reply
	case s.chooses(chosen.Category):
		return append(signs, s.choose(whole, chosen.Category)), reply
	}
	return signs, reply
}

// plead lets a key speak for her. Only the first is confirmed: she may press
// many, and being interrupted at each would drown what she is told.
func (s *stay) plead(key string) ([]Sign, string) {
	reply := s.waiting.KeyHeard
	if s.pleaded {
		reply = ""
	}
	s.pleaded, s.silent = true, false
	return []Sign{{Kind: Plea, Key: key}}, reply
}

// chooses tells whether a late key of the menu counts. The crisis key always
// does. Any other does not once keys speak for her or she is in a crisis, and
// the key for "no category" would only take away what is known already.
func (s *stay) chooses(category string) bool {
	switch category {
	case "", s.company.Menu.Unclassified:
		return false
	case s.company.Menu.Crisis:
		return true
	}
	return !s.asked && !s.crisis
}

// choose takes the late key.
func (s *stay) choose(key, category string) Sign {
	s.silent = false
	s.crisis = s.crisis || category == s.company.Menu.Crisis
	return Sign{Kind: Chose, Key: key, Category: category}
}

func (s *stay) tell(signs ...Sign) {
	for _, sign := range signs {
		if s.company.Tell != nil {
			s.company.Tell(sign)
		}
	}
}
