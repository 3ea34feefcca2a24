package grafana

// recordings is conversations as evidence: what is recorded, sealed, kept, proved.
func recordings() page {
	alarm := func(title, about, name string) panel {
		return panel{shape: number, title: title, unit: count, wide: 3, about: about,
			queries: []query{{`max(recordings_alarm{alarm="` + name + `"})`, name}}, steps: some}
	}
	return page{
		name: "recordings", title: "Powerline: recordings and evidence", refresh: "30s", from: "now-12h",
		about: "Whether every conversation is recorded, sealed and provable. Empty where recordings are off. A recording never holds up a call: what is lost here is evidence.",
		rows: []row{
			{"Alarms: 1 while something is wrong; docs/operations.md, section Recordings, says what to do", []panel{
				alarm("Not recorded", "Within ten minutes something of a conversation was not recorded.", "incomplete"),
				alarm("Not sealed", "A closed recording lies in memory for longer than recordings.sealWithin.", "unsealed"),
				alarm("Spool", "The spool is full, four fifths full, or not in memory.", "spool"),
				alarm("Store", "The store is nearly full, read-only, or failing.", "store"),
				alarm("Database", "Recordings are sealed and wait to be entered into the chain.", "database"),
				alarm("Chain", "The last verification found a row or a recording that is not what it was.", "chain"),
				alarm("Verification", "Nobody has verified for 36 hours.", "unverified"),
				alarm("Anchor", "The chain's signed head could not be written.", "anchor"),
			}},
			{"Recorded and sealed", []panel{
				{shape: lines, title: "Begun and sealed, a minute", unit: count, about: "Conversations that Asterisk was told to record, and recordings that were sealed. Over an hour the two are the same.",
					queries: []query{
						{"60 * sum(rate(acd_recordings_begun_total[$__rate_interval]))", "begun"},
						{"60 * sum(rate(recordings_sealed_total[$__rate_interval]))", "sealed"},
					}},
				{shape: lines, title: "Sealed after their end", unit: seconds, about: "From the last word written to sealed: the median and the slowest of a hundred.",
					queries: []query{
						{"histogram_quantile(0.5, sum by (le) (rate(recordings_sealed_after_seconds_bucket[5m])))", "median"},
						{"histogram_quantile(0.99, sum by (le) (rate(recordings_sealed_after_seconds_bucket[5m])))", "99 %"},
					}},
				{shape: stacked, title: "Gaps in an hour, by why", unit: count, about: "What of conversations is not recorded and nobody paused; docs/operations.md has the words. Target: 0.",
					queries: []query{
						{"sum by (why) (increase(acd_recording_gaps_total[1h]))", "engine: {{why}}"},
						{"sum by (why) (increase(recordings_gaps_total[1h]))", "sealer: {{why}}"},
					}, steps: some},
				{shape: stacked, title: "Steps that failed in an hour", unit: count, about: "Steps of the sealer that failed and are tried again.",
					queries: []query{{"sum by (step) (increase(recordings_seal_failures_total[1h]))", "{{step}}"}}, steps: some},
			}},
			{"Spool, store and chain", []panel{
				{shape: lines, title: "Spool", unit: octets, about: "Plain recordings in memory, until they are sealed.",
					queries: []query{{"max(recordings_spool_used_bytes)", "used"}, {"max(recordings_spool_free_bytes)", "free"}}},
				{shape: lines, title: "Wait to be sealed, wait for the chain", unit: count, about: "Closed recordings in the spool; sealed ones that the chain does not have, for PostgreSQL is away.",
					queries: []query{{"max(recordings_unsealed)", "in the spool"}, {"max(recordings_pending)", "for the chain"}, {"max(recordings_spool_strange_files)", "files that are none"}}},
				{shape: number, title: "Oldest in the spool", unit: seconds, wide: 6, about: "How long the oldest closed recording waits.",
					queries: []query{{"max(recordings_unsealed_seconds)", "oldest"}}, steps: rising(30, 60)},
				{shape: number, title: "Store has left", unit: octets, wide: 6, about: "Free space in the store; recordings.storeFree is the limit.",
					queries: []query{{"min(recordings_store_free_bytes)", "free"}}},
				{shape: number, title: "Rows of the chain", unit: count, wide: 6, about: "Sealed, incomplete, removed, shredded: each is a row.",
					queries: []query{{"max(recordings_chain_rows)", "rows"}}},
				{shape: number, title: "Bad in the last verification", unit: count, wide: 6, about: "Recordings that are not what was sealed. Target: 0.",
					queries: []query{{"max(recordings_verified_bad)", "bad"}}, steps: some},
				{shape: number, title: "Since the last verification", unit: seconds, wide: 6, about: "Every night, by a timer on the host with an identity.",
					queries: []query{{"time() - max(recordings_verified_timestamp_seconds)", "since"}}, steps: rising(93600, 129600)},
				{shape: number, title: "Since the last anchor", unit: seconds, wide: 6, about: "When the chain's head was last signed and written elsewhere.",
					queries: []query{{"time() - max(recordings_anchored_timestamp_seconds)", "since"}}},
			}},
		},
	}
}
