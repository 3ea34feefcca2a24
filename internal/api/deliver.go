package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

// Outbox is where deliveries come from.
type Outbox interface {
	TakeDeliveries(ctx context.Context, now time.Time, hold time.Duration, limit int) ([]postgres.Delivery, error)
	Delivered(ctx context.Context, id int64, at time.Time) error
	PutOff(ctx context.Context, id int64, until time.Time, reason string) error
	GiveUp(ctx context.Context, id int64, at time.Time, reason string) error
}

// Hook is a receiver of deliveries.
type Hook struct {
	// Name is a word for logs and metrics.
	Name string
	// URL is https, or http on loopback.
	URL string
	// Secret signs; at least 16 bytes.
	Secret []byte
	// Topics, Ears and Districts say what it receives; none means all. Topics are
	// words of cases.EffectName and "set-aside"; ears are those of alerts.
	Topics    []string
	Ears      []cases.Ear
	Districts []string
}

// DeliverOptions of the Deliverer. Zero durations mean the defaults.
type DeliverOptions struct {
	Outbox Outbox
	Source Source
	// Hooks are asked in order: the first that takes a delivery gets it.
	Hooks []Hook
	// Quiet topics are told to nobody: they end as delivered.
	Quiet []string
	Log   *slog.Logger
	// Clock is the ladder's time, by which deliveries are made and due; time.Now
	// unless set. Signatures carry the real time.
	Clock func() time.Time
	// Client posts; nil means one that is limited in time and follows no redirect.
	Client *http.Client
	// Every is the pause between looks into the outbox (2 s), Timeout the limit of
	// one POST (10 s, and 5 s more to make it up), First and Longest the pauses after a failure (30 s, 1 h),
	// GiveUpAfter how old a delivery gets (72 h).
	Every, Timeout, First, Longest, GiveUpAfter time.Duration
	// Observe is told how each try ended: delivered, put-off, given-up. May be nil.
	Observe func(topic, end string)
}

// Deliverer tells the world what the cases have decided to tell.
type Deliverer struct {
	o     DeliverOptions
	lanes []lane // one for each hook, so that a slow one delays no other
	work  sync.WaitGroup
}

type lane struct {
	Hook
	waiting chan postgres.Delivery
}

// waitingRoom is how many deliveries may wait for a hook in memory. Hold must
// outlast them all.
const waitingRoom = 4

// NewDeliverer checks the hooks.
func NewDeliverer(o DeliverOptions) (*Deliverer, error) {
	o.Every, o.Timeout = cmp.Or(o.Every, 2*time.Second), cmp.Or(o.Timeout, 10*time.Second)
	o.First, o.Longest, o.GiveUpAfter = cmp.Or(o.First, 30*time.Second), cmp.Or(o.Longest, time.Hour), cmp.Or(o.GiveUpAfter, 72*time.Hour)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: &http.Transport{
			Proxy: nil, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		}}
	}
	client := *o.Client
	// A dossier goes to the address that an operator wrote down, and nowhere else.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.Client = &client
	d := &Deliverer{o: o}
	for _, h := range o.Hooks {
		if err := h.check(); err != nil {
			return nil, fmt.Errorf("api: hook %s: %w", h.Name, err)
		}
		d.lanes = append(d.lanes, lane{h, make(chan postgres.Delivery, waitingRoom)})
	}
	return d, nil
}

