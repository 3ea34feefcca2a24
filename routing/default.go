package routing

import (
	"time"

	"powerline/agent"
)

// The categories of DefaultPolicy.
const (
	Crisis           = "crisis"
	DomesticViolence = "domestic-violence"
	Phone            = "phone"
	SocialMedia      = "social-media"
	Stalking         = "stalking"
	Status           = "status"       // of an earlier complaint
	Unclassified     = "unclassified" // nothing chosen in the menu, or silent
	Offender         = "offender"     // he, or his family, ringing back
)

// DefaultPolicy is the tuned policy of the reference day.
func DefaultPolicy() Policy {
	return Policy{
		Categories: []Category{
			crisis(),
			complaint(DomesticViolence, 60, 3, .03),
			complaint(Phone, 20, 1.5, .06),
			complaint(SocialMedia, 20, 1.5, .05),
			complaint(Stalking, 40, 2, .025),
			complaint(Status, 0, 1, .26),
			unclassified(),
			offender(),
		},
		Crisis:       Crisis,
		Default:      Unclassified,
		BreakIn:      true,
		MeanHandling: 200 * time.Second,
		LevelCost:    5,
		IdleGain:     0.02,
		IdleCap:      30 * time.Minute,
		WiderRing:    3 * time.Second,
		// More than IdleCap can give and less than one level of a crisis call:
		// another of the same level goes before her, a less suited one does not.
		Heavy: Heavy{Calls: 3, Within: 2 * time.Hour, Penalty: 40},
		Forecast: Forecast{
			CallsPerHour: 8000.0 / 24,
			Languages: []LanguageShare{
				{"hi", .84}, {"bho", .08}, {"ur", .04}, {"awa", .02}, {"en", .02},
			},
		},
	}
}

func crisis() Category {
	return Category{
		// The head start orders nothing, as crisis calls go first by law.
		Name: Crisis, DelayCost: 20, RingFor: 6 * time.Second, Heavy: true,
		Share: .01, ByLanguage: true, Pool: agent.Women,
		Rings: []Ring{
			{Skills: []Skill{Counsellor}, Language: CallerLanguage},
			{Skills: []Skill{Counsellor, Senior}},
			{After: 8 * time.Second, Skills: []Skill{Inbound}},
		},
	}
}

func complaint(name string, headStart int, delayCost, share float64) Category {
	return Category{
		Name: name, HeadStart: time.Duration(headStart) * time.Second,
		DelayCost: delayCost, RingFor: 10 * time.Second,
		Share: share, ByLanguage: true, Pool: agent.Women,
		Rings: []Ring{
			{Skills: []Skill{Trained}, Language: CallerLanguage},
			{After: 20 * time.Second, Skills: []Skill{Trained}, Language: "hi"},
			// Counsellors stay with what they are trained for, however long the queue.
			{After: 40 * time.Second, Skills: []Skill{Inbound}, Without: []Skill{Counsellor}},
		},
	}
}

func unclassified() Category {
	c := complaint(Unclassified, 0, 1, .53)
	c.ByLanguage = false
	return c
}

func offender() Category {
	return Category{
		Name: Offender, DelayCost: .7, RingFor: 10 * time.Second,
		Share: .035, Pool: agent.MaleOfficers,
		Rings: []Ring{{}}, // any male officer; nobody else, ever
	}
}
