package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Local is the time zone of every window: India has one zone, without summer
// time, so it is fixed and needs no zone file. Everything else is in UTC (I12).
var Local = time.FixedZone("IST", 5*60*60+30*60)

// Days is a set of weekdays: bit n stands for time.Weekday(n), Sunday being 0.
type Days uint8

// EveryDay is the whole week.
const EveryDay Days = 1<<7 - 1

// Has reports whether the day is in the set.
func (d Days) Has(day time.Weekday) bool { return d&(1<<day) != 0 }

var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Window is a part of a day on some days, in local time: from From until just
// before To, both in minutes after midnight, 0 ≤ From < To ≤ 1440. One that
// passes midnight is written as two.
//
// As text: "mon-fri 14:00-16:00", "sat,sun 10:00-24:00", "daily 09:00-20:00".
type Window struct {
	Days Days
	From int
	To   int
}

// Windows are open when one of them is. None at all means never open, except
// in Terms, where it means that she set no limit.
type Windows []Window

const minutesADay = 24 * 60

// Daily is a window of every day, from and to being hours.
func Daily(from, to int) Windows {
	return Windows{{Days: EveryDay, From: from * 60, To: to * 60}}
}

// ParseWindow reads the text form.
func ParseWindow(text string) (Window, error) {
	days, hours, ok := strings.Cut(strings.ToLower(strings.TrimSpace(text)), " ")
	if !ok {
		return Window{}, fmt.Errorf("window %q: want days and hours, such as \"mon-fri 14:00-16:00\"", text)
	}
	set, err := parseDays(days)
	if err != nil {
		return Window{}, fmt.Errorf("window %q: %w", text, err)
	}
	first, last, ok := strings.Cut(strings.TrimSpace(hours), "-")
	if !ok {
		return Window{}, fmt.Errorf("window %q: want hours such as 14:00-16:00", text)
	}
	from, err := parseClock(first)
	if err != nil {
		return Window{}, fmt.Errorf("window %q: %w", text, err)
	}
	to, err := parseClock(last)
	if err != nil {
		return Window{}, fmt.Errorf("window %q: %w", text, err)
	}
	w := Window{Days: set, From: from, To: to}
	if err := w.validate(); err != nil {
		return Window{}, fmt.Errorf("window %q: %w", text, err)
	}
	return w, nil
}

func (w Window) validate() error {
	switch {
	case w.Days == 0 || w.Days > EveryDay:
		return fmt.Errorf("no such days")
	case w.From < 0 || w.To > minutesADay || w.From >= w.To:
		return fmt.Errorf("must begin before it ends, within one day; write one that passes midnight as two")
	}
	return nil
}

func parseDays(text string) (Days, error) {
	if text == "daily" {
		return EveryDay, nil
	}
	var set Days
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		from := slices.Index(dayNames[:], first)
		to := from
		if span {
			to = slices.Index(dayNames[:], last)
		}
		if from < 0 || to < 0 {
			return 0, fmt.Errorf("%q is no day: want sun, mon … sat, a span such as mon-fri, or daily", part)
		}
		for day := from; ; day = (day + 1) % 7 {
			set |= 1 << day
			if day == to {
				break
			}
		}
	}
	return set, nil
}

// parseClock reads HH:MM as minutes after midnight; 24:00 is the end of the day.
func parseClock(text string) (int, error) {
	if len(text) == 5 && text[2] == ':' {
		hour, minute := twoDigits(text[:2]), twoDigits(text[3:])
		if at := hour*60 + minute; hour >= 0 && minute >= 0 && minute < 60 && at <= minutesADay {
			return at, nil
		}
	}
	return 0, fmt.Errorf("%q is no time of day: want HH:MM", text)
}

func twoDigits(text string) int {
	a, b := text[0], text[1]
	if a < '0' || a > '9' || b < '0' || b > '9' {
		return -minutesADay
	}
	return int(a-'0')*10 + int(b-'0')
}

// String is the text form.
func (w Window) String() string {
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", w.Days, w.From/60, w.From%60, w.To/60, w.To%60)
}

// String is the text form of the days: "daily", or each day by name.
func (d Days) String() string {
	if d == EveryDay {
		return "daily"
	}
	var names []string
	for day, name := range dayNames {
		if d.Has(time.Weekday(day)) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// MarshalText is the text form, for JSON and YAML.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads the text form.
func (w *Window) UnmarshalText(text []byte) error {
	parsed, err := ParseWindow(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}

// Open reports whether t lies in one of the windows.
func (ws Windows) Open(t time.Time) bool {
	t = t.In(Local)
	minute := t.Hour()*60 + t.Minute()
	return slices.ContainsFunc(ws, func(w Window) bool {
		return w.Days.Has(t.Weekday()) && w.From <= minute && minute < w.To
	})
}

// NextOpen is the earliest moment, not before t, at which a window is open;
// false when none ever is. It is in UTC.
func (ws Windows) NextOpen(t time.Time) (time.Time, bool) {
	if ws.Open(t) {
		return t.UTC(), true
	}
	var best time.Time
	for _, w := range ws {
		for day := 0; day <= 7; day++ {
			opens := midnight(t, day).Add(time.Duration(w.From) * time.Minute)
			if !w.Days.Has(opens.Weekday()) || opens.Before(t) {
				continue
			}
			if best.IsZero() || opens.Before(best) {
				best = opens
			}
			break
		}
	}
	return best.UTC(), !best.IsZero()
}

// OpenFor reports whether the windows are open at t and still are d later: who
// begins to ring now must not ring on when the window has closed.
func (ws Windows) OpenFor(t time.Time, d time.Duration) bool {
	if d < 0 || !ws.Open(t) {
		return false
	}
	for end := t.Add(d); !t.After(end); {
		if !ws.Open(t) {
			return false
		}
		t = ws.closes(t)
	}
	return true
}

// closes is the end of the window that is open at t, the latest of several.
func (ws Windows) closes(t time.Time) time.Time {
	local := t.In(Local)
	minute := local.Hour()*60 + local.Minute()
	last := 0
	for _, w := range ws {
		if w.Days.Has(local.Weekday()) && w.From <= minute && minute < w.To {
			last = max(last, w.To)
		}
	}
	return midnight(t, 0).Add(time.Duration(last) * time.Minute)
}

// Within is where both are open.
func (ws Windows) Within(other Windows) Windows {
	var both Windows
	for _, a := range ws {
		for _, b := range other {
			w := Window{Days: a.Days & b.Days, From: max(a.From, b.From), To: min(a.To, b.To)}
			if w.validate() == nil && !slices.Contains(both, w) {
				both = append(both, w)
			}
		}
	}
	return both
}

// midnight is the local midnight that begins the day of t, or n days later.
func midnight(t time.Time, n int) time.Time {
	y, m, d := t.In(Local).Date()
	return time.Date(y, m, d+n, 0, 0, 0, 0, Local)
}

// dayOf numbers local days, so that two moments of one day have one number.
func dayOf(t time.Time) int {
	_, offset := t.In(Local).Zone()
	seconds := t.Unix() + int64(offset)
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return int(day)
}
