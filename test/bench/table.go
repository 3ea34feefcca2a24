package bench

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A column shows one figure of one system, or with Over how many times that of
// another it is, each round for itself.
type column struct {
	title, system, figure, over string
}

// table shows a benchmark. With rows it has a line for each figure and a column
// for each system; without, a line for each size that was measured.
type table struct {
	name, bench string
	sizes       []string // names of the sizes, in the order of the columns
	columns     []column
	rows        []column // title and figure; system and over are the column's
}

var tables = []table{
	{
		name: "hand-off", bench: "HandOff", sizes: []string{"agents", "waiting"},
		columns: append(latency(), column{"app_queue : Powerline, p50", appQueueName, "p50-ms", powerlineName}),
	},
	{
		name: "first-offer", bench: "FirstOffer", sizes: []string{"agents", "calls/s"},
		columns: append(latency(), column{"Powerline : app_queue, p50", powerlineName, "p50-ms", appQueueName}),
	},
	{
		name: "cost", bench: "Cost", columns: systems(powerlineName, appQueueName, dialName),
		rows: append(programs("-cpu-s/1000", "CPU s per 1,000 calls: %s"),
			column{title: "CPU s per 1,000 calls: acd + Redis + PostgreSQL", figure: "engine-cpu-s/1000"},
			column{title: "commands to Asterisk per call", figure: "asterisk-commands/call"},
			column{title: "commands to Redis per call", figure: "redis-commands/call"},
			column{title: "at rest, cores: Asterisk", figure: "asterisk-rest-cores"},
			column{title: "at rest, cores: acd", figure: "acd-rest-cores"}),
	},
	{
		name: "memory", bench: "Memory", columns: systems(powerlineName, appQueueName),
		rows: slices.Concat(programs("-rest-mib", "at rest, MiB: %s"), programs("-full-mib", "150 talk, 500 wait, MiB: %s"),
			programs("-call-kib", "per further call, KiB: %s"), programs("-full-cores", "150 talk, 500 wait, cores: %s")),
	},
	{
		name: "sustained", bench: "Sustained", columns: systems(powerlineName, appQueueName, dialName),
		rows: append([]column{
			{title: "highest calls/s sustained", figure: "calls/s"}, {title: "first offer there, p50 ms", figure: "p50-ms"},
			{title: "first offer there, p99 ms", figure: "p99-ms"}, {title: "not sustained: calls/s", figure: "broke-at-calls/s"},
			{title: "first offer there, p99 ms", figure: "broke-p99-ms"}, {title: "calls failed there", figure: "broke-failed"},
		}, append(programs("-cores", "cores at the highest rate: %s"), column{title: "cores at the highest rate: phones", figure: "phones-cores"})...),
	},
	{
		name: "talk", bench: "Talk", columns: systems(powerlineName, appQueueName, dialName),
		rows: append(programs("-cores", "cores: %s"), column{title: "cores: phones", figure: "phones-cores"},
			column{title: "packets lost on the way to callers", figure: "lost-packets"}, column{title: "callers who heard nobody", figure: "mute-legs"}),
	},
	{
		name: "day", bench: "Day", columns: systems(powerlineName),
		rows: []column{
			{title: "inbound calls", figure: "inbound"}, {title: "… answered by an agent", figure: "answered"},
			{title: "… hung up while waiting (one in fifty was told to)", figure: "abandoned"}, {title: "… **lost**", figure: "lost"},
			{title: "… recorded in PostgreSQL", figure: "inbound-records"}, {title: "cases registered", figure: "cases"},
			{title: "outbound attempts", figure: "attempts"}, {title: "… answered", figure: "attempts-answered"},
			{title: "attempts begun in PostgreSQL", figure: "attempts-begun"}, {title: "attempts ended there", figure: "attempts-ended"},
			{title: "**violations of the laws**", figure: "violations"}, {title: "refusals by the last check of a law", figure: "law_refusals_total"},
			{title: "repairs by reconciliation", figure: "reconcile_repairs_total"},
			{title: "cores: Asterisk", figure: "asterisk-cores"}, {title: "cores: acd", figure: "acd-cores"}, {title: "cores: dialer", figure: "dialer-cores"},
			{title: "cores: Redis", figure: "redis-cores"}, {title: "cores: PostgreSQL", figure: "postgres-cores"}, {title: "cores: phones", figure: "phones-cores"},
			{title: "MiB at the end: Asterisk", figure: "asterisk-mib"}, {title: "MiB at the end: acd", figure: "acd-mib"}, {title: "MiB at the end: dialer", figure: "dialer-mib"},
			{title: "MiB at the end: Redis", figure: "redis-mib"}, {title: "MiB at the end: PostgreSQL", figure: "postgres-mib"},
		},
	},
}

// The systems as results name them.
const (
	powerlineName = "powerline"
	appQueueName  = "app_queue"
	dialName      = "dial"
)

var shown = map[string]string{powerlineName: "Powerline", appQueueName: "app_queue", dialName: "plain Dial()"}

func latency() []column {
	var all []column
	for _, system := range []string{powerlineName, appQueueName} {
		for _, p := range []string{"p50", "p95", "p99"} {
			all = append(all, column{title: shown[system] + " " + p, system: system, figure: p + "-ms"})
		}
	}
	return all
}

