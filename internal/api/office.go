package api

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"powerline/district"
	"powerline/internal/postgres"
)

// Health says whether the API can work.
type Health struct {
	Store bool `json:"store" doc:"the store answers"`
}

func health(r *request) (any, error) {
	if err := r.Store.Ping(r.Context()); err != nil {
		return jsonReply(http.StatusServiceUnavailable, "application/json", Health{Store: false}), nil
	}
	return Health{Store: true}, nil
}

func document(*request) (any, error) {
	return reply{status: http.StatusOK, kind: "application/json", body: openAPI}, nil
}

// StationList is the directory of police stations.
type StationList struct {
	Stations []StationView `json:"stations"`
}

// StationView is a police station.
type StationView struct {
	ID       string `json:"id" doc:"a word such as lko-hazratganj"`
	District string `json:"district"`
	Name     string `json:"name"`
	Closed   bool   `json:"closed,omitempty" doc:"it takes no cases any more"`
}

func listStations(r *request) (any, error) {
	p := r.params()
	in := p.text("district")
	if in != "" {
		name, err := district.Parse(in)
		if err != nil {
			p.fail("district", "is none of the 75 districts")
		}
		in = name
	}
	if p.err != nil {
		return nil, p.err
	}
	all, err := r.Store.Stations(r.Context(), in)
	if err != nil {
		return nil, err
	}
	out := StationList{Stations: []StationView{}}
	for _, s := range all {
		out.Stations = append(out.Stations, StationView{s.ID, s.District, s.Name, !s.Active})
	}
	return out, nil
}

// Imported counts what was stored.
type Imported struct {
	Stored int `json:"stored"`
}

func importStations(r *request, in StationList) (any, error) {
	var all []postgres.Station
	seen := map[string]bool{}
	for i, s := range in.Stations {
		at := func(name string) string { return fmt.Sprintf("stations[%d].%s", i, name) }
		name, err := district.Parse(s.District)
		switch {
		case !isWord(s.ID, 64):
			return nil, field(at("id"), "want a word such as lko-hazratganj")
		case seen[s.ID]:
			return nil, field(at("id"), "stands twice")
		case err != nil:
			return nil, field(at("district"), "is none of the 75 districts")
		case len(s.Name) > 120:
			return nil, field(at("name"), "want at most 120 bytes")
		}
		seen[s.ID] = true
		all = append(all, postgres.Station{ID: s.ID, District: name, Name: s.Name, Active: !s.Closed})
	}
	if err := r.Store.ImportStations(r.Context(), all, r.actor(), r.now); err != nil {
		return nil, err
	}
	return Imported{len(all)}, nil
}

// Deliveries counts what is to be told to the world.
type Deliveries struct {
	Waiting int `json:"waiting"`
	GivenUp int `json:"givenUp" doc:"it was not told, and nobody tries any more"`
}

func deliveries(r *request) (any, error) {
	waiting, givenUp, err := r.Store.Undelivered(r.Context())
	if err != nil {
		return nil, err
	}
	return Deliveries{waiting, givenUp}, nil
}

// Audit is rows of the audit.
type Audit struct {
	Deeds []DeedView `json:"deeds"`
}

// DeedView is who did what to what.
type DeedView struct {
	Seq     int64          `json:"seq"`
	At      time.Time      `json:"at"`
	By      string         `json:"by" doc:"an agent, the id of a token, or engine"`
	Action  string         `json:"action"`
	Subject string         `json:"subject"`
	Detail  map[string]any `json:"detail"`
	Hash    string         `json:"hash" doc:"over this row and the hash before it, in hexadecimal digits"`
}

func listAudit(r *request) (any, error) {
	p := r.params()
	after, limit := p.count("after", 1<<53), p.count("limit", 1000)
	if p.err != nil {
		return nil, p.err
	}
	if limit == 0 {
		limit = 100
	}
	all, err := r.Store.Deeds(r.Context(), after, int(limit))
	if err != nil {
		return nil, err
	}
	out := Audit{Deeds: []DeedView{}}
	for _, d := range all {
		v := DeedView{Seq: d.Seq, At: d.At.UTC(), By: d.By, Action: d.Action, Subject: d.Subject, Detail: map[string]any{}, Hash: hex.EncodeToString(d.Hash)}
		if err := json.Unmarshal([]byte(d.Detail), &v.Detail); err != nil {
			v.Detail = map[string]any{} // verifyAudit says that the row is broken
		}
		out.Deeds = append(out.Deeds, v)
	}
	return out, nil
}

// Verified is what a check of the chain found.
type Verified struct {
	Whole  bool   `json:"whole"`
	Rows   int64  `json:"rows,omitempty"`
	Head   string `json:"head,omitempty" doc:"the last hash, in hexadecimal digits"`
	Broken int64  `json:"broken,omitempty" doc:"the first row that is not what it was"`
	Why    string `json:"why,omitempty"`
}

func verifyAudit(r *request) (any, error) {
	rows, head, err := r.Store.VerifyAudit(r.Context())
	var broken *postgres.BrokenAudit
	switch {
	case errors.As(err, &broken):
		return Verified{Broken: broken.Seq, Why: strings.TrimSpace(broken.Why)}, nil
	case err != nil:
		return nil, err
	}
	return Verified{Whole: true, Rows: rows, Head: hex.EncodeToString(head)}, nil
}
