package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figures are what an engine's metrics said at one moment: the value of each
// series, by its name and labels as they were written.
type figures map[string]float64

// parseFigures reads the text form of Prometheus, as far as our engine writes
// it. A line that is not understood is an error: a figure that is missing
// without a word would look like a zero.
func parseFigures(text string) (figures, error) {
	f := figures{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		if end < 1 {
			return nil, fmt.Errorf("read metrics: no value in %q", line)
		}
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("read metrics: the value of %q is no number", line[:end])
		}
		if _, _, err := splitSeries(line[:end]); err != nil {
			return nil, err
		}
		f[line[:end]] = value
	}
	return f, nil
}

var seriesName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// splitSeries takes `name{a="b",c="d"}` apart.
func splitSeries(series string) (name string, labels map[string]string, err error) {
	name, rest, labelled := strings.Cut(series, "{")
	if !seriesName.MatchString(name) {
		return "", nil, fmt.Errorf("read metrics: %q is not the name of a figure", name)
	}
	if !labelled {
		return name, nil, nil
	}
	bad := fmt.Errorf("read metrics: the labels of %q are not understood", name)
	labels = map[string]string{}
	for rest != "}" {
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return name, nil, bad
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil {
			return name, nil, bad
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return name, nil, bad
		}
		labels[key] = value
		rest = strings.TrimPrefix(after[len(quoted):], ",")
		if rest == "" {
			return name, nil, bad
		}
	}
	return name, labels, nil
}

// sum of all series of a name that have these labels ("key", "value", …).
func (f figures) sum(name string, labels ...string) float64 {
	total := 0.0
	f.each(name, func(have map[string]string, value float64) {
		if has(have, labels) {
			total += value
		}
	})
	return total
}

func has(have map[string]string, labels []string) bool {
	for i := 0; i+1 < len(labels); i += 2 {
		if have[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

// by adds the series of a name up for each value of a label.
func (f figures) by(name, label string) map[string]float64 {
	totals := map[string]float64{}
	f.each(name, func(have map[string]string, value float64) { totals[have[label]] += value })
	return totals
}

func (f figures) each(name string, do func(labels map[string]string, value float64)) {
	for series, value := range f {
		if series != name && !strings.HasPrefix(series, name+"{") {
			continue
		}
		if _, labels, err := splitSeries(series); err == nil {
			do(labels, value)
		}
	}
}

// quantile of a histogram, all its series together that have these labels: the
// upper edge of the bucket in which it lies. False when nothing was counted.
func (f figures) quantile(name string, q float64, labels ...string) (edge float64, ok bool) {
	counts := map[float64]float64{}
	f.each(name+"_bucket", func(have map[string]string, value float64) {
		if le, err := strconv.ParseFloat(have["le"], 64); err == nil && has(have, labels) {
			counts[le] += value
		}
	})
	all := counts[math.Inf(1)]
	if all == 0 {
		return 0, false
	}
	edges := make([]float64, 0, len(counts))
	for le := range counts {
		edges = append(edges, le)
	}
	slices.Sort(edges)
	for _, le := range edges {
		if counts[le] >= q*all {
			return le, true
		}
	}
	return math.Inf(1), true
}

// counts reports whether a series only rises while its engine lives.
func counts(series string) bool {
	name, _, _ := strings.Cut(series, "{")
	return strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_bucket")
}

// tally adds up what the engines of one run have counted: a process that was
// killed takes its counters with it, and its successor begins at zero.
type tally struct {
	before figures // counted by processes that are gone
	last   figures // as the present one said last
}

const processStart = "process_start_time_seconds"

// add takes in new figures and returns them with what earlier processes counted.
func (t *tally) add(now figures) figures {
	if t.before == nil {
		t.before = figures{}
	}
	if t.last != nil && t.last[processStart] != now[processStart] {
		for series, value := range t.last {
			if counts(series) {
				t.before[series] += value
			}
		}
	}
	t.last = now
	all := figures{}
	for series, value := range now {
		all[series] = value
	}
	for series, value := range t.before {
		all[series] += value
	}
	return all
}
