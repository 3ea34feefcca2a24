package grafana

import "fmt"

// slow is the 99th part of a histogram of latencies, by operation.
func slow(metric string) []query {
	return []query{{fmt.Sprintf("histogram_quantile(0.99, sum by (le, op) (rate(%s_bucket[5m])))", metric), "{{op}}"}}
}

// refusals are the commands to a neighbour that failed, a second.
func refusals(metric, who string) query {
	return query{fmt.Sprintf(`sum(rate(%s_count{result="error"}[5m])) or vector(0)`, metric), who}
}

// rose is by how much a counter has risen in five minutes.
func rose(metric, what string) query {
	return query{fmt.Sprintf("sum(increase(%s[5m]))", metric), what}
}

// telephony is the health of the engines and of what they stand on.
func telephony() page {
	return page{
		name: "telephony", title: "Powerline: telephony health", refresh: "10s", from: "now-3h",
		about: "Engines, Asterisk, Redis, PostgreSQL, trunks and clock; what was taken over, mended or refused.",
		rows: []row{
			{"Is it well?", []panel{
				{shape: number, title: "Engines that take calls", unit: count, about: "0: every caller is in Asterisk's own queues.",
					queries: []query{{`sum(acd_healthy{job="acd"})`, "engines"}}, steps: must},
				{shape: number, title: "Hear from Asterisk", unit: count, about: "1 while every engine is connected and has read Asterisk's facts.",
					queries: []query{{"min(acd_asterisk_connected)", "connected"}}, steps: must},
				{shape: number, title: "Redis answers", unit: count, about: "1 while it answers every process.",
					queries: []query{{"min(acd_store_answers)", "answers"}}, steps: must},
				{shape: number, title: "Records reach PostgreSQL", unit: count, about: "0 while they go to the journal.",
					queries: []query{{"min(acd_records_direct)", "direct"}}, steps: must},
				{shape: number, title: "Trunks", unit: count, about: "0: the trunk does not answer. Only trunks that are asked say so (qualifyEvery).",
					queries: []query{{"min by (trunk) (acd_trunk_up)", "{{trunk}}"}}, steps: must},
				{shape: number, title: "Asterisk runs for", unit: "dtdurations", about: "A restart of Asterisk ends all conversations.",
					queries: []query{{"time() - max(acd_asterisk_start_time_seconds)", "since"}}},
			}},
			{"Fallback and takeover", []panel{
				{shape: stacked, title: "In Asterisk's own queues", unit: count, about: "Callers whom the fallback serves because no engine took them.",
					queries: []query{{"max(acd_fallback_waiting)", "waiting"}, {"max(acd_fallback_talking)", "talking"}}, steps: some},
				{shape: stacked, title: "Claims, a minute", unit: count, about: "Calls that Asterisk offers to all engines. Each but the first engine loses; late and error mean that she went to the fallback.",
					queries: []query{{"60 * sum by (result) (rate(acd_claims_total[$__rate_interval]))", "{{result}}"}}},
				{shape: stacked, title: "Taken over, rebuilt, fenced in five minutes", unit: count, about: "After a crash, a freeze or a wipe as designed; without one, ask why.",
					queries: []query{
						rose("acd_calls_adopted_total", "calls taken over"), rose("acd_calls_rebuilt_total", "calls read off channels"), rose("acd_store_rebuilds_total", "Redis rebuilt"),
						rose("acd_fenced_total", "fenced"), rose("acd_late_acts_total", "too late to act"), rose("acd_freezes_total", "freezes"),
						{`sum(increase(acd_calls_total{outcome="left-to-fallback"}[5m]))`, "left to the fallback"},
					}},
				{shape: stacked, title: "Repairs and refusals of laws in five minutes", unit: count, about: "Target: 0. A refusal means that an engine wanted what a law forbids; the law held.",
					queries: []query{{"sum by (what) (increase(acd_reconcile_repairs_total[5m]))", "mended: {{what}}"}, {"sum by (rule) (increase(acd_law_refusals_total[5m]))", "refused: {{rule}}"}}},
			}},
			{"How fast the neighbours are", []panel{
				{shape: lines, title: "Asterisk: 99 of 100 commands within", unit: seconds, about: "By command.", queries: slow("acd_asterisk_seconds")},
				{shape: lines, title: "Redis: 99 of 100 commands within", unit: seconds, about: "By command.", queries: slow("acd_store_seconds")},
				{shape: lines, title: "PostgreSQL: 99 of 100 commands within", unit: seconds, about: "By command.", queries: slow("acd_database_seconds")},
				{shape: lines, title: "Commands that failed, a second", unit: count, about: "Of each neighbour.",
					queries: []query{refusals("acd_asterisk_seconds", "Asterisk"), refusals("acd_store_seconds", "Redis"), refusals("acd_database_seconds", "PostgreSQL"), {"sum(rate(acd_store_failures_total[5m]))", "no answer from Redis"}}},
				{shape: lines, title: "Decisions of routing: 99 of 100 within", unit: seconds, about: "Who is offered which call.",
					queries: []query{{"histogram_quantile(0.99, sum by (le) (rate(acd_decide_seconds_bucket[5m])))", "decide"}}},
				{shape: lines, title: "Events of Asterisk", unit: count, about: "Those that wait in an engine, and those that it did not understand in five minutes.",
					queries: []query{{"max by (job, instance) (acd_event_backlog)", "waiting at {{job}} {{instance}}"}, rose("acd_events_unknown_total", "unknown"), rose("acd_events_malformed_total", "malformed")}},
			}},
			{"Records, clock and processes", []panel{
				{shape: lines, title: "Records on their way", unit: count, about: "In memory, by process.",
					queries: []query{{"max by (job, instance) (acd_records_queued)", "{{job}} {{instance}}"}}},
				{shape: lines, title: "Journal", unit: octets, about: "Records on disk while PostgreSQL is away, and what the journal may hold.",
					queries: []query{{"max by (job, instance) (acd_journal_bytes)", "{{job}} {{instance}}"}, {"min(acd_journal_max_bytes)", "may hold"}}},
				{shape: lines, title: "Clock", unit: seconds, about: "How far each host's clock is from that of Prometheus, and the most by which its kernel believes it to be off.",
					queries: []query{
						{"max by (instance) (abs(acd_clock_seconds - timestamp(acd_clock_seconds)))", "{{instance}} from Prometheus"},
						{"max by (instance) (acd_clock_error_seconds)", "{{instance}} by its kernel"},
					}},
				{shape: number, title: "Clock is kept right", unit: count, wide: 6, about: "0 while nothing (NTP or the like) synchronises a host's clock.",
					queries: []query{{"min(acd_clock_synchronised)", "synchronised"}}, steps: must},
				{shape: number, title: "Configurations refused in an hour", unit: count, wide: 6, about: "A bad file is refused whole; the log names file, line and column.",
					queries: []query{{`sum(increase(acd_reloads_total{result="refused"}[1h]))`, "refused"}}, steps: some},
				{shape: lines, title: "Processor", unit: share, about: "Of one core.",
					queries: []query{{`rate(process_cpu_seconds_total{job=~"acd|dialer"}[1m])`, "{{job}} {{instance}}"}}},
				{shape: lines, title: "Memory", unit: octets, about: "Resident.",
					queries: []query{{`process_resident_memory_bytes{job=~"acd|dialer"}`, "{{job}} {{instance}}"}}},
				{shape: lines, title: "Goroutines", unit: count, about: "Should follow the number of calls.",
					queries: []query{{`go_goroutines{job=~"acd|dialer"}`, "{{job}} {{instance}}"}}},
				{shape: lines, title: "Open files, of those allowed", unit: share, about: "Sockets are among them.",
					queries: []query{{`process_open_fds{job=~"acd|dialer"} / process_max_fds{job=~"acd|dialer"}`, "{{job}} {{instance}}"}}, steps: rising(.5, .8)},
			}},
		},
	}
}
