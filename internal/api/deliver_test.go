package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

var secret = []byte("0123456789abcdef")

// outbox is one in memory, with the words of how deliveries ended.
type outbox struct {
	mu   sync.Mutex
	due  map[int64]time.Time
	what map[int64]*postgres.Delivery
	said []string
}

func newOutbox(all ...postgres.Delivery) *outbox {
	o := &outbox{due: map[int64]time.Time{}, what: map[int64]*postgres.Delivery{}}
	for _, d := range all {
		o.what[d.ID], o.due[d.ID] = &d, d.Made
	}
	return o
}

func (o *outbox) say(id int64, text string) {
	o.said = append(o.said, fmt.Sprintf("%d %s", id, text))
}

func (o *outbox) words() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.said, "; ")
}

func (o *outbox) TakeDeliveries(_ context.Context, now time.Time, hold time.Duration, limit int) (out []postgres.Delivery, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := int64(0); id < 100; id++ {
		if due, ok := o.due[id]; ok && !due.After(now) && len(out) < limit {
			o.due[id] = now.Add(hold)
			o.what[id].Tries++
			out = append(out, *o.what[id])
		}
	}
	return out, nil
}

func (o *outbox) Delivered(_ context.Context, id int64, _ time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.due, id)
	o.say(id, "delivered")
	return nil
}

func (o *outbox) PutOff(_ context.Context, id int64, until time.Time, reason string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.due[id] = until
	o.say(id, "put off: "+reason)
	return nil
}

func (o *outbox) GiveUp(_ context.Context, id int64, _ time.Time, reason string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.due, id)
	o.say(id, "given up: "+reason)
	return nil
}

// round is a transport without a network.
type round func(*http.Request) (*http.Response, error)

func (r round) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

func answered(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("thanks")), Header: http.Header{}}
}

func alarm(id int64, made time.Time) postgres.Delivery {
	return postgres.Delivery{ID: id, Topic: "alert", Body: json.RawMessage(`{"to":"supervisors","why":"danger","district":"Lucknow"}`), Made: made}
}

// run runs a deliverer in a bubble for a time.
func run(t *testing.T, o DeliverOptions, log *lockedBuffer, lasts time.Duration) {
	t.Helper()
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	d, err := NewDeliverer(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	d.Run(ctx)
}

func TestGivenAReceiver_WhenSomethingIsToBeTold_ThenItIsSignedAndToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, posts := newOutbox(alarm(7, time.Now())), 0
		client := &http.Client{Transport: round(func(r *http.Request) (*http.Response, error) {
			posts++
			body, _ := io.ReadAll(r.Body)
			var m Message
			if err := json.Unmarshal(body, &m); err != nil || m.ID != 7 || m.Topic != "alert" || m.Dossier != nil {
				t.Errorf("%v: %s", err, body)
			}
			if r.Header.Get(SignatureHeader) != Sign(secret, time.Now(), body) || r.Header.Get(DeliveryHeader) != "7" || r.Header.Get("Idempotency-Key") != "powerline-7" {
				t.Errorf("%v", r.Header)
			}
			return answered(204), nil
		})}
		run(t, DeliverOptions{Outbox: box, Hooks: []Hook{{Name: "room", URL: "https://room.example/in", Secret: secret}}, Client: client}, &lockedBuffer{}, time.Hour)
		if posts != 1 || box.words() != "7 delivered" {
			t.Errorf("%d posts: %s", posts, box.words())
		}
	})
}

// TestTheSignatureIsWhatTheDocumentSays computes it with other tools' digits.
func TestTheSignatureIsWhatTheDocumentSays(t *testing.T) {
	// printf '1767225600.{"id":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
	have := Sign(secret, time.Unix(1767225600, 0), []byte(`{"id":1}`))
	if want := "t=1767225600,v1=96bc78ebf60f981dd9cb5ee972dbe168dc7bab4cd951d9a644ec33f9a6ad4510"; have != want {
		t.Errorf("%s, want %s", have, want)
	}
}

