package ivr

import (
	"context"
	"log/slog"
	"time"
)

// Answer is what the greeting found out.
type Answer struct {
	// Category is always one that the menu knows.
	Category string `json:"category"`
	// Language is the one she chose, or the menu's.
	Language string `json:"language"`
	// Chose is set when a key named the category.
	Chose bool `json:"chose,omitempty"`
	// Keyed and Spoke: she pressed any key at all; she was heard.
	Keyed bool `json:"keyed,omitempty"`
	Spoke bool `json:"spoke,omitempty"`
	// Danger: the same key came twice. Category is then the menu's crisis.
	Danger bool `json:"danger,omitempty"`
	// Last is the key that was pressed last.
	Last Press `json:"last,omitzero"`
	// Took is how long the greeting lasted.
	Took time.Duration `json:"took"`
}

// Silent reports that she neither pressed a key nor was heard.
func (a Answer) Silent() bool { return !a.Keyed && !a.Spoke }

// LogValue leaves the keys out.
func (a Answer) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("category", a.Category), slog.String("language", a.Language),
		slog.Bool("chose", a.Chose), slog.Bool("silent", a.Silent()),
		slog.Bool("danger", a.Danger), slog.Duration("took", a.Took))
}

// Greet speaks the greeting and the choices and listens for a key, which may
// come at any time. A key that chooses a category ends it at once; a key that
// chooses a language begins the choices again in that language; any other key
// changes nothing. It ends after the menu's limit at the latest, or at once
// when ctx ends because she hung up.
func Greet(ctx context.Context, line Line, menu Menu) Answer {
	g := greeting{menu: menu, began: time.Now(), answer: Answer{
		Category: menu.Unclassified, Language: menu.Language,
	}}
	line.Language(menu.Language)
	ctx, cancel := context.WithTimeout(ctx, min(menu.Limit, MaxGreeting))
	defer cancel()
	v := voice{line: line}
	defer v.hush()
	v.say(ctx, present(menu.Greeting, menu.Choices)...)
	var lingered <-chan time.Time
	for keys, heard := line.Keys(), line.Heard(); ; {
		select { // Every way out of the greeting stands here.
		case <-ctx.Done():
			return g.end()
		case <-lingered:
			return g.end()
		case <-v.done:
			v.ended()
			lingered = time.After(menu.Linger)
		case _, open := <-heard:
			g.answer.Spoke = g.answer.Spoke || open
			if !open {
				heard = nil
			}
		case key, open := <-keys:
			if !open {
				keys = nil
				continue
			}
			over, language := g.press(key)
			if over {
				return g.end()
			}
			if language != "" {
				line.Language(language)
				lingered = nil
				v.say(ctx, present(menu.Choices)...)
			}
		}
	}
}

// greeting is the state of one Greet.
type greeting struct {
	menu   Menu
	began  time.Time
	reader reader
	answer Answer
}

// press takes a key: over when it settled the greeting, a language when it
// chose one.
func (g *greeting) press(key string) (over bool, language string) {
	now := time.Now()
	g.answer.Keyed = true
	if g.answer.Last.pressed(key, now, g.menu.Danger) {
		g.answer.Danger, g.answer.Category = true, g.menu.Crisis
		return true, ""
	}
	chosen := g.menu.Keys[g.reader.read(key, now)]
	if chosen.Language != "" {
		g.answer.Language = chosen.Language
		return false, chosen.Language
	}
	if chosen.Category != "" {
		g.answer.Category, g.answer.Chose = chosen.Category, true
		return true, ""
	}
	return false, ""
}

func (g *greeting) end() Answer {
	g.answer.Took = time.Since(g.began)
	return g.answer
}

// present leaves out the prompts that the menu does not have.
func present(ids ...string) []string {
	var kept []string
	for _, id := range ids {
		if id != "" {
			kept = append(kept, id)
		}
	}
	return kept
}
