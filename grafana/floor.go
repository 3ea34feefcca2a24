package grafana

// floor is the helpline at this moment: who waits, who could help.
func floor() page {
	return page{
		name: "floor", title: "Powerline: floor now", refresh: "5s", from: "now-30m",
		about: "Who waits, for how long, and who could help. Every figure is of all engines together.",
		rows: []row{
			{"Callers", []panel{
				{shape: number, title: "Waiting", unit: count, about: "Callers who wait for an agent; those who hear one ring are among them.",
					queries: []query{{"sum(max by (category) (acd_calls_waiting))", "waiting"}}, steps: rising(5, 15)},
				{shape: number, title: "Oldest wait", unit: seconds, about: "The longest wait of those who wait now.",
					queries: []query{{"max(acd_oldest_wait_seconds)", "oldest"}}, steps: rising(15, 60)},
				{shape: number, title: "In the greeting", unit: count, about: "Callers who hear the greeting and the menu.",
					queries: []query{{"max(acd_calls_greeting)", "greeting"}}},
				{shape: number, title: "Talking", unit: count, about: "Callers with an agent.",
					queries: []query{{"sum(max by (category) (acd_calls_talking))", "talking"}}},
				{shape: number, title: "In the fallback", unit: count, about: "Callers whom Asterisk's own queues serve, because no engine took them. Should be 0.",
					queries: []query{{"max(acd_fallback_waiting) + max(acd_fallback_talking)", "fallback"}}, steps: some},
				{shape: number, title: "Alarms", unit: count, about: "Alarms that fire now. What each means and what to do: docs/operations.md.",
					queries: []query{{`count(ALERTS{alertstate="firing"}) or vector(0)`, "firing"}}, steps: some},
				{shape: matrix, title: "Waiting, by category and age", unit: count, across: [2]string{"category", "age"},
					about:   "How many of each category have waited for how many seconds.",
					queries: []query{{"max by (category, age) (acd_calls_waiting_by_age)", ""}}, steps: rising(1, 5)},
				{shape: stacked, title: "Waiting, by age", unit: count, wide: 8, about: "Callers by how many seconds they have waited.",
					queries: []query{{"sum by (age) (max by (category, age) (acd_calls_waiting_by_age))", "{{age}} s"}}},
				{shape: stacked, title: "Talking, by category", unit: count, wide: 8, about: "Callers with an agent.",
					queries: []query{{"max by (category) (acd_calls_talking)", "{{category}}"}}},
			}},
			{"Agents", []panel{
				{shape: stacked, title: "At work, by state", unit: count, about: "Agents whose status is available, by what the system sees.",
					queries: []query{{`sum by (state) (max by (status, state) (acd_agents{status="available"}))`, "{{state}}"}}},
				{shape: stacked, title: "Not ready, by reason", unit: count, about: "no-answer is given by the system after an offer that rang out, the others are chosen.",
					queries: []query{{"max by (reason) (acd_agents_not_ready)", "{{reason}}"}}},
				{shape: bars, title: "Free now, who may take", unit: count, about: "Idle agents to whom a call of the category could be offered, by law and rings. One agent stands in several bars.",
					queries: []query{{`max by (category, pool) (acd_agents_serving{are="idle"})`, "{{category}} ({{pool}})"}}, steps: falling(1, 2)},
				{shape: bars, title: "At work, who may take", unit: count, about: "Agents at work for the category, busy or not. 0: its callers reach nobody.",
					queries: []query{{`max by (category, pool) (acd_agents_serving{are="available"})`, "{{category}} ({{pool}})"}}, steps: falling(1, 3)},
				{shape: bars, title: "Languages at work", unit: count, about: "Women at work who take callers, by language.",
					queries: []query{{"max by (language) (acd_agents_speaking)", "{{language}}"}}, steps: falling(1, 2)},
				{shape: number, title: "Phones that do not answer", unit: count, wide: 6, about: "Agents who are logged in and whose softphone does not answer.",
					queries: []query{{"max(acd_agents_unreachable)", "unreachable"}}, steps: rising(1, 3)},
				{shape: number, title: "Logged in", unit: count, wide: 6, about: "Agents who are logged in, ready or not.",
					queries: []query{{`sum(max by (status, state) (acd_agents{status!="logged-out"}))`, "logged in"}}},
				{shape: number, title: "Our phones that ring", unit: count, wide: 6, about: "Calls that we make and that have not been answered.",
					queries: []query{{`sum(max by (stage) (acd_outbound_calls{stage!="talking"}))`, "ringing"}}},
				{shape: number, title: "Talking in calls that we made", unit: count, wide: 6, about: "Conversations of the outbound half.",
					queries: []query{{`max(acd_outbound_calls{stage="talking"})`, "talking"}}},
			}},
			{"What happens", []panel{
				{shape: stacked, title: "Calls that ended, a minute", unit: count, about: "By outcome, in the words of queue_log.",
					queries: []query{{"60 * sum by (outcome) (rate(acd_calls_total[$__rate_interval]))", "{{outcome}}"}}},
				{shape: stacked, title: "Offers, a minute", unit: count, about: "One try to give a call to one agent, by what came of it.",
					queries: []query{{"60 * sum by (outcome) (rate(acd_offers_total[$__rate_interval]))", "{{outcome}}"}}},
			}},
		},
	}
}
