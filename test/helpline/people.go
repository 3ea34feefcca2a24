package helpline

import (
	"crypto/rand"
	"fmt"

	"powerline/agent"
)

// Person is an agent with what she needs to log in.
type Person struct {
	agent.Profile
	Name, PIN, Secret string
}

// allCategories is everything a woman on the helpline may be trained for.
var allCategories = []string{"domestic-violence", "phone", "social-media", "stalking", "status", "unclassified", "silent"}

// people makes a roster: women, of whom some are seniors and counsellors, male
// officers, and men who are neither (they must never be rung at all).
func people(o Options) []Person {
	var all []Person
	add := func(kind string, n int, p agent.Profile) {
		for i := range n {
			p.ID = agent.ID(fmt.Sprintf("%s%03d", kind, i+1))
			one := Person{
				Profile: p, Name: string(p.ID),
				PIN: fmt.Sprintf("%04d", 2000+len(all)), Secret: rand.Text(),
			}
			if o.Each != nil {
				o.Each(&one)
			}
			all = append(all, one)
		}
	}
	languages := []string{"hi", "en"}
	add("w", o.Women, agent.Profile{Woman: true, Languages: languages, Categories: allCategories, Outbound: []string{"feedback"}})
	add("s", o.Seniors, agent.Profile{Woman: true, Senior: true, Languages: languages, Categories: allCategories})
	add("c", o.Counsellors, agent.Profile{Woman: true, Counsellor: true, Languages: languages, Categories: []string{"crisis"}})
	add("m", o.Officers, agent.Profile{Officer: true, Languages: languages, Categories: []string{"ring-back"}, Outbound: []string{"offender", "ffr"}})
	add("x", o.Men, agent.Profile{Languages: languages, Categories: allCategories})
	return all
}
