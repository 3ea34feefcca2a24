package grafana

const (
	formulaLevel = "Service level = answered within T / (answered + abandoned after T). A wait runs from EnterQueue, the end of the greeting, to Connect. "
	formulaBurn  = "Burn rate = share that missed T / share that may miss it: 10 % for 15 s, 5 % for 20 s. 1 spends exactly what NENA allows. "
)

// serviceLevel is how long callers wait, against what the standards ask.
func serviceLevel() page {
	return page{
		name: "service-level", title: "Powerline: service level", refresh: "30s", from: "now-24h",
		about: "NENA-STA-020.1 asks that 90 % are answered within 15 s and 95 % within 20 s. Every panel states its formula (docs/glossary.md).",
		rows: []row{
			{"The last hour", []panel{
				{shape: number, title: "Within 15 s (NENA: 90 %)", unit: share, about: formulaLevel + "T = 15 s.",
					queries: []query{{`powerline:service_level:ratio{within="15",window="1h"}`, "15 s"}}, steps: falling(.7, .9)},
				{shape: number, title: "Within 20 s (NENA: 95 %)", unit: share, about: formulaLevel + "T = 20 s.",
					queries: []query{{`powerline:service_level:ratio{within="20",window="1h"}`, "20 s"}}, steps: falling(.8, .95)},
				{shape: number, title: "Burn rate, 15 s", unit: count, about: formulaBurn, queries: []query{{`powerline:service_level:burn_rate{within="15",window="1h"}`, "15 s"}}, steps: rising(1, 3)},
				{shape: number, title: "Burn rate, 20 s", unit: count, about: formulaBurn, queries: []query{{`powerline:service_level:burn_rate{within="20",window="1h"}`, "20 s"}}, steps: rising(1, 3)},
				{shape: number, title: "ASA", unit: seconds, about: "Average speed of answer = sum of waits of answered calls / answered calls.",
					queries: []query{{`powerline:asa:seconds{window="1h"}`, "ASA"}}, steps: rising(8, 15)},
				{shape: number, title: "Abandoned, short ones not counted", unit: share, about: "Abandoned / all calls that ended, without those whose wait was under 5 s.",
					queries: []query{{`powerline:abandonment:ratio{window="1h",short="excluded"}`, "abandoned"}}, steps: rising(.02, .05)},
			}},
			{"Against the standard", []panel{
				{shape: lines, title: "Answered within 15 s", unit: share, about: formulaLevel + "T = 15 s; NENA asks for 90 %.",
					queries: []query{{`powerline:service_level:ratio{within="15"}`, "over {{window}}"}}, steps: []step{{.9, good}}},
				{shape: lines, title: "Answered within 20 s", unit: share, about: formulaLevel + "T = 20 s; NENA asks for 95 %.",
					queries: []query{{`powerline:service_level:ratio{within="20"}`, "over {{window}}"}}, steps: []step{{.95, good}}},
				{shape: lines, title: "Burn rate", unit: count, about: formulaBurn + "Somebody is woken at 3 over an hour and five minutes.",
					queries: []query{{`powerline:service_level:burn_rate{window=~"5m|1h|6h"}`, "{{within}} s, over {{window}}"}}, steps: rising(1, 3)},
				{shape: lines, title: "Answered within 15 s over an hour, by category", unit: share, about: formulaLevel + "T = 15 s, for each category.",
					queries: []query{{`sum by (category) (increase(acd_answer_seconds_bucket{le=~"15(\\.0)?"}[1h]))
/
(
  sum by (category) (increase(acd_answer_seconds_count[1h]))
  + sum by (category) (increase(acd_abandoned_seconds_count[1h]))
  - sum by (category) (increase(acd_abandoned_seconds_bucket{le=~"15(\\.0)?"}[1h]))
  > 0
)`, "{{category}}"}}, steps: []step{{.9, good}}},
			}},
			{"Waits", []panel{
				{shape: lines, title: "Waits of answered calls", unit: seconds, about: "Estimated from the buckets of acd_answer_seconds, over 15 minutes.",
					queries: []query{
						{"histogram_quantile(0.5, sum by (le) (rate(acd_answer_seconds_bucket[15m])))", "half within"},
						{"histogram_quantile(0.9, sum by (le) (rate(acd_answer_seconds_bucket[15m])))", "nine of ten within"},
						{"histogram_quantile(0.99, sum by (le) (rate(acd_answer_seconds_bucket[15m])))", "99 of 100 within"},
					}, steps: rising(15, 20)},
				{shape: lines, title: "ASA and AHT", unit: seconds, about: "ASA = sum of waits of answered calls / answered calls. AHT = (talk + wrap-up of callers' calls) / answered calls.",
					queries: []query{{"powerline:asa:seconds", "ASA over {{window}}"}, {"powerline:aht:seconds", "AHT over {{window}}"}}},
				{shape: lines, title: "Abandonment", unit: share, about: "Abandoned / all calls that ended, with and without short abandons (a wait under 5 s).",
					queries: []query{{"powerline:abandonment:ratio", "short {{short}}, over {{window}}"}}},
				{shape: bars, title: "Abandoned in the last hour, by place", unit: count, wide: 6, about: "In the greeting, waiting, or while an agent's phone rang.",
					queries: []query{{`sum by (outcome) (increase(acd_calls_total{outcome=~"abandoned-.*"}[1h]))`, "{{outcome}}"}}},
				{shape: bars, title: "Calls in the last hour, by category", unit: count, wide: 6, about: "All calls that ended.",
					queries: []query{{"sum by (category) (increase(acd_calls_total[1h]))", "{{category}}"}}},
			}},
		},
	}
}
