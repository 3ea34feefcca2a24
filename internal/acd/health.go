package acd

// Health is what an engine knows of itself and its neighbours, out of memory.
type Health struct {
	Ready      bool // the facts were read, the store answers, it runs in time
	Store      bool // Redis answers
	Asterisk   bool // its events arrive, and its facts were taken in
	InFallback int  // callers in Asterisk's own queues when last looked
	// TrunksDown are those that are asked whether they are there, and are not.
	TrunksDown []string
}

// Health is that of this moment.
func (e *Engine) Health() Health {
	h := Health{
		Ready: e.healthy() && e.complete(), Store: e.storeAnswers(), Asterisk: e.synced.Load(),
		InFallback: int(e.leftWaiting.Load()),
	}
	seen := e.sight.Load()
	if seen == nil {
		return h
	}
	for _, t := range e.settings().Config.Asterisk.Trunks {
		if up, known := seen.online[t.Name]; known && !up && t.Contact != "" && t.QualifyEvery > 0 {
			h.TrunksDown = append(h.TrunksDown, t.Name)
		}
	}
	return h
}