func TestGivenAReceiverThatFails_WhenTriedAgain_ThenThePausesGrowUntilItIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, log, began := newOutbox(alarm(1, time.Now())), &lockedBuffer{}, time.Now()
		var at []time.Duration
		ends := map[string]int{}
		client := &http.Client{Transport: round(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "room.example" {
				t.Error("a redirect was followed")
			}
			at = append(at, time.Since(began))
			switch len(at) % 3 {
			case 0:
				return answered(500), nil
			case 1:
				res := answered(307)
				res.Header.Set("Location", "https://elsewhere.example/in")
				return res, nil
			}
			return nil, errors.New("dial tcp: " + hisNumber)
		})}
		run(t, DeliverOptions{
			Outbox: box, Hooks: []Hook{{Name: "room", URL: "https://room.example/in", Secret: secret}}, Client: client, First: time.Minute, Longest: time.Hour, GiveUpAfter: 12 * time.Hour,
			Observe: func(topic, end string) { ends[topic+" "+end]++ },
		}, log, 24*time.Hour)
		pause := time.Minute
		for i := 1; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < pause/2 || gap > pause+5*time.Second {
				t.Errorf("pause %d is %v, want %v to %v", i, gap, pause/2, pause)
			}
			pause = min(2*pause, time.Hour)
		}
		if len(at) < 12 || at[len(at)-1] > 12*time.Hour || !strings.Contains(box.words(), "1 given up: ") || !strings.Contains(log.String(), "was given up") {
			t.Errorf("%d tries, the last at %v: %s", len(at), at[len(at)-1], box.words())
		}
		if ends["alert given-up"] != 1 || ends["alert put-off"] != len(at)-1 {
			t.Errorf("%v", ends)
		}
		if strings.Contains(log.String()+box.words(), hisNumber) {
			t.Error("what the network said is repeated")
		}
	})
}

func TestGivenAReceiverThatHangs_WhenOthersAreToBeTold_ThenTheyAreToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var all []postgres.Delivery
		for id := int64(1); id <= 12; id++ {
			d := alarm(id, began)
			d.Topic = "remind"
			all = append(all, d)
		}
		box := newOutbox(append(all, alarm(50, began))...)
		told := time.Duration(-1)
		client := &http.Client{Transport: round(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "slow.example" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			told = time.Since(began)
			return answered(200), nil
		})}
		run(t, DeliverOptions{Outbox: box, Client: client, Hooks: []Hook{
			{Name: "slow", URL: "https://slow.example/", Secret: secret, Topics: []string{"remind"}},
			{Name: "room", URL: "https://room.example/", Secret: secret},
		}}, &lockedBuffer{}, time.Minute)
		if told != 0 {
			t.Errorf("told after %v", told)
		}
		if !strings.Contains(box.words(), "is slow") || !strings.Contains(box.words(), "no answer in time") {
			t.Errorf("%s", box.words())
		}
	})
}

func TestGivenSeveralReceivers_WhenSomethingIsTold_ThenTheFirstThatTakesItGetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quiet, lost := alarm(2, time.Now()), alarm(3, time.Now())
		quiet.Topic, lost.Topic = "raised", "link"
		broken := alarm(4, time.Now())
		broken.Body = json.RawMessage(`[`)
		gone := alarm(5, time.Now())
		gone.Topic = "remind"
		box := newOutbox(alarm(1, time.Now()), quiet, lost, broken, gone)
		var mu sync.Mutex // each receiver has a goroutine of its own
		var got []string
		client := &http.Client{Transport: round(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, r.URL.Host+r.Header.Get(DeliveryHeader))
			if r.URL.Host == "gone.example" {
				return answered(410), nil
			}
			return answered(200), nil
		})}
		hook := func(name string, topics, districts []string, ears ...cases.Ear) Hook {
			return Hook{Name: name, URL: "https://" + name + ".example", Secret: secret, Topics: topics, Districts: districts, Ears: ears}
		}
		run(t, DeliverOptions{Outbox: box, Client: client, Quiet: []string{"raised"}, GiveUpAfter: time.Minute, Hooks: []Hook{
			hook("agra", nil, []string{"Agra"}), hook("police", nil, nil, cases.Emergency112), hook("gone", []string{"remind"}, nil), hook("room", []string{"alert"}, nil, cases.Supervisors),
		}}, &lockedBuffer{}, 10*time.Minute)
		words := box.words()
		for _, want := range []string{"1 delivered", "2 delivered", "3 given up: no receiver", "4 given up: the delivery cannot be read", "5 given up: answered 410"} {
			if !strings.Contains(words, want) {
				t.Errorf("not %q: %s", want, words)
			}
		}
		for _, g := range got {
			if g != "room.example1" && g != "gone.example5" {
				t.Errorf("%v", got)
			}
		}
	})
}

