package day

import (
	"slices"

	"powerline/routing"
)

// levels is the ring of each agent for each class of callers, -1 for who may not
// take them: what the members and penalties of a queue, or the tiers of a call
// centre, would be made from. It is read off the rings here once more, so that
// the models of other routers do not rest on ours.
func (w *world) levels() [][]int {
	all := make([][]int, len(w.classes))
	for k, class := range w.classes {
		c := &w.p.Categories[class.category]
		language := w.p.Languages[class.language].Code
		all[k] = make([]int, len(w.p.Agents))
		for i := range w.p.Agents {
			all[k][i] = levelOf(&w.p.Agents[i], c, language, w.rings(c.Name))
		}
	}
	return all
}

// rings of the policy's category of that name.
func (w *world) rings(category string) []routing.Ring {
	for i := range w.opt.Policy.Categories {
		if c := &w.opt.Policy.Categories[i]; c.Name == category {
			return c.Rings
		}
	}
	return nil
}

func levelOf(p *Person, c *Category, language string, rings []routing.Ring) int {
	if !p.may(c.Pool) {
		return -1
	}
	for level, r := range rings {
		wants := r.Language
		if wants == routing.CallerLanguage {
			wants = language
		}
		speaks := wants == "" || wants == routing.AnyLanguage || slices.Contains(p.Languages, wants)
		able := len(r.Skills) == 0 || slices.ContainsFunc(r.Skills, func(s routing.Skill) bool { return p.has(s, c.Name) })
		barred := slices.ContainsFunc(r.Without, func(s routing.Skill) bool { return p.has(s, c.Name) })
		if speaks && able && !barred {
			return level
		}
	}
	return -1
}

func (p *Person) has(s routing.Skill, category string) bool {
	switch s {
	case routing.Counsellor:
		return p.Counsellor
	case routing.Senior:
		return p.Senior
	case routing.Trained:
		return p.takes(category)
	case routing.Inbound:
		return len(p.Categories) > 0
	}
	return false
}
