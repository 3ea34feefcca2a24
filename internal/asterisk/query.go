package asterisk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/CyCoreSystems/ari/v5"
)

// Ping asks Asterisk whether its REST interface works.
func (c *Client) Ping(ctx context.Context) error {
	return c.query(ctx, request{op: "ping", path: []string{"asterisk", "ping"}})
}

// Variables reads variables and functions of a channel; those that are not set
// are missing from the answer. It never waits for a prompt.
func (c *Client) Variables(ctx context.Context, channel string, names ...string) (Variables, error) {
	wanted := make(map[string]string, len(names))
	var expressions []string
	for _, name := range names {
		if !variableName.MatchString(name) {
			return nil, &Error{Op: "variables", Err: errBadVariable, unsent: true}
		}
		// Asked by its bare name, one variable that is not set turns the whole
		// answer into a 404. Evaluated like this it is merely empty.
		expression := "EVAL(${" + name + "})"
		wanted[expression] = name
		expressions = append(expressions, expression)
	}
	var answer struct {
		Variables map[string]string `json:"variables"`
	}
	err := c.query(ctx, request{
		op: "variables", path: []string{"channels", channel, "variables"},
		query: url.Values{"variables": expressions}, into: &answer,
	})
	if err != nil {
		return nil, err
	}
	values := Variables{}
	for expression, value := range answer.Variables {
		if name := wanted[expression]; name != "" && value != "" {
			values[name] = Private(value)
		}
	}
	return values, nil
}

// variableName keeps anything that Asterisk would evaluate out of names.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\([A-Za-z0-9_,:;.+ -]*\))?$`)

var errBadVariable = fmt.Errorf("not a variable's name: want letters, digits and _, or FUNCTION(arguments)")

// Snapshot reads what Asterisk holds now.
func (c *Client) Snapshot(ctx context.Context) (Snapshot, error) {
	s := Snapshot{Taken: time.Now()}
	var info struct {
		System struct {
			Version string `json:"version"`
		} `json:"system"`
		Status struct {
			Started ari.DateTime `json:"startup_time"`
		} `json:"status"`
	}
	var channels []rawChannel
	var apps []struct {
		Name     string   `json:"name"`
		Channels []string `json:"channel_ids"`
	}
	var bridges []ari.BridgeData
	var endpoints []ari.EndpointData
	for _, q := range []request{
		{op: "info", path: []string{"asterisk", "info"}, into: &info},
		{op: "list channels", path: []string{"channels"}, into: &channels},
		{op: "list apps", path: []string{"applications"}, into: &apps},
		{op: "list bridges", path: []string{"bridges"}, into: &bridges},
		{op: "list endpoints", path: []string{"endpoints", "PJSIP"}, into: &endpoints},
	} {
		if err := c.query(ctx, q); err != nil {
			return Snapshot{}, fmt.Errorf("take a snapshot: %w", err)
		}
	}
	s.Version, s.Started = info.System.Version, time.Time(info.Status.Started)
	// The channel's own record does not say who has it: a claimed call shows
	// the broadcast's arguments and a moved one those of its first app.
	owner := map[string]string{}
	for _, app := range apps {
		for _, id := range app.Channels {
			owner[id] = app.Name
		}
	}
	for _, raw := range channels {
		ch := raw.channel()
		ch.App = owner[ch.ID]
		s.Channels = append(s.Channels, ch)
	}
	for _, b := range bridges {
		s.Bridges = append(s.Bridges, bridge(b))
	}
	for _, e := range endpoints {
		s.Endpoints = append(s.Endpoints, endpoint(e))
	}
	return s, c.readVariables(ctx, &s)
}

// readVariables adds the variables of Options to each channel, a few channels
// at a time. A channel that has gone meanwhile leaves the snapshot.
func (c *Client) readVariables(ctx context.Context, s *Snapshot) error {
	if len(c.opt.Variables) == 0 {
		return nil
	}
	errs := make([]error, len(s.Channels))
	var reading sync.WaitGroup
	places := make(chan struct{}, 8)
	for i := range s.Channels {
		places <- struct{}{}
		reading.Go(func() {
			s.Channels[i].Variables, errs[i] = c.Variables(ctx, s.Channels[i].ID, c.opt.Variables...)
			<-places
		})
	}
	reading.Wait()
	left := s.Channels[:0]
	for i, ch := range s.Channels {
		switch {
		case errs[i] == nil:
			left = append(left, ch)
		case !IsNotFound(errs[i]):
			return fmt.Errorf("take a snapshot: %w", errs[i])
		}
	}
	s.Channels = left
	return nil
}

// query reads: a GET within its own limit.
func (c *Client) query(ctx context.Context, q request) error {
	if c.replaced.Load() {
		return ErrReplaced
	}
	q.method = http.MethodGet
	q.limit = c.opt.QueryTimeout
	return c.rest.do(ctx, q)
}

// HasObject reports whether Asterisk's SIP side has an object, from pjsip.conf or
// by SetObject.
func (c *Client) HasObject(ctx context.Context, kind, id string) (bool, error) {
	err := c.query(ctx, request{op: "find " + kind, path: []string{"asterisk", "config", "dynamic", "res_pjsip", kind, id}})
	if IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// Version is Asterisk's own word for what it is: "22.10.1~dfsg+~cs6.16.60671435-1".
func (c *Client) Version(ctx context.Context) (string, error) {
	var answer struct {
		System struct {
			Version string `json:"version"`
		} `json:"system"`
	}
	err := c.query(ctx, request{op: "version", path: []string{"asterisk", "info"}, query: url.Values{"only": {"system"}}, into: &answer})
	return answer.System.Version, err
}