func TestGivenAHookThatIsBad_WhenConfigured_ThenItIsRefusedWithoutItsAddress(t *testing.T) {
	for name, h := range map[string]Hook{
		"http":     {Name: "x", URL: "http://police.example/in", Secret: secret},
		"password": {Name: "x", URL: "https://user:pw-canary@police.example/in", Secret: secret},
		"no host":  {Name: "x", URL: "https:///in", Secret: secret},
		"no url":   {Name: "x", URL: "::", Secret: secret},
		"file":     {Name: "x", URL: "file:///etc/passwd", Secret: secret},
		"secret":   {Name: "x", URL: "https://police.example", Secret: []byte("short")},
		"name":     {Name: "X y", URL: "https://police.example", Secret: secret},
	} {
		if _, err := NewDeliverer(DeliverOptions{Hooks: []Hook{h}}); err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "police.example") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, u := range []string{"http://127.0.0.1:8080/in", "http://[::1]/in", "http://localhost:1/", "https://police.example/in"} {
		if _, err := NewDeliverer(DeliverOptions{Hooks: []Hook{{Name: "x", URL: u, Secret: secret}}}); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
}

func TestGivenADossier_WhenDelivered_ThenItTellsEachStageAndItsNameNothing(t *testing.T) {
	h := newHelpline(t)
	id := h.warned()
	h.store.stations = []postgres.Station{{ID: "lko-hazratganj", District: "Lucknow", Name: "Hazratganj <b>"}}
	h.store.cases[id].file.Station = "lko-hazratganj"
	messages := make(chan []byte, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.clean(fmt.Sprint(r.Header, r.URL), append(all, id))
		messages <- body
	}))
	defer receiver.Close()
	box := newOutbox(postgres.Delivery{ID: 9, Topic: "dossier", Case: id, Body: json.RawMessage(`{"office":"circle","level":2,"district":"Lucknow"}`), Made: time.Now()})
	d, err := NewDeliverer(DeliverOptions{Outbox: box, Source: h.store, Hooks: []Hook{{Name: "police", URL: receiver.URL, Secret: secret}}, Log: logOf(h)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { d.Run(ctx); close(done) }()
	body := <-messages
	cancel()
	<-done
	var value any
	var m Message
	if err := errors.Join(json.Unmarshal(body, &value), json.Unmarshal(body, &m)); err != nil {
		t.Fatal(err)
	}
	if err := conforms(h.doc, object{"$ref": "#/components/schemas/Message"}, value, "message"); err != nil {
		t.Error(err)
	}
	if m.Printable.Name != "dossier-9.html" || m.Dossier.Office != cases.Circle || m.Dossier.StationName != "Hazratganj <b>" || m.Dossier.Persons[0].Name != herName {
		t.Errorf("%s", body)
	}
	if strings.Contains(string(body), herWord) || strings.Contains(string(body), herDuress) {
		t.Error("her code words are for the helpline alone")
	}
	if !h.store.did("hook-police", "parties-opened-dossier") {
		t.Error("the audit does not know")
	}
}
