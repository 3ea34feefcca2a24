package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzBodies sends anything to every decoder: none panics, none repeats a
// canary, and what is taken can be written and taken again.
func FuzzBodies(f *testing.F) {
	full, err := json.Marshal(complaint())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(full), `{}`, `null`, `{"version":1,"do":"hold"}`, `{"outcome":"warned","said":{"contacts":[{"name":"` + herName + `"}]}}`, `{"` + herNumber + `":1}`, `{"terms":{"windows":["` + herName + `"]}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, err := range []error{
			taken[RegistrationIn](body), taken[CalledIn](body), taken[DecisionIn](body), taken[OutcomeIn](body), taken[TermsChange](body),
			taken[StationList](body), taken[SearchIn](body), taken[FoundIn](body), taken[TriageDecision](body), taken[ReasonIn](body), taken[Nothing](body),
		} {
			var p *Problem
			if err != nil && (!errors.As(err, &p) || p.Reason == "" || p.Status < 400) {
				t.Fatalf("%v is no problem", err)
			}
			for _, c := range all {
				if err != nil && strings.Contains(err.Error()+p.Field, c) {
					t.Fatalf("it repeats %q: %v", c, err)
				}
			}
		}
		in, err := decode[RegistrationIn](body)
		if err != nil {
			return
		}
		r := &request{server: &server{}, now: time.Unix(1e9, 0)}
		r.token.Access, r.token.Agent = agents, "a001"
		if reg, err := registration(r, in); err == nil && reg.Check() != nil {
			t.Fatal("taken, and cannot be right")
		}
	})
}

func taken[T any](body []byte) error {
	v, err := decode[T](body)
	if err != nil {
		return err
	}
	again, err := json.Marshal(v)
	if err != nil {
		return errors.New("it cannot be written")
	}
	_, err = decode[T](again)
	return err
}

// FuzzQueries sends anything as a query.
func FuzzQueries(f *testing.F) {
	for _, seed := range []string{"", "state=watch&open=true", "due=now&late=30m", "state=" + herName, "limit=-1", "due=2026-03-09T12:00:00%2B05:30", "%zz", "a;b"} {
		f.Add(seed)
	}
	h := newHelpline(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/cases", "/tasks", "/audit", "/stations"} {
			r := httptest.NewRequest("GET", Base+path, http.NoBody)
			r.URL = &url.URL{Path: Base + path, RawQuery: query}
			r.Header.Set("Authorization", "Bearer "+sudha)
			w := httptest.NewRecorder()
			h.api.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 422 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if w.Code == 422 && strings.Contains(w.Body.String(), herName) {
				t.Fatal("it repeats what was sent")
			}
		}
	})
}
