package grafana

// outbound is the other half: whom we call, and where cases stand.
func outbound() page {
	return page{
		name: "outbound", title: "Powerline: outbound and ladder", refresh: "15s", from: "now-12h",
		about: "What is due, why it rests, whom we reach, and where cases stand on the redressal ladder.",
		rows: []row{
			{"Now", []panel{
				{shape: number, title: "Due", unit: count, about: "Tasks that are due and within their window.",
					queries: []query{{"sum(max by (kind) (dialer_due_tasks))", "due"}}},
				{shape: number, title: "Late", unit: count, about: "Tasks that have been due for over a day.",
					queries: []query{{`sum(max by (kind) (dialer_tasks{are="late"}))`, "late"}}, steps: rising(1, 100)},
				{shape: number, title: "Set aside", unit: count, about: "Tasks that could not be worked on and wait for a supervisor.",
					queries: []query{{`sum(max by (kind) (dialer_tasks{are="set-aside"}))`, "set aside"}}, steps: rising(1, 20)},
				{shape: number, title: "Without an outcome", unit: count, about: "Conversations over half an hour old of which nobody has said what came of them.",
					queries: []query{{"max(dialer_uncoded)", "uncoded"}}, steps: rising(1, 10)},
				{shape: number, title: "Open cases", unit: count, about: "Cases that are not closed.",
					queries: []query{{"sum(max by (state) (dialer_cases))", "open"}}},
				{shape: number, title: "With a supervisor", unit: count, about: "Open cases that stand still until a supervisor decides.",
					queries: []query{{"max(dialer_cases_with_supervisor)", "with a supervisor"}}, steps: rising(1, 50)},
			}},
			{"The ladder", []panel{
				{shape: stacked, title: "Open cases, by where they stand", unit: count, about: "docs/redressal.md explains the states.",
					queries: []query{{"max by (state) (dialer_cases)", "{{state}}"}}},
				{shape: bars, title: "Closed cases, by why", unit: count, wide: 6, about: "All that were ever closed. Resolved is her positive final feedback; who could not be reached stands beside it and is never counted as resolved.",
					queries: []query{{"max by (closure) (dialer_cases_closed)", "{{closure}}"}}},
				{shape: bars, title: "Moved by time in the last day", unit: count, wide: 6, about: "Timers of cases that fired: the 30 days, the police's week and the like.",
					queries: []query{{"sum by (timer) (increase(dialer_timers_total[1d]))", "{{timer}}"}}},
			}},
			{"Calls that we make", []panel{
				{shape: stacked, title: "Attempts, a minute", unit: count, about: "By how they ended; for those that reached nobody, why.",
					queries: []query{{"60 * sum by (outcome, cause) (rate(acd_attempts_total[$__rate_interval]))", "{{outcome}} {{cause}}"}}},
				{shape: lines, title: "Reached, of those that we dialled", unit: share, about: "Calls that were answered / calls that were dialled, over an hour.",
					queries: []query{{`sum by (kind) (increase(acd_attempts_total{outcome=~"complete-.*|broken-off"}[1h]))
/
(sum by (kind) (increase(acd_attempts_total{outcome!="not-placed"}[1h])) > 0)`, "{{kind}}"}}},
				{shape: stacked, title: "Calls in hand", unit: count, about: "An agent's phone rings first, then the other's.",
					queries: []query{{"max by (stage) (acd_outbound_calls)", "{{stage}}"}}},
				{shape: lines, title: "Average conversation over an hour", unit: seconds, about: "By kind of task.",
					queries: []query{{"sum by (kind) (increase(acd_outbound_talk_seconds_sum[1h])) / sum by (kind) (increase(acd_outbound_talk_seconds_count[1h]))", "{{kind}}"}}},
			}},
			{"What waits, and why", []panel{
				{shape: stacked, title: "Due tasks, by kind", unit: count, about: "Due and within their window.",
					queries: []query{{"max by (kind) (dialer_due_tasks)", "{{kind}}"}}},
				{shape: stacked, title: "Due tasks that only lack an agent", unit: count, about: "nobody-fits: nobody who may do it is logged in; callers-wait, kept-back: agents are kept for callers; all-busy, behind-others: as it says.",
					queries: []query{{"max by (reason) (dialer_resting_tasks)", "{{reason}}"}}},
				{shape: lines, title: "Held for callers, paused by an operator", unit: count, about: "1 while nothing of the pool is begun because a caller had to wait, or while an operator has paused the kind.",
					queries: []query{{"max by (pool) (dialer_held)", "held: {{pool}}"}, {"max by (kind) (dialer_paused)", "paused: {{kind}}"}}},
				{shape: stacked, title: "Forbidden at the last moment, an hour", unit: count, about: "Attempts that a rule forbade. Single ones are races, and right; one that rises steadily wants `dialer explain`.",
					queries: []query{{"sum by (rule) (increase(dialer_refused_total[1h]))", "{{rule}}"}}},
				{shape: stacked, title: "Taken back while they rang, an hour", unit: count, about: "crisis: a caller needed the agent.",
					queries: []query{{"sum by (reason) (increase(dialer_taken_back_total[1h]))", "{{reason}}"}}},
				{shape: stacked, title: "Callers who gave up, by what follows, an hour", unit: count, about: "called-back, or why nobody calls them.",
					queries: []query{{"sum by (follows) (increase(dialer_gave_up_total[1h]))", "{{follows}}"}}},
			}},
			{"The dialer", []panel{
				{shape: lines, title: "Rounds a second", unit: count, about: "A dialer that is stuck does not come to the end of a round.",
					queries: []query{{"sum by (work) (rate(dialer_rounds_total[1m]))", "{{work}}"}}},
				{shape: lines, title: "Deliveries to the world", unit: count, about: "What other systems are still to be told, and what was given up.",
					queries: []query{{"max by (are) (dialer_undelivered)", "{{are}}"}}},
			}},
		},
	}
}
