package grafana

// welfare is how the agents fare. It shows nobody alone.
func welfare() page {
	return page{
		name: "welfare", title: "Powerline: agents' welfare", refresh: "30s", from: "now-12h",
		about: "Load, rest and heavy calls of all agents together. There is no figure of a single agent, and no ranking.",
		rows: []row{
			{"Now", []panel{
				{shape: number, title: "Occupancy, last hour (ceiling 85 %)", unit: share, wide: 6, about: "(talk + wrap-up) / (talk + wrap-up + idle). Pauses and recovery count as neither.",
					queries: []query{{`powerline:occupancy:ratio{window="1h"}`, "occupancy"}}, steps: rising(.8, .85)},
				{shape: number, title: "In recovery", unit: count, wide: 6, about: "Rest after a heavy call, which nothing may break into.",
					queries: []query{{`sum(max by (status, state) (acd_agents{state="recovery"}))`, "recovery"}}},
				{shape: number, title: "Three heavy calls in two hours", unit: count, wide: 6, about: "Agents who have had their share: routing spares them, if there is anybody else (routing.heavy).",
					queries: []query{{`max(acd_agents_heavy{calls="3"})`, "laden"}}, steps: rising(1, 5)},
				{shape: number, title: "Due for a break", unit: count, wide: 6, about: "Available for over 90 minutes without a pause. Five minutes are their right.",
					queries: []query{{"max(acd_agents_break_due)", "due"}}, steps: rising(1, 10)},
			}},
			{"Load", []panel{
				{shape: lines, title: "Occupancy", unit: share, about: "(talk + wrap-up) / (talk + wrap-up + idle). 85 % is the ceiling. Time is counted when a state ends, so less than an hour would be uneven; `now` is read off the floor.",
					queries: []query{{"powerline:occupancy:ratio", "over {{window}}"}, {`sum(max by (status, state) (acd_agents{status="available",state=~"talking|wrap-up"}))
/
sum(max by (status, state) (acd_agents{status="available",state=~"talking|wrap-up|idle"}))`, "now"}}, steps: []step{{.85, bad}}},
				{shape: stacked, title: "What an hour is spent on", unit: share, about: "Share of the time of all who are logged in.",
					queries: []query{{`sum by (state) (increase(acd_agent_seconds_total{state!="logged-out"}[1h]))
/ on () group_left ()
sum(increase(acd_agent_seconds_total{state!="logged-out"}[1h]))`, "{{state}}"}}},
				{shape: lines, title: "AHT", unit: seconds, about: "Average handling time = (talk + wrap-up of callers' calls) / answered calls. Of all agents; there is no such figure of one.",
					queries: []query{{"powerline:aht:seconds", "over {{window}}"}}},
				{shape: stacked, title: "Work on callers' calls and on calls that we make", unit: share, about: "Share of talk and wrap-up in an hour.",
					queries: []query{{`sum by (work) (increase(acd_agent_seconds_total{state=~"talking|wrap-up"}[1h]))
/ on () group_left ()
sum(increase(acd_agent_seconds_total{state=~"talking|wrap-up"}[1h]))`, "{{work}}"}}},
			}},
			{"Heavy calls and rest", []panel{
				{shape: stacked, title: "Heavy calls, an hour", unit: count, about: "Answered calls of categories that count as heavy.",
					queries: []query{{"sum by (category) (increase(acd_heavy_calls_total[1h]))", "{{category}}"}}},
				{shape: stacked, title: "Agents, by heavy calls within two hours", unit: count, about: "Of those logged in. At most three are remembered.",
					queries: []query{{"max by (calls) (acd_agents_heavy)", "{{calls}} heavy calls"}}},
				{shape: lines, title: "Recovery for each heavy call", unit: seconds, about: "Seconds of recovery / heavy calls, over an hour. Only some heavy categories have a recovery.",
					queries: []query{{`sum(increase(acd_agent_seconds_total{state="recovery"}[1h])) / sum(increase(acd_heavy_calls_total[1h]))`, "recovery"}}},
				{shape: stacked, title: "Pauses, by reason", unit: count, about: "Who is not ready now.",
					queries: []query{{"max by (reason) (acd_agents_not_ready)", "{{reason}}"}}},
			}},
		},
	}
}
