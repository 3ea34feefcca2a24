package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// item is one line of the last events.
type item struct {
	at      time.Time
	text    string
	serious bool
}

// stories tell what it means that a counter rose. Label values take the place
// of %s, in this order; the first word of a label that has no story of its own
// is shown as it is.
var stories = []struct {
	name    string
	labels  []string
	serious bool
	text    string
}{
	{"acd_answer_seconds_count", []string{"category"}, false, "answered: %s"},
	{"acd_calls_total", []string{"outcome", "category"}, false, "ended: %s, %s"},
	{"acd_offers_total", []string{"outcome"}, false, "offer not taken: %s"},
	{"acd_silent_callers_total", []string{"plea"}, false, "a caller who does not speak: %s"},
	{"acd_agent_codes_total", []string{"result"}, false, "an agent dialled a code: %s"},
	{"acd_calls_adopted_total", nil, true, "calls taken over from the engine that died"},
	{"acd_calls_rebuilt_total", nil, true, "calls rebuilt from their channels"},
	{"acd_store_rebuilds_total", nil, true, "the live state was gone and was rebuilt"},
	{"acd_store_failures_total", nil, true, "Redis did not answer"},
	{"acd_reconcile_repairs_total", []string{"what"}, true, "a difference was mended: %s"},
	{"acd_law_refusals_total", []string{"rule"}, true, "a law refused a commit: %s"},
	{"acd_fenced_total", nil, true, "an action was refused because another engine owns the call"},
	{"dialer_taken_back_total", []string{"reason"}, true, "a phone that rang for us rings no more: %s"},
	{"dialer_set_aside_total", nil, true, "a task was set aside for a supervisor"},
	{"acd_freezes_total", nil, true, "the engine did not run for a while"},
}

// dull are risings that other lines tell better.
var dull = map[string]bool{"offer not taken: connected": true, "an agent dialled a code: not-now": true}

// changes tells what has happened between two readings.
func changes(before, now figures, at time.Time) []item {
	var all []item
	for _, s := range stories {
		type key [2]string
		risen := map[key]float64{}
		for sign, f := range map[float64]figures{-1: before, 1: now} {
			f.each(s.name, func(labels map[string]string, value float64) {
				var k key
				for i, label := range s.labels {
					k[i] = labels[label]
				}
				risen[k] += sign * value
			})
		}
		var lines []item
		for k, n := range risen {
			if n < 0.5 {
				continue
			}
			values := make([]any, len(s.labels))
			for i := range s.labels {
				values[i] = k[i]
			}
			text := fmt.Sprintf(s.text, values...)
			if dull[text] {
				continue
			}
			if n > 1.5 {
				text = fmt.Sprintf("%s (%.0f times)", text, n)
			}
			lines = append(lines, item{at, text, s.serious})
		}
		slices.SortFunc(lines, func(a, b item) int { return strings.Compare(a.text, b.text) })
		all = append(all, lines...)
	}
	return all
}