func systems(names ...string) []column {
	var all []column
	for _, name := range names {
		all = append(all, column{title: shown[name], system: name})
	}
	return all
}

func programs(figure, title string) []column {
	var all []column
	for _, p := range [][2]string{{"asterisk", "Asterisk"}, {"acd", "acd"}, {"redis", "Redis"}, {"postgres", "PostgreSQL"}} {
		all = append(all, column{title: fmt.Sprintf(title, p[1]), figure: p[0] + figure})
	}
	return all
}

// Tables are the tables of the document in Markdown, by name. A benchmark that
// has no results has a line that says so.
func Tables(results []Result) map[string]string {
	all := map[string]string{}
	for _, t := range tables {
		var mine []Result
		for _, r := range results {
			if r.Bench == t.bench {
				mine = append(mine, r)
			}
		}
		all[t.name] = t.render(mine)
	}
	return all
}

func (t table) render(results []Result) string {
	if len(results) == 0 {
		return "Not measured yet.\n"
	}
	var b strings.Builder
	head := slices.Clone(t.sizes)
	if len(t.rows) > 0 {
		head = []string{""}
	}
	for _, c := range t.columns {
		head = append(head, c.title)
	}
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range t.rows {
		cells := []string{row.title}
		for _, c := range t.columns {
			c.figure = row.figure
			cells = append(cells, c.cell(results))
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	if len(t.rows) == 0 {
		t.renderSizes(&b, results)
	}
	fmt.Fprintf(&b, "\n%s\n", circumstances(results))
	return b.String()
}

func (t table) renderSizes(b *strings.Builder, results []Result) {
	for _, group := range bySize(t.sizes, results) {
		var cells []string
		for _, name := range t.sizes {
			cells = append(cells, fmt.Sprintf("%g", group[0].Size[name]))
		}
		for _, c := range t.columns {
			cells = append(cells, c.cell(group))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

// bySize groups results of one size, in the order of the sizes.
func bySize(sizes []string, results []Result) [][]Result {
	key := func(r Result) string {
		var all []string
		for _, name := range sizes {
			all = append(all, fmt.Sprintf("%12.3f", r.Size[name]))
		}
		return strings.Join(all, " ")
	}
	groups := map[string][]Result{}
	for _, r := range results {
		groups[key(r)] = append(groups[key(r)], r)
	}
	var all [][]Result
	for _, k := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, groups[k])
	}
	return all
}

// cell is the median over the rounds and, where rounds differ, the spread.
func (c column) cell(results []Result) string {
	values := c.values(results)
	if len(values) == 0 {
		return "–"
	}
	slices.Sort(values)
	middle, least, most := number(median(values)), number(values[0]), number(values[len(values)-1])
	if least == most {
		return middle
	}
	return fmt.Sprintf("%s (%s–%s)", middle, least, most)
}

func (c column) values(results []Result) (values []float64) {
	for _, r := range results {
		value, ok := r.Figures[c.figure]
		if !ok || r.System != c.system {
			continue
		}
		if c.over == "" {
			values = append(values, value)
		} else if base, ok := beside(results, r, c.over, c.figure); ok && base > 0 {
			values = append(values, value/base)
		}
	}
	return values
}

// beside is the figure of another system in the same round: its nearest in time.
func beside(results []Result, r Result, system, figure string) (float64, bool) {
	distance := func(o Result) int64 { return r.At.Sub(o.At).Abs().Milliseconds() }
	var near []Result
	for _, o := range results {
		if o.System == system && o.Round == r.Round {
			near = append(near, o)
		}
	}
	if len(near) == 0 {
		return 0, false
	}
	o := slices.MinFunc(near, func(a, b Result) int { return cmp.Compare(distance(a), distance(b)) })
	value, ok := o.Figures[figure]
	return value, ok
}

// median of sorted values.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// number has three significant digits, and no more zeros than it needs.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// circumstances say when, where and beside what a table was measured.
func circumstances(results []Result) string {
	rounds := map[string]int{}
	var others, steal []float64
	machines, versions := map[string]bool{}, map[string]bool{}
	for _, r := range results {
		rounds[fmt.Sprint(r.System, r.Size)]++
		others, steal = append(others, r.Beside.Others), append(steal, r.Beside.Steal)
		machines[fmt.Sprintf("%d × %s, %.0f GiB, Linux %s, %s", r.Machine.Cores, r.Machine.Processor, r.Machine.MemoryGiB, r.Machine.Kernel, r.Machine.Go)] = true
		versions[r.Machine.Revision] = true
	}
	slices.Sort(others)
	slices.Sort(steal)
	counts := slices.Sorted(maps.Values(rounds))
	n := fmt.Sprint(counts[0])
	if last := counts[len(counts)-1]; last != counts[0] {
		n += fmt.Sprintf(" to %d", last)
	}
	return fmt.Sprintf("Median (least–most) of %s rounds, %s to %s; %s; revision %s. Beside it, in cores: other programs %.2f (%.2f–%.2f), stolen by the host %.2f (%.2f–%.2f).",
		n, results[0].At.Format(when), results[len(results)-1].At.Format(when), strings.Join(slices.Sorted(maps.Keys(machines)), "; "),
		strings.Join(slices.Sorted(maps.Keys(versions)), ", "), median(others), others[0], others[len(others)-1], median(steal), steal[0], steal[len(steal)-1])
}

const when = "2006-01-02 15:04"
