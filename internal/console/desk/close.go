package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"powerline/agent"
	"powerline/internal/api"
	"powerline/internal/console"
	"powerline/internal/postgres"
)

// What a call can have been, besides a complaint: for women, and for officers.
var (
	callerDispositions = []string{
		"information", "other-agency", "emergency", "counselled", "silent", "prank", "abusive", "wrong-number", "male-caller", "other-state", "dropped",
	}
	ringBackDispositions = []string{"told-to-stop", "denies", "asks-back", "other-person", "abusive", "wrong-number", "dropped"}
)

// registered and followedUp are dispositions of calls from which a case got something.
const (
	registered = "case"
	followedUp = "follow-up"
)

// dispositions are what an agent may say of a call, by what she does in it.
func dispositions(w Work) []string {
	switch w {
	case Complaint:
		return callerDispositions
	case RingBack:
		return ringBackDispositions
	}
	return nil
}

// Closing is what a page sends when she is done with a call.
type Closing struct {
	What string `json:"what"`
	Form Form   `json:"form,omitempty"` // of a complaint
	// Case and Outcome are of a follow-up.
	Case    string `json:"case,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

// Closed is what it is told.
type Closed struct {
	Case   string `json:"case,omitempty"`
	Docket string `json:"docket,omitempty"` // tell it to her
	// Waits: PostgreSQL is away, and it is registered as soon as it answers.
	Waits bool `json:"waits,omitempty"`
}

// asking is a request in whose name the API can be asked: *console.Request is one.
type asking interface {
	Context() context.Context
	Ask(request *http.Request) *console.Answer
}

// close says what a call was. A complaint becomes a case first, once, however
// often it is sent; then it is written down what the call was, the draft is done
// with, and her after-call work ends if she is in it.
func (o *office) close(r asking, id agent.ID, callID string, in Closing) (Closed, error) {
	said := postgres.Said{Disposition: postgres.Disposition{Call: callID, Agent: id, At: time.Now().UTC(), What: in.What}}
	switch in.What {
	case registered:
		done, err := o.register(r, id, callID, in.Form)
		if errors.Is(err, errAway) {
			return o.registerLater(r.Context(), id, callID, in.Form)
		}
		if err != nil {
			return Closed{}, err
		}
		said.Case, said.Docket = done.Case, done.Docket
	case followedUp:
		if err := o.followUp(r, callID, in); err != nil {
			return Closed{}, err
		}
		said.Case = in.Case
	}
	if err := o.Book.Finish(r.Context(), said); err != nil {
		return Closed{}, err
	}
	o.endWrapUp(r.Context(), id, callID)
	return Closed{Case: said.Case, Docket: said.Docket}, nil
}

// mayBe reports whether a call can have been what she says.
func (o *office) mayBe(id agent.ID, woman bool, callID, what string) bool {
	w := RingBack
	if woman {
		w = Complaint
	}
	if a, known := o.Floor.Agent(id); known && a.Call == callID {
		w = work(a, o.callOf(a))
	}
	if (w == Complaint || w == CallBack) && (what == registered || what == followedUp) {
		return true
	}
	return slices.Contains(dispositions(w), what)
}

// endWrapUp ends her after-call work of this call, if that is what she is in.
func (o *office) endWrapUp(ctx context.Context, id agent.ID, callID string) {
	a, _ := o.Floor.Agent(id)
	if a.State != agent.WrapUp || a.Call != callID {
		return
	}
	if err := o.Floor.Order(ctx, Order{ID: "closed-" + callID, Wish: wrapUpDone, By: id, Call: callID}); err != nil {
		o.Log.Info("after-call work goes on although the call is closed", "agent", id, "error", err)
	}
}

// register makes a case of the form, unless this call has one of hers already.
func (o *office) register(r asking, id agent.ID, callID string, f Form) (Closed, error) {
	if err := f.check(); err != nil {
		return Closed{}, err
	}
	in, err := f.registration(callID)
	if err != nil {
		return Closed{}, err
	}
	caseID, docket, err := o.Books.ToldIn(r.Context(), callID, id)
	if err != nil {
		return Closed{}, errAway
	}
	if caseID != "" {
		return Closed{Case: caseID, Docket: docket}, nil
	}
	var out api.Registered
	if err := ask(r, "/cases", callID, in, &out); err != nil {
		var refused *api.Problem
		if errors.As(err, &refused) && refused.Field != "" {
			if page := f.fieldOf(refused.Field); page != "" {
				return Closed{}, &Missing{page, "wrong"}
			}
		}
		return Closed{}, err
	}
	return Closed{Case: out.Case, Docket: out.Docket}, nil
}

// followUp tells a case what she said when she rang us about it.
func (o *office) followUp(r asking, callID string, in Closing) error {
	if !caseForm.MatchString(in.Case) {
		return &Missing{"follow", "choose"}
	}
	var out api.Moved
	err := ask(r, "/cases/"+in.Case+"/calls", callID, map[string]any{"outcome": in.Outcome}, &out)
	var refused *api.Problem
	if errors.As(err, &refused) && refused.Type == "urn:powerline:problem:ignored" {
		return nil // it told nothing new: that she rang is written down all the same
	}
	return err
}

// errAway: what was asked for needs PostgreSQL, and it does not answer.
var errAway = errors.New("desk: the database does not answer")

// ask has the API do something in the name of who sent the request. The key
// follows from call and body: the same wish sent again is done once.
func ask(r asking, path, callID string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("desk: ask the API: %w", err)
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, api.Base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("desk: ask the API: %w", err)
	}
	digest := sha256.Sum256(append([]byte(callID+"\n"+path+"\n"), body...))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "desk-"+hex.EncodeToString(digest[:16]))
	return understood(r.Ask(request), out)
}

// understood decodes an answer of the API, or says what was against it: an
// *api.Problem, or errAway.
func understood(a *console.Answer, out any) error {
	switch {
	case a.Status >= http.StatusInternalServerError:
		return errAway
	case a.Status >= http.StatusBadRequest:
		var p api.Problem
		if err := json.NewDecoder(&a.Body).Decode(&p); err != nil {
			return fmt.Errorf("desk: the API answered %d", a.Status)
		}
		return &p
	}
	if err := json.NewDecoder(&a.Body).Decode(out); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("desk: read the API's answer: %w", err)
	}
	return nil
}