// check says what is wrong with a hook. It does not repeat the address: a
// password may be in it.
func (h Hook) check() error {
	u, err := url.Parse(h.URL)
	switch {
	case !isWord(h.Name, 40):
		return errors.New("name: want a word")
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("url: want an address such as https://host/path, without user and fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return errors.New("url: want https; http is for loopback only")
	case len(h.Secret) < 16:
		return errors.New("secret: want at least 16 bytes")
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost"
}

// takes reports whether the hook receives this.
func (h Hook) takes(topic string, b body) bool {
	return (len(h.Topics) == 0 || slices.Contains(h.Topics, topic)) &&
		(len(h.Ears) == 0 || slices.Contains(h.Ears, b.To)) &&
		(len(h.Districts) == 0 || slices.Contains(h.Districts, b.District))
}

// body is what is read of a delivery.
type body struct {
	To       cases.Ear    `json:"to"`
	Office   cases.Office `json:"office"`
	District string       `json:"district"`
}

// Run delivers until ctx ends, and returns when the last try has ended.
func (d *Deliverer) Run(ctx context.Context) {
	for _, l := range d.lanes {
		d.work.Go(func() { d.serve(ctx, l) })
	}
	defer d.work.Wait()
	for tick := time.NewTicker(d.o.Every); ; {
		d.take(ctx)
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// take looks into the outbox and hands on what is due.
func (d *Deliverer) take(ctx context.Context) {
	hold := (waitingRoom+2)*(d.o.Timeout+5*time.Second) + time.Minute
	due, err := d.o.Outbox.TakeDeliveries(ctx, d.o.Clock().UTC(), hold, 16)
	if err != nil {
		if ctx.Err() == nil {
			d.o.Log.Warn("the outbox could not be read; it is tried again", "error", err)
		}
		return
	}
	for _, one := range due {
		d.handOn(ctx, one)
	}
}

func (d *Deliverer) handOn(ctx context.Context, one postgres.Delivery) {
	if slices.Contains(d.o.Quiet, one.Topic) {
		d.settle(ctx, "delivered", one, d.o.Outbox.Delivered(ctx, one.ID, d.o.Clock().UTC()))
		return
	}
	var b body
	if err := json.Unmarshal(one.Body, &b); err != nil {
		d.failed(ctx, one, "", "the delivery cannot be read", true)
		return
	}
	for _, l := range d.lanes {
		if !l.takes(one.Topic, b) {
			continue
		}
		select {
		case l.waiting <- one:
		default: // a slow receiver; the others go on
			until := d.o.Clock().UTC().Add(d.o.First)
			d.settle(ctx, "put-off", one, d.o.Outbox.PutOff(ctx, one.ID, until, "the receiver "+l.Name+" is slow"))
		}
		return
	}
	d.failed(ctx, one, "", "no receiver is configured for this topic", false)
}

// serve posts to one hook, one delivery after the other.
func (d *Deliverer) serve(ctx context.Context, l lane) {
	for {
		select {
		case <-ctx.Done():
			return // what waits here comes again when its hold is over
		case one := <-l.waiting:
			d.deliver(ctx, l.Hook, one)
		}
	}
}

func (d *Deliverer) deliver(ctx context.Context, h Hook, one postgres.Delivery) {
	reason, final := d.post(ctx, h, one)
	if reason == "" {
		// Told is told, also if we are ending now.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.o.Timeout)
		defer cancel()
		d.settle(ctx, "delivered", one, d.o.Outbox.Delivered(ctx, one.ID, d.o.Clock().UTC()))
		return
	}
	d.failed(ctx, one, h.Name, reason, final)
}

// Message is the body of a webhook.
type Message struct {
	ID    int64           `json:"id" doc:"the same however often it is sent: keep it, and do nothing the second time"`
	Topic string          `json:"topic"`
	Made  time.Time       `json:"made"`
	Case  string          `json:"case,omitempty"`
	Body  json.RawMessage `json:"body" doc:"what the case tells, without anything private"`
	// Dossier and Printable are of the topic dossier.
	Dossier   *Dossier   `json:"dossier,omitempty"`
	Printable *Printable `json:"printable,omitempty"`
}

// Printable is the dossier to be printed.
type Printable struct {
	Name    string `json:"name" doc:"a name for the file that says nothing"`
	Type    string `json:"type"`
	Content string `json:"content"`
}

// The headers of a webhook.
const (
	DeliveryHeader  = "Powerline-Delivery"
	TopicHeader     = "Powerline-Topic"
	SignatureHeader = "Powerline-Signature"
)

// post sends a delivery. The reason says why it was not taken, in words of
// ours; final means that to try again is of no use.
func (d *Deliverer) post(ctx context.Context, h Hook, one postgres.Delivery) (reason string, final bool) {
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout+5*time.Second)
	defer cancel()
	message, err := d.message(ctx, h, one)
	if err != nil {
		d.o.Log.Warn("a delivery could not be made up; it is tried again", "topic", one.Topic, "error", err)
		return "it could not be made up", false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(message))
	if err != nil {
		return "the address is not understood", false
	}
	id := strconv.FormatInt(one.ID, 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "powerline")
	req.Header.Set(DeliveryHeader, id)
	req.Header.Set("Idempotency-Key", "powerline-"+id)
	req.Header.Set(TopicHeader, one.Topic)
	req.Header.Set(SignatureHeader, Sign(h.Secret, time.Now(), message))
	res, err := d.o.Client.Do(req)
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return "no answer in time", false
		}
		return "no connection", false
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection can be used again
	if res.StatusCode/100 == 2 {
		return "", false
	}
	return fmt.Sprintf("answered %d", res.StatusCode), res.StatusCode == http.StatusGone
}

// message makes the body. A dossier is made now, not when it was decided: it
// holds what has happened since.
func (d *Deliverer) message(ctx context.Context, h Hook, one postgres.Delivery) ([]byte, error) {
	m := Message{ID: one.ID, Topic: one.Topic, Made: one.Made.UTC(), Case: one.Case, Body: one.Body}
	if one.Topic == cases.EffectName(cases.Dossier{}) {
		var b body
		if err := json.Unmarshal(one.Body, &b); err != nil {
			return nil, errors.New("the delivery cannot be read")
		}
		dossier, err := compile(ctx, d.o.Source, one.Case, b.Office, postgres.Reader{By: "hook-" + h.Name, Why: "dossier", At: d.o.Clock().UTC()})
		if err != nil {
			return nil, err
		}
		page, err := dossier.Print()
		if err != nil {
			return nil, err
		}
		m.Dossier, m.Printable = &dossier, &Printable{fmt.Sprintf("dossier-%d.html", one.ID), "text/html; charset=utf-8", string(page)}
	}
	return json.Marshal(m)
}

// Sign is the signature header: "t=" and the moment in seconds, ",v1=" and the
// HMAC-SHA-256 of moment, a dot and body, in hexadecimal digits. A receiver
// computes it again, compares in constant time, and refuses old moments.
func Sign(secret []byte, at time.Time, message []byte) string {
	moment := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(moment + "."))
	mac.Write(message)
	return "t=" + moment + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// failed puts a delivery off, or gives it up when it is too old.
func (d *Deliverer) failed(ctx context.Context, one postgres.Delivery, hook, reason string, final bool) {
	if ctx.Err() != nil {
		return // we are ending: it comes again when its hold is over
	}
	now := d.o.Clock().UTC()
	until := now.Add(d.pause(one.Tries))
	if final || until.After(one.Made.Add(d.o.GiveUpAfter)) {
		d.o.Log.Error("a delivery was given up: nobody was told; see /deliveries", "topic", one.Topic, "delivery", one.ID, "hook", hook, "tries", one.Tries, "reason", reason)
		d.settle(ctx, "given-up", one, d.o.Outbox.GiveUp(ctx, one.ID, now, reason))
		return
	}
	d.o.Log.Warn("a delivery failed and is tried again", "topic", one.Topic, "delivery", one.ID, "hook", hook, "tries", one.Tries, "until", until, "reason", reason)
	d.settle(ctx, "put-off", one, d.o.Outbox.PutOff(ctx, one.ID, until, reason))
}

// pause doubles with each try up to the longest, less up to half by chance, so
// that what failed together does not come again together.
func (d *Deliverer) pause(tries int) time.Duration {
	whole := d.o.First
	for range max(0, tries-1) {
		if whole *= 2; whole >= d.o.Longest {
			whole = d.o.Longest
			break
		}
	}
	return whole - rand.N(whole/2+1)
}

// settle counts how a try ended. If the outbox did not take the word, the
// delivery comes again, and its receiver knows it by its id.
func (d *Deliverer) settle(ctx context.Context, end string, one postgres.Delivery, err error) {
	if err != nil && ctx.Err() == nil {
		d.o.Log.Warn("the outbox did not take how a delivery ended; it comes again", "topic", one.Topic, "delivery", one.ID, "error", err)
	}
	d.o.Observe(one.Topic, end)
}
