package queue

// keys are the names of everything that a site has in Redis. They share one hash
// tag, so that Redis Cluster keeps a site on one shard. No other function builds
// a key.
type keys struct {
	era, calls, agents, owners, term, places, changes, post string
}

func keysOf(site string) keys {
	key := func(name string) string { return "{" + site + "}:" + name }
	return keys{
		era:     key("era"),
		calls:   key("calls"),
		agents:  key("agents"),
		owners:  key("owners"),
		term:    key("term"),
		places:  key("places"),
		changes: key("changes"),
		post:    key("post"),
	}
}
