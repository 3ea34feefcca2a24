package acd

import (
	"context"
	"strconv"
	"strings"
	"time"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/config"
)

// A waiting call's needs stand on its channel, so that the queue can be built
// again from Asterisk alone. The stamp is one variable with fields in a fixed
// order; none of them says who she is.
//
//	queued|kind|line|category|language|silence|offers|fingerprint

const stampFields = 8

// stamp writes the call's needs onto its channel, beside the mailbox.
func (m *mailbox) stamp() {
	c := m.c
	go func() {
		ctx, cancel := context.WithTimeout(m.ctx, 30*time.Second)
		defer cancel()
		err := m.e.ari.SetVariables(ctx, c.ID, map[string]string{
			stampWaiting:                 encodeStamp(c),
			asteriskconfig.VariableQueue: fallbackQueue(c),
			asteriskconfig.VariableRank:  m.e.settings().fallbackRank(c),
		})
		if err != nil && m.ctx.Err() == nil && !asterisk.IsNotFound(err) {
			m.e.log.Info("call could not be stamped", "call", c.ID, "error", err)
		}
	}()
}

// fallbackQueue is where Asterisk lets her wait if no engine is left.
func fallbackQueue(c call.Call) string {
	if c.Pool == agent.MaleOfficers {
		return asteriskconfig.OfficersQueue
	}
	return asteriskconfig.QueueName(c.Crisis, c.Language)
}

// fallbackRank is her place in that queue: the greater goes first.
func (s *Settings) fallbackRank(c call.Call) string {
	k, _ := s.Config.Category(c.Category)
	return strconv.Itoa(k.Weight)
}

func encodeStamp(c call.Call) string {
	return strings.Join([]string{
		strconv.FormatInt(c.Queued.UnixMilli(), 10), string(c.Kind), c.Line, c.Category, c.Language,
		string(c.Silence), strconv.Itoa(c.Offers), c.Caller,
	}, "|")
}

// decodeStamp reads a stamp back into the call of that channel; no says that
// there is none, or that it is not one of ours.
func (e *Engine) decodeStamp(id, text string) (call.Call, bool) {
	f := strings.Split(text, "|")
	if len(f) != stampFields {
		return call.Call{}, false
	}
	queued, err := strconv.ParseInt(f[0], 10, 64)
	offers, err2 := strconv.Atoi(f[6])
	if err != nil || err2 != nil {
		return call.Call{}, false
	}
	rules := e.settings().Rules
	return call.Call{
		ID: id, Kind: call.Kind(f[1]), Line: f[2], Category: f[3], Language: f[4], Silence: call.Silence(f[5]), Caller: f[7],
		Offers: offers, Queued: time.UnixMilli(queued), Stage: call.Waiting, Epoch: 1,
		Pool: config.LineKind(f[1]).Pool(), Crisis: rules.Categories[f[3]].Crisis,
	}, true
}

// stampTime reads the dialplan's stamp in milliseconds since 1970.
func stampTime(ms string, otherwise time.Time) time.Time {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return otherwise
	}
	return time.UnixMilli(n)
}
